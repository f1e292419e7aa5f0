"""Who speaks for the model: a host over HTTP, the engine in this process, or nobody.

The agent sends messages (:mod:`biomed_agent.prompt`) and gets text; which of the three answers is
decided once, in :func:`connect`.
"""
