"""What a client and a model agree on: messages, options, answers, the choice among samples. Loads no torch."""
