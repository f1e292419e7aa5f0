"""The nouns and tools that every other folder needs; imports none of them."""
