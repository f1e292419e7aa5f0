"""What the words of a question ask for, and what they name."""
