"""Questions with answers and papers, read, built, split and counted."""
