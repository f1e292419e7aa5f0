"""Scores of a model beside controls, baselines and published numbers; only :mod:`.answers` needs torch."""
