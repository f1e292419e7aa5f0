"""The manifest of a checkpoint folder: what the model is, what it may be asked, and the digests of its files.

Free of torch, so that the client side can read what a local model was trained for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias, TypeGuard

from biomed_agent.core.errors import CheckpointError
from biomed_agent.core.types import ModelStamp

MANIFEST = "manifest.json"
GIVEN = ("name", "revision", "source", "kinds", "licence")
"""What whoever saves a model states; ``kinds`` maps each trained question kind to its held-out scores."""
DERIVED = ("files", "digest", "prompt_style", "parameters")
"""What is computed when it is saved; ``digest`` is that of the weights."""
Progress: TypeAlias = Callable[[str, int, int], None]
"""Told what is done, and how many bytes of how many."""
BLOCK_BYTES = 1 << 22
MAX_PARAMETERS = 1e15
"""more than any model has: a manifest that says so is not believed"""


def file_digests(folder: str | Path, progress: Progress | None = None) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder by relative path, the manifest left out.

    Args:
        folder: The folder.
        progress: Told how many bytes of how many are read.

    Raises:
        CheckpointError: A file cannot be read.
    """
    root, done = Path(folder), 0
    sizes = file_sizes(root)
    digests = {}
    for name in sizes:
        digest = hashlib.sha256()
        try:
            with (root / name).open("rb") as file:
                while block := file.read(BLOCK_BYTES):
                    digest.update(block)
                    done += len(block)
                    if progress is not None:
                        progress(f"computing the SHA-256 of {name}", done, sum(sizes.values()))
        except OSError as error:
            raise CheckpointError(f"{root / name} cannot be read: {error.strerror or error}.") from error
        digests[name] = digest.hexdigest()
    return digests


def file_sizes(folder: str | Path) -> dict[str, int]:
    """Return the bytes of every file below a folder by relative path, the manifest left out."""
    root = Path(folder)
    paths = sorted(path for path in root.rglob("*") if path.is_file() and path != root / MANIFEST)
    return {path.relative_to(root).as_posix(): path.stat().st_size for path in paths}


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
            f"{path} cannot be read ({getattr(error, 'strerror', None) or error}).",
            "Give a folder that `biomed-agent checkpoint import` has written.",
        ) from error
    missing = [key for key in (*GIVEN, *DERIVED) if not isinstance(manifest, dict) or key not in manifest]
    if missing:
        raise CheckpointError(f"{path} lacks {', '.join(missing)}.", "Write the folder anew with save_checkpoint.")
    if not isinstance(manifest["files"], dict) or not isinstance(manifest["kinds"], dict):
        raise CheckpointError(f"{path} is altered: files and kinds are no tables.", "Fetch or build it again.")
    return dict(manifest)


def verify_manifest(folder: str | Path, progress: Progress | None = None) -> dict[str, Any]:
    """Check every file of a checkpoint folder against its manifest and return the manifest.

    Raises:
        CheckpointError: Files are missing, altered or not listed; each is named.
    """
    manifest = read_manifest(folder)
    listed, actual = manifest["files"], file_digests(folder, progress)
    faults = [f"{name} is missing" for name in listed if name not in actual]
    faults += [f"{name} is altered" for name in listed if name in actual and listed[name] != actual[name]]
    faults += [f"{name} is not listed" for name in actual if name not in listed]
    if manifest["digest"] != weights_digest(listed):
        faults.append("the manifest's digest of the weights is altered")
    if faults:
        raise CheckpointError(f"{folder} differs from its manifest: {'; '.join(faults)}.", "Fetch or build it again.")
    return manifest


def weights_digest(files: dict[str, str]) -> str:
    """Return one SHA-256 for the weights among a folder's :func:`file_digests`.

    A single file's own digest; for several shards the digest of the lines ``DIGEST  NAME`` that
    ``sha256sum`` would print.
    """
    weights = sorted((name, digest) for name, digest in files.items() if name.endswith(".safetensors"))
    if len(weights) == 1:
        return weights[0][1]
    return hashlib.sha256("".join(f"{digest}  {name}\n" for name, digest in weights).encode()).hexdigest()


def modalities_of(folder: str | Path) -> tuple[str, ...]:
    """Return what the model in a checkpoint folder reads besides text, by its ``config.json``.

    Raises:
        CheckpointError: The file cannot be read.
    """
    path = Path(folder) / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        return tuple(modality for modality in ("molecule", "protein") if config[f"{modality}_config"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path} cannot be read ({type(error).__name__}).", "Fetch or build the folder again."
        ) from error


def stamp_of(manifest: Mapping[str, Any], name: str = "unnamed model") -> ModelStamp:
    """Return the stamp every answer of a model carries; what a manifest holds that is no such thing says nothing.

    Args:
        manifest: That of a folder, or of a model that a host lists.
        name: Of the model, where its manifest states none.
    """
    size, kinds = manifest.get("parameters"), manifest.get("kinds")
    return ModelStamp(
        name=str(manifest.get("name") or name),
        revision=str(manifest.get("revision", "")),
        digest=str(manifest.get("digest", "")),
        parameters=int(size) if is_number(size) and 0 < size < MAX_PARAMETERS else None,
        demonstration=bool(manifest.get("demonstration", False)),
        decoding=manifest.get("decoding") or {},
        decoding_by_kind=manifest.get("decoding_by_kind") or {},
        kinds=tuple(kind for kind in kinds if isinstance(kind, str)) if isinstance(kinds, list | dict) else (),
        not_offered=reasons(manifest.get("not_offered")),
    )


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value of a JSON text is a number, which true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def reasons(not_offered: object) -> dict[str, str]:
    """Return why each kind of a manifest's ``not_offered`` is not offered; what is no such table says nothing."""
    table = not_offered if isinstance(not_offered, dict) else {}
    return {str(kind): str(entry.get("why", "")) for kind, entry in table.items() if isinstance(entry, dict)}
