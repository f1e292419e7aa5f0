"""One question from its words to its answer."""
