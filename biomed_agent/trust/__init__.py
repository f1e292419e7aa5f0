"""Whether what was said holds: exact checks of statements against structures and records."""
