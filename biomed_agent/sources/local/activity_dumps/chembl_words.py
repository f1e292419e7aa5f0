"""What ChEMBL's columns mean, in its database and in tables made of it alike."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from biomed_agent.sources.local.dumps import Source

LICENCE = "CC BY-SA 3.0"
_EXPLORE = "https://www.ebi.ac.uk/chembl/explore"
_ASSAY_TYPES = {
    "B": "binding", "F": "functional", "A": "ADMET", "T": "toxicity", "P": "physicochemical", "U": "unclassified",
}  # fmt: skip


def chembl_sources(release: str = "") -> tuple[Source, Source]:
    """Return ChEMBL as a source of what is cited by a molecule, and by a target.

    Args:
        release: Its number, empty where it is not known.
    """
    key, name = f"ChEMBL{release}", f"ChEMBL {release}".strip()
    return (
        (key, name, LICENCE, f"{_EXPLORE}/compound/{{}}"),
        (f"{key}-target", name, LICENCE, f"{_EXPLORE}/target/{{}}"),
    )


@lru_cache(maxsize=64)
def assay_type(letter: str | None) -> str:
    """Return the word for a letter of ``assay_type``; what is no known letter as it is."""
    return _ASSAY_TYPES.get((letter or "").strip().upper(), (letter or "").strip())


@lru_cache(maxsize=1024)
def comment(*texts: str | None) -> str:
    """Return what a row says of its outcome; numbers are identifiers of another database, and say nothing."""
    words = (str(text).strip() for text in texts if text)
    return "; ".join(dict.fromkeys(word for word in words if word and not word.isdecimal()))


def ranged(said: str, upper: Any, unit: str | None) -> str:
    """Return a comment with the upper end of a range, where the row states one."""
    if upper in (None, ""):
        return said
    return "; ".join(part for part in (said, f"a range up to {upper} {unit or ''}".strip()) if part)


def truth(flag: Any) -> bool:
    """Return whether a flag is set, as numbers and words write it."""
    return str(flag).strip().lower() in ("1", "1.0", "true", "yes")
