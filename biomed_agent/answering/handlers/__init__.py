"""What the path finds in records: of molecules, of proteins, in papers, and of many names at once.

Each takes an :class:`~biomed_agent.answering.pipeline.Answering`, resolves what is named by its policy and closes its
draft.
"""
