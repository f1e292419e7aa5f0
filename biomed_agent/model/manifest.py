"""The manifest of a checkpoint folder: what the model is, what it may be asked, and the digests of its files.

Free of torch, so that the client side can read what a local model was trained for.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from biomed_agent.errors import CheckpointError

MANIFEST = "manifest.json"
REQUIRED = ("name", "revision", "files", "source", "kinds", "licence", "prompt_style", "parameters")
"""Keys of every manifest; ``kinds`` maps each trained question kind to its held-out scores."""


def file_digests(folder: str | Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder by relative path, the manifest left out."""
    root = Path(folder)
    paths = sorted(path for path in root.rglob("*") if path.is_file() and path != root / MANIFEST)
    return {path.relative_to(root).as_posix(): _sha256(path) for path in paths}


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """Return the manifest of a checkpoint folder.

    Raises:
        CheckpointError: The folder has no manifest, or the manifest is not one of ours.
    """
    path = Path(folder) / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{path} cannot be read ({error}).", "Give a folder that `biomed-agent checkpoint import` has written."
        ) from error
    missing = [key for key in REQUIRED if not isinstance(manifest, dict) or key not in manifest]
    if missing:
        raise CheckpointError(f"{path} lacks {', '.join(missing)}.", "Write the folder anew with save_checkpoint.")
    return dict(manifest)


def verify_manifest(folder: str | Path) -> dict[str, Any]:
    """Check every file of a checkpoint folder against its manifest and return the manifest.

    Raises:
        CheckpointError: A file is missing, altered or not listed.
    """
    manifest = read_manifest(folder)
    listed, found = manifest["files"], file_digests(folder)
    faults = [f"{name} is missing" for name in listed if name not in found]
    faults += [f"{name} is altered" for name in listed if name in found and listed[name] != found[name]]
    faults += [f"{name} is not listed" for name in found if name not in listed]
    if faults:
        raise CheckpointError(f"{folder} differs from its manifest: {'; '.join(faults)}.", "Fetch or build it again.")
    return manifest


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
