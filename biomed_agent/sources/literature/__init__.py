"""Articles: PubMed, Europe PMC, a local shelf, and the sentences of them that fit a question."""
