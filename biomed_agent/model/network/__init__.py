"""BioMedGPT the Hugging Face way: configuration, featurizers, processor, network."""
