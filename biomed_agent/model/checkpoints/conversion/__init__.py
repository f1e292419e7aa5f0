"""Importing weights that others wrote.

:mod:`.layouts` knows what their files call our parameters, :mod:`.files` opens the files, :mod:`.origin` reads sizes
and tokenizers, :mod:`.match` compares key by key, and :mod:`.convert` writes the checkpoint folder.
"""
