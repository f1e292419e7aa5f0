"""One database per file: pure readers of its replies, and a class that asks it."""
