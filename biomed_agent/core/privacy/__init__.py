"""What may leave this machine, by which way, and under which name; what must never be shown."""
