"""What the manifest and the card of imported weights say, and which terms travel with them."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from biomed_agent.model.checkpoints.conversion.match import MatchReport
from biomed_agent.model.checkpoints.conversion.origin import Origin
from biomed_agent.model.contract.prompt import QUESTIONS

UNMEASURED = {"scores": None, "note": "published, not measured here"}
NOT_MEASURED = {"scores": None, "note": "not measured"}
POLICY = (
    "PharMolix's BioMedGPT Acceptable Use Policy (USE_POLICY.md of PharMolix/OpenBioMed): internal use by registered "
    "users only, and no services to the general public in the PRC"
)
TEXT_KINDS = ("literature", "text")
"""What a language model alone may be asked: a question with numbered passages, and a question in text."""
STOP = ("### Human:", "\nHuman:")
"""Where an answer ends that goes on as the user; a language model that was not tuned on these turns writes them."""
TERMS = ("LICENSE*", "LICENCE*", "NOTICE*", "USE_POLICY*")
"""Files of a language model's folder that are copied beside its weights."""
LLAMA = "the language model derives from Llama 2: Llama 2 Community License"
SEPARATE = (
    "not stated here: the terms of each part hold (language model, protein encoder, graph encoder); read them before "
    "you pass the weights on"
)

_CARD = """# {name}

{what}

- Imported from: {files}
- Revision: {revision}
- Prompt style: `{style}`
- Question kinds it may be asked: {kinds}
- Terms: {licence}

{state}

Keys of the source: {taken:,} taken, {ignored:,} left out (each is a table that is computed or takes part in no number),
{fresh:,} of the model's drawn anew.{float32}

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

_ALONE = "A language model alone (`{model_type}`), converted to safetensors. It reads text, and no molecule or protein."
_ALONE_STATE = """Nothing was measured when it was imported: the manifest lists the kinds `literature` (a question with
numbered passages) and `text`, and no score. The weights were not changed beyond the stated type."""
_FLOAT32 = " Batch normalisation, graph encoder and projections are float32."


def manifest_of(origin: Origin, name: str, written: str, sources: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the manifest of imported weights, but for what is computed when it is saved.

    Args:
        origin: What was imported.
        name: Of the model.
        written: The type of the large weights, in words.
        sources: ``name``, ``bytes`` and ``sha256`` of each file it came from; the first names the revision.
    """
    released, alone = origin.sort == "released", origin.sort == "language model"
    kinds = (
        dict.fromkeys(QUESTIONS, UNMEASURED) if released else dict.fromkeys(TEXT_KINDS, NOT_MEASURED) if alone else {}
    )
    return {
        "name": name,
        "revision": f"sha256:{sources[0]['sha256'][:12]}",
        "source": "; ".join(f"{source['name']} (SHA-256 {source['sha256']})" for source in sources),
        "source_files": list(sources),
        "kinds": kinds,
        "licence": _licence(origin),
        "dtype": written,
        **({"decoding": {"stop": list(STOP)}} if alone else {"aligned": released}),
    }


def _licence(origin: Origin) -> str:
    llama = origin.config.text_config.model_type == "llama"
    if origin.sort == "language model":
        return _terms_of(origin.lm, llama)
    if origin.sort == "parts":
        return SEPARATE
    return f"{POLICY}; {LLAMA}" if llama else POLICY


def _terms_of(lm: Path, llama: bool) -> str:
    """Return what is known of a language model's terms: its card, its files, and where it may come from."""
    stated = _card_licence(lm)
    files = [path.name for path in _terms_files(lm)]
    parts = [f"its card says {stated}" if stated else "its folder has no card that states a licence"]
    parts.append(f"its terms lie beside the weights ({', '.join(files)})" if files else "no licence file came with it")
    if llama:
        parts.append("what derives from Llama 2 is under the Llama 2 Community License, whoever passes it on")
    return "; ".join(parts)


def _card_licence(lm: Path) -> str:
    """Return the licence that the head of a Hugging Face card names; empty when none does."""
    try:
        head = re.match(r"---\s*\n(.*?)\n---", (lm / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    except (OSError, UnicodeDecodeError):
        return ""
    named = re.search(r"^license:\s*(\S.*?)\s*$", head[1], re.MULTILINE) if head else None
    return named[1] if named else ""


def _terms_files(lm: Path) -> list[Path]:
    return sorted({path for pattern in TERMS for path in lm.glob(pattern) if path.is_file()})


def copy_terms(origin: Origin, folder: Path) -> None:
    """Copy the licence files of a language model alone beside its weights, and its card as ``SOURCE-README.md``."""
    if origin.sort != "language model":
        return
    for path in _terms_files(origin.lm):
        shutil.copyfile(path, folder / path.name)
    if (origin.lm / "README.md").is_file():
        shutil.copyfile(origin.lm / "README.md", folder / "SOURCE-README.md")


def card_of(origin: Origin, manifest: dict[str, Any], report: MatchReport) -> str:
    """Return the card as Markdown."""
    what, state = {
        "released": (_RELEASED, _RELEASED_STATE),
        "parts": (_PARTS, _PARTS_STATE),
        "language model": (_ALONE.format(model_type=origin.config.text_config.model_type), _ALONE_STATE),
    }[origin.sort]
    return _CARD.format(
        name=manifest["name"],
        what=what,
        state=state,
        style=origin.processor.prompt_style,
        float32="" if origin.sort == "language model" else _FLOAT32,
        files=", ".join(f"`{Path(path).name}`" for path in origin.files),
        revision=manifest["revision"],
        kinds=", ".join(manifest["kinds"]) or "none",
        licence=manifest["licence"],
        taken=len(report.taken),
        ignored=len(report.ignored),
        fresh=len(report.fresh),
    )
