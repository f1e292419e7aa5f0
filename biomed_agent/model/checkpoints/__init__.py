"""Folders that hold a model: reading, writing, manifests, adapters, weights of other projects."""
