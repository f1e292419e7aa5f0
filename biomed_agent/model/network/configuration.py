"""Configuration of BioMedGPT: a molecule encoder, a protein encoder and a language model."""

from typing import Any

from huggingface_hub.dataclasses import strict
from transformers import AutoConfig, PreTrainedConfig
from transformers.configuration_utils import SubConfigSpec

ESM2 = {
    "vocab_size": 33,
    "pad_token_id": 1,
    "mask_token_id": 32,
    "position_embedding_type": "rotary",
    "token_dropout": True,
    "emb_layer_norm_before": False,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "layer_norm_eps": 1e-5,
}
"""What every ESM-2 has in common, whatever its size (``config.json`` of facebook/esm2_t36_3B_UR50D)."""
ESM_TOKENS = ("<cls>", "<pad>", "<eos>", "<unk>", *"LAGVSERTIDPKQNFYMHWCXBUZO.-", "<null_1>", "<mask>")
"""The alphabet of ESM-2 in id order (Lin et al., 2023)."""
MODALITIES = ("molecule", "protein")
"""What a model may read besides text, each through an encoder and a projection of its own."""


@strict
class GinConfig(PreTrainedConfig):
    """Sizes of the graph isomorphism network that reads molecules.

    The defaults are those of the GIN pretrained by Hu et al. (arXiv 1905.12265), as BioMedGPT-10B uses it.

    Args:
        num_atom_types: Rows of the atom table: atomic number - 1, 118 for the dummy atom, one spare.
        num_chirality: Rows of the chirality table; the fourth tag RDKit knows, OTHER, has no row.
        num_bond_types: Rows of the bond table: single, double, triple, aromatic, self loop, one spare.
        num_bond_directions: Rows of the bond direction table: none, up, down.
        hidden_size: Width of a node vector.
        num_hidden_layers: Number of message passing layers.
        initializer_range: Standard deviation of freshly drawn weights.
    """

    model_type = "biomed_gin"

    num_atom_types: int = 120
    num_chirality: int = 3
    num_bond_types: int = 6
    num_bond_directions: int = 3
    hidden_size: int = 300
    num_hidden_layers: int = 5
    initializer_range: float = 0.02


@strict
class BioMedGPTConfig(PreTrainedConfig):
    """Configuration of :class:`~biomed_agent.model.BioMedGPTForConditionalGeneration`.

    Args:
        molecule_config: The graph encoder.
        protein_config: The protein encoder, an ESM-2; a dict may state its sizes only.
        text_config: The language model: any causal language model of transformers, Llama when not stated.
        modalities: Which of :data:`MODALITIES` the model reads; one that is left out has no encoder, no projection and
            no configuration. A language model alone has none.
        molecule_token_id: The id that stands for one atom in ``input_ids``.
        protein_token_id: The id that stands for one protein token in ``input_ids``.
        tie_word_embeddings: Whether the language model's two vocabulary matrices are one; taken from ``text_config``.

    The two placeholder ids lie outside the vocabulary (its size, and one more), so that taking over a language
    model resizes nothing and no typed text can ever be mistaken for a structure.
    """

    model_type = "biomedgpt"
    sub_configs_defaults = {
        "molecule_config": SubConfigSpec(config_class=GinConfig, optional=True),
        "protein_config": SubConfigSpec(config_class=AutoConfig, model_type="esm", optional=True),
        "text_config": SubConfigSpec(config_class=AutoConfig, model_type="llama"),
    }

    # Each may be given as a configuration or a dict; after construction it is a configuration, or None for a modality
    # that the model does not read.
    molecule_config: Any = None
    protein_config: Any = None
    text_config: Any = None
    molecule_token_id: Any = None
    protein_token_id: Any = None
    modalities: Any = MODALITIES
    tie_word_embeddings: bool = False

    def __post_init__(self, **kwargs: Any) -> None:
        self.modalities = known_modalities(self.modalities)
        if self.protein_config is None or isinstance(self.protein_config, dict):
            self.protein_config = {**ESM2, **(self.protein_config or {})}
        self.molecule_config = self.molecule_config or {}
        for modality in set(MODALITIES).difference(self.modalities):
            setattr(self, f"{modality}_config", None)
        super().__post_init__(**kwargs)
        vocab_size = self.text_config.vocab_size
        self.molecule_token_id = vocab_size if self.molecule_token_id is None else self.molecule_token_id
        self.protein_token_id = vocab_size + 1 if self.protein_token_id is None else self.protein_token_id
        if min(self.molecule_token_id, self.protein_token_id) < vocab_size:
            raise ValueError(
                f"placeholder ids {self.molecule_token_id} and {self.protein_token_id} are words of a vocabulary of "
                f"{vocab_size}; expected ids from {vocab_size} on, so leave them out to get those"
            )
        self.tie_word_embeddings = bool(getattr(self.text_config, "tie_word_embeddings", False))


def known_modalities(modalities: Any) -> tuple[str, ...]:
    """Return modalities in the order of :data:`MODALITIES`; raise ``ValueError`` for one that is unknown."""
    if unknown := set(modalities).difference(MODALITIES):
        raise ValueError(f"unknown modalities {', '.join(sorted(unknown))}; expected some of {', '.join(MODALITIES)}")
    return tuple(modality for modality in MODALITIES if modality in modalities)


AutoConfig.register("biomed_gin", GinConfig)
AutoConfig.register("biomedgpt", BioMedGPTConfig)
