"""What the manifest and the card of imported weights say."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from biomed_agent.model.checkpoints.conversion.match import MatchReport
from biomed_agent.model.checkpoints.conversion.origin import Origin
from biomed_agent.model.contract.prompt import QUESTIONS

UNMEASURED = {"scores": None, "note": "published, not measured here"}
POLICY = (
    "PharMolix's BioMedGPT Acceptable Use Policy (USE_POLICY.md of PharMolix/OpenBioMed): internal use by registered "
    "users only, and no services to the general public in the PRC"
)
LLAMA = "the language model derives from Llama 2: Llama 2 Community License"
SEPARATE = (
    "not stated here: the terms of each part hold (language model, protein encoder, graph encoder); read them before "
    "you pass the weights on"
)

_CARD = """# {name}

{what}

- Imported from: {files}
- Revision: {revision}
- Prompt style: `reference`
- Question kinds it may be asked: {kinds}
- Terms: {licence}

{state}

Keys of the source: {taken:,} taken, {ignored:,} left out (each is a table that is computed or takes part in no number),
{fresh:,} of the model's drawn anew. Batch normalisation, graph encoder and projections are float32.

Research output, not medical advice.
"""
_RELEASED = (
    "Weights of BioMedGPT in the layout of PharMolix/OpenBioMed v1 (arXiv 2308.09442), converted to safetensors."
)
_RELEASED_STATE = """Nothing was measured when they were imported: the scores of the kinds are those their authors
published. The weights were not changed beyond the stated type."""
_PARTS = "A graph encoder, a protein encoder and a language model put side by side. **It is not aligned.**"
_PARTS_STATE = """The two projections between the encoders and the language model are random numbers. Until they are
trained (alignment), whatever this model says about a molecule or a protein has nothing to do with it. Therefore the
manifest lists no question kind, and the agent does not ask it."""


def manifest_of(origin: Origin, name: str, written: str, sources: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the manifest of imported weights, but for what is computed when it is saved.

    Args:
        origin: What was imported.
        name: Of the model.
        written: The type of the large weights, in words.
        sources: ``name``, ``bytes`` and ``sha256`` of each file it came from; the first names the revision.
    """
    return {
        "name": name,
        "revision": f"sha256:{sources[0]['sha256'][:12]}",
        "source": "; ".join(f"{source['name']} (SHA-256 {source['sha256']})" for source in sources),
        "source_files": list(sources),
        "kinds": dict.fromkeys(QUESTIONS, UNMEASURED) if origin.released else {},
        "licence": _licence(origin),
        "dtype": written,
        "aligned": origin.released,
    }


def _licence(origin: Origin) -> str:
    if not origin.released:
        return SEPARATE
    return f"{POLICY}; {LLAMA}" if origin.config.text_config.model_type == "llama" else POLICY


def card_of(origin: Origin, manifest: dict[str, Any], report: MatchReport) -> str:
    """Return the card as Markdown."""
    return _CARD.format(
        name=manifest["name"],
        what=_RELEASED if origin.released else _PARTS,
        state=_RELEASED_STATE if origin.released else _PARTS_STATE,
        files=", ".join(f"`{Path(path).name}`" for path in origin.files),
        revision=manifest["revision"],
        kinds=", ".join(manifest["kinds"]) or "none",
        licence=manifest["licence"],
        taken=len(report.taken),
        ignored=len(report.ignored),
        fresh=len(report.fresh),
    )
