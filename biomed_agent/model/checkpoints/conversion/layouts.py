"""What other people's files call our parameters."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

UNUSED = "no number depends on it"
COMPUTED = "computed in float32, not read"


@dataclass(frozen=True)
class Layout:
    """The names of one kind of file.

    Args:
        anchor: A key that every such file has; what stands before it stands before all keys.
        pairs: Beginnings of their keys and of ours; ``{}`` is a layer number.
        unused: Patterns of keys that have no place here, and why.
        endings: Other endings a key may have, and the usual ones.
    """

    anchor: str
    pairs: tuple[tuple[str, str], ...]
    unused: tuple[tuple[str, str], ...] = ()
    endings: tuple[tuple[str, str], ...] = ()

    def prefix(self, keys: Iterable[str]) -> str | None:
        """Return what stands before all keys, such as ``module.`` or nothing; None for another kind of file."""
        anchors = [key for key in keys if key == self.anchor or key.endswith(f".{self.anchor}")]
        return min(anchors, key=len).removesuffix(self.anchor) if anchors else None

    def place(self, key: str) -> tuple[str, str]:
        """Return our name of a key and an empty reason, or no name and why it is left out.

        A key that nothing is known about keeps its name, which no parameter of ours has.
        """
        for pattern, reason in self.unused:
            if re.search(pattern, key):
                return "", reason
        for old, new in self.endings:
            key = key.removesuffix(old) + new if key.endswith(old) else key
        return _renamed(key, self.pairs) or key, ""

    def theirs(self, name: str) -> str:
        """Return what such a file calls our parameter ``name``."""
        return _renamed(name, tuple((ours, theirs) for theirs, ours in self.pairs)) or name


def _renamed(key: str, pairs: tuple[tuple[str, str], ...]) -> str:
    """Return ``key`` with its beginning replaced by the first pair that fits; empty when none does."""
    for old, new in pairs:
        if match := re.match(re.escape(old).replace(r"\{\}", r"(\d+)"), key):
            return new.format(*match.groups()) + key[match.end() :]
    return ""


_GIN_PAIRS = (
    ("x_embedding1.", "molecule_encoder.atom_embedding."),
    ("x_embedding2.", "molecule_encoder.chirality_embedding."),
    ("gnns.{}.edge_embedding1.", "molecule_encoder.layers.{}.bond_embedding."),
    ("gnns.{}.edge_embedding2.", "molecule_encoder.layers.{}.direction_embedding."),
    ("gnns.{}.mlp.", "molecule_encoder.layers.{}.mlp."),
    ("batch_norms.{}.", "molecule_encoder.layers.{}.batch_norm."),
)

GIN = Layout(
    "x_embedding1.weight",
    _GIN_PAIRS,
    unused=((r"^(?!x_embedding[12]\.|gnns\.|batch_norms\.)", "not part of the graph encoder"),),
)
"""A graph encoder as Hu et al. (arXiv 1905.12265), GraphMVP and their followers save it."""

RELEASED = Layout(
    "llm.model.embed_tokens.weight",
    (
        *((f"mol_structure_encoder.{theirs}", ours) for theirs, ours in _GIN_PAIRS),
        ("prot_structure_encoder.", "protein_encoder."),
        ("llm.", "language_model."),
        ("proj_mol.", "molecule_projection."),
        ("proj_prot.", "protein_projection."),
    ),
    unused=(
        (r"inv_freq$", COMPUTED),
        (r"position_ids$", UNUSED),
        (r"^prot_structure_encoder\.(pooler|embeddings\.position_embeddings)\.", UNUSED),
    ),
)
"""``biomedgpt_10b.pth``: a state dict of the class ``BioMedGPTV`` of PharMolix/OpenBioMed v1."""

CAUSAL_LM = Layout("model.embed_tokens.weight", (("", "language_model."),), unused=((r"inv_freq$", COMPUTED),))
"""A causal language model in its own folder, named as transformers names it."""

ESM_FOLDER = Layout(
    "embeddings.word_embeddings.weight",
    (("", "protein_encoder."),),
    unused=(
        (r"inv_freq$", COMPUTED),
        (r"position_ids$", UNUSED),
        (r"^(pooler|embeddings\.position_embeddings)\.", UNUSED),
    ),
    # transformers 5 saves an EsmForMaskedLM under names that TensorFlow once had.
    endings=((".gamma", ".weight"), (".beta", ".bias")),
)
"""ESM-2 as transformers saves it, with or without the head that predicts masked residues."""

_FAIR = "encoder.sentence_encoder."

ESM_FAIR = Layout(
    f"{_FAIR}embed_tokens.weight",
    tuple(
        (_FAIR + theirs, f"protein_encoder.{ours}")
        for theirs, ours in (
            ("embed_tokens.", "embeddings.word_embeddings."),
            ("layers.{}.self_attn.q_proj.", "encoder.layer.{}.attention.self.query."),
            ("layers.{}.self_attn.k_proj.", "encoder.layer.{}.attention.self.key."),
            ("layers.{}.self_attn.v_proj.", "encoder.layer.{}.attention.self.value."),
            ("layers.{}.self_attn.out_proj.", "encoder.layer.{}.attention.output.dense."),
            ("layers.{}.self_attn_layer_norm.", "encoder.layer.{}.attention.LayerNorm."),
            ("layers.{}.fc1.", "encoder.layer.{}.intermediate.dense."),
            ("layers.{}.fc2.", "encoder.layer.{}.output.dense."),
            ("layers.{}.final_layer_norm.", "encoder.layer.{}.LayerNorm."),
            ("emb_layer_norm_after.", "encoder.emb_layer_norm_after."),
        )
    ),
    unused=(
        (r"inv_freq$", COMPUTED),
        (r"^encoder\.lm_head\.", "the head that predicts masked residues"),
        (r"contact_head\.", UNUSED),
    ),
)
"""ESM-2 as fair-esm saves it (``esm2_t36_3B_UR50D.pt``)."""
