"""Builds question-answer pairs from UniProt and PubChem, live or from their dumps.

:mod:`.writer` keeps what was found so far, so that a build that was stopped goes on; :mod:`.uniprotqa` and
:mod:`.pubchemqa` read their databases page by page; which sentence answers which question is for
:mod:`biomed_agent.model.data.pairs` to say.
"""
