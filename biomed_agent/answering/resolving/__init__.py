"""Which molecule or protein a name, an identifier or a structure names."""
