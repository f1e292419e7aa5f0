"""What a structure says of itself, by RDKit: descriptors, parts, forms, rules of drug-likeness, words for parts."""
