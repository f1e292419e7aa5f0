"""The model answering on this machine: where it is placed, how it decodes."""
