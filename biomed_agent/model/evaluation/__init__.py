"""Scores of a model beside controls, baselines and published numbers; only :mod:`.models_under_test` needs torch."""
