"""Training: data, vocabulary, the Trainer run, and the scores of the model card."""
