"""Opening weight files that others wrote: their code is not run, and the weights are not read into memory."""

import hashlib
import json
import pickle
import re
import shutil
import warnings
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from biomed_agent.core.errors import CheckpointError
from biomed_agent.model.contract.manifest import BLOCK_BYTES, Progress

AGAIN = "Fetch it again, and compare its size and SHA-256 with what its publisher states."
IN_ORDER = "If it is one of several pieces, give all of them in order."
_INDEXED = ("model.safetensors", "pytorch_model.bin")
_NO_WEIGHTS = re.compile(r"^(training_args|optimizer|scheduler|rng_state)")
_ARCHIVES = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"7z\xbc\xaf": "7z", b"Rar!": "rar"}


def silent(what: str, done: int, total: int) -> None:
    """Be told of progress and say nothing."""


def first_names(names: Iterable[str], limit: int = 5) -> str:
    """Return the first few names in words."""
    names = list(names)
    more = f" and {len(names) - limit:,} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def expand(sources: Sequence[str | Path]) -> list[Path]:
    """Return the files that paths and patterns such as ``biomedgpt_10b.pth.part*`` stand for.

    Paths stay in the order given; the files of a pattern are ordered by name, ``part2`` before ``part10``.

    Raises:
        CheckpointError: A pattern fits no file.
    """
    files: list[Path] = []
    for path in map(Path, sources):
        if path.exists() or not any(mark in path.name for mark in "*?["):
            files.append(path)
        elif fitting := list(path.parent.glob(path.name)):
            files += sorted(fitting, key=_natural)
        else:
            raise CheckpointError(f"no file fits {path}.", "Check the path.")
    return files


def _natural(path: Path) -> list[tuple[int, str]]:
    return [(int(part or 0), part) if part.isdigit() else (0, part) for part in re.split(r"(\d+)", path.name)]


def kind_of(path: Path) -> Literal["zip", "pickle", "safetensors"]:
    """Return which kind of weight file begins like ``path``: what torch saves today, its old format, or safetensors.

    Raises:
        CheckpointError: The file cannot be read, or it is something else, which is named.
    """
    if not path.is_file():
        raise CheckpointError(f"no file {path}.", "Check the path.")
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}.", "Check its permissions.") from error
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 28:
        return "safetensors"
    if head[:1] == b"\x80" and head[1:2] in (b"\2", b"\3", b"\4", b"\5"):
        return "pickle"
    is_what, hint = _something_else(head)
    raise CheckpointError(f"{path} {is_what}.", hint)


def _something_else(head: bytes) -> tuple[str, str]:
    """Return what a file that is no weight file is, and what to do about it."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head:
        return "is empty", AGAIN
    if text.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer, not the weights", "Run `git lfs pull`, or download the file itself."
    if text[:1] == b"<":
        return "is a web page, such as an error or a login page", "Download the file itself; a login may be needed."
    for magic, name in _ARCHIVES.items():
        if head.startswith(magic):
            return f"is a {name} archive", "Unpack it and give the file inside."
    words = text.decode("utf-8", errors="ignore")
    if len(words) > 0.9 * len(text) and all(character.isprintable() or character.isspace() for character in words):
        return f"is text that begins {' '.join(words.split())[:60]!r}", "Expected weights of torch or safetensors."
    return "is no weight file of torch or safetensors", IN_ORDER


def are_pieces(paths: Sequence[Path]) -> bool:
    """Return whether several files are pieces of one, rather than each whole."""
    return len(paths) > 1 and not all(_is_whole(path) for path in paths)


def _is_whole(path: Path) -> bool:
    try:
        return kind_of(path) != "zip" or zipfile.is_zipfile(path)
    except CheckpointError:
        return False


def join(pieces: Sequence[Path], target: Path, progress: Progress = silent) -> Path:
    """Write the pieces of one file after each other.

    Raises:
        CheckpointError: A piece is missing, not one, or out of order, or the disk is too small.
    """
    for number, piece in enumerate(pieces):
        try:
            kind_of(piece)
        except CheckpointError as error:
            if number and error.hint == IN_ORDER:  # the middle of a file looks like nothing
                continue
            begins = [piece.name for piece in pieces[1:] if _begins(piece)]
            if error.hint == IN_ORDER and begins:
                raise CheckpointError(
                    f"{piece} is not the first piece; {begins[0]} begins the file.", IN_ORDER
                ) from None
            raise
    total = sum(piece.stat().st_size for piece in pieces)
    needs_room(target.parent, total)
    done = 0
    with target.open("wb") as joined:
        for piece in pieces:
            with piece.open("rb") as file:
                while block := file.read(BLOCK_BYTES):
                    joined.write(block)
                    done += len(block)
                    progress(f"joining {len(pieces)} pieces", done, total)
    return target


def _begins(path: Path) -> bool:
    try:
        return bool(kind_of(path))
    except CheckpointError:
        return False


def needs_room(folder: Path, size: int) -> None:
    """Raise :class:`CheckpointError` when fewer than ``size`` bytes are free where ``folder`` lies."""
    free = shutil.disk_usage(folder).free
    if free < size:
        raise CheckpointError(
            f"{folder} has {free / 1e9:.1f} GB free, and {size / 1e9:.1f} GB are needed.", "Choose a larger disk."
        )


def weights_in(folder: Path) -> list[Path]:
    """Return the weight files of a folder: those of its index, or one file, or all that look like weights.

    Raises:
        CheckpointError: There are none, or one that the index lists is missing.
    """
    for name in _INDEXED:
        index = folder / f"{name}.index.json"
        if index.is_file():
            return _indexed(index)
        if (folder / name).is_file():
            return [folder / name]
    for suffixes in ((".safetensors",), (".bin", ".pth", ".pt")):
        files = [path for path in folder.iterdir() if path.suffix in suffixes and not _NO_WEIGHTS.match(path.name)]
        if files:
            return sorted(files, key=_natural)
    raise CheckpointError(
        f"{folder} holds no weights.",
        "Expected model.safetensors, its shards, or pytorch_model.bin beside config.json.",
    )


def _indexed(index: Path) -> list[Path]:
    try:
        names = sorted(
            {Path(name).name for name in json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()}
        )
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise CheckpointError(f"{index} cannot be read ({type(error).__name__}).", AGAIN) from error
    absent = [name for name in names if not (index.parent / name).is_file()]
    if absent:
        raise CheckpointError(
            f"{index.parent} lacks {first_names(absent)}, which {index.name} lists.", "Fetch what is missing."
        )
    return [index.parent / name for name in names]


def read_weights(paths: Sequence[Path]) -> dict[str, Tensor]:
    """Return the tensors of one or several whole files, memory-mapped.

    Raises:
        CheckpointError: A file is truncated, altered or foreign, or a key occurs twice.
    """
    weights: dict[str, Tensor] = {}
    for path in paths:
        new = _read_safetensors(path) if kind_of(path) == "safetensors" else tensors_of(load_torch(path), path)
        if twice := weights.keys() & new.keys():
            raise CheckpointError(f"{path} brings {first_names(sorted(twice))} a second time.", "Give every file once.")
        weights |= new
    return weights


def load_torch(path: Path, allowed: Sequence[type] = ()) -> Any:
    """Return what ``torch.save`` wrote, its tensors memory-mapped (those of the format before 1.6 are read).

    Args:
        path: The file.
        allowed: Classes it may hold beside tensors and plain containers.

    Raises:
        CheckpointError: The file is truncated, altered or foreign, or it holds what could run code.
    """
    kind = kind_of(path)
    if kind == "zip":
        _check_archive(path)
    try:
        with torch.serialization.safe_globals(list(allowed)), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what torch warns of ends in an error here
            return torch.load(path, map_location="cpu", weights_only=True, mmap=kind == "zip")
    except pickle.UnpicklingError as error:
        named = re.search(r"GLOBAL ([\w.]+)", str(error))
        if kind == "pickle" and not named:
            raise CheckpointError(
                f"{path} is a pickle, but not of torch.", "Expected weights that torch saved."
            ) from error
        raise CheckpointError(
            f"{path} holds {named[1] if named else 'something'} beside tensors.",
            "A file that could run code is not opened; ask for its plain state dict.",
        ) from error
    except Exception as error:  # a damaged pickle raises whatever its bytes ask for
        raise CheckpointError(f"{path} is truncated or altered ({type(error).__name__}).", AGAIN) from error


def _check_archive(path: Path) -> None:
    """Raise :class:`CheckpointError` unless a zip file is whole and torch's."""
    if not zipfile.is_zipfile(path):
        size = path.stat().st_size
        raise CheckpointError(
            f"{path} ends early: after {size:,} bytes the table of contents that closes a file of torch is missing.",
            f"Fetch it again. {IN_ORDER}",
        )
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            pickled = [name for name in names if name.endswith("/data.pkl")]
            for name in pickled:
                archive.read(name)
    except Exception as error:  # zipfile raises many kinds of error for damaged files
        raise CheckpointError(f"{path} is altered or lacks a part ({error}).", AGAIN) from error
    if any(name.endswith("/constants.pkl") for name in names):
        raise CheckpointError(f"{path} is a TorchScript program.", "Ask for its plain state dict.")
    if not pickled:
        raise CheckpointError(
            f"{path} is an archive that holds {first_names(names)}.", "Unpack it and give the file inside."
        )


def check_records(path: Path, progress: Progress = silent) -> None:
    """Read a file of torch whole and compare the checksum of every record; other kinds have none.

    Raises:
        CheckpointError: A record differs.
    """
    if kind_of(path) != "zip":
        return
    done, total = 0, path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        for record in archive.infolist():
            try:
                with archive.open(record) as stream:
                    while block := stream.read(BLOCK_BYTES):
                        done += len(block)
                        progress(f"checking {path.name}", done, total)
            except Exception as error:  # zipfile raises many kinds of error for damaged files
                raise CheckpointError(f"{path} is altered: its record {record.filename} is damaged.", AGAIN) from error


def tensors_of(loaded: Any, path: Path) -> dict[str, Tensor]:
    """Return the named tensors of a loaded file, also when they lie under ``state_dict`` or ``model``.

    Raises:
        CheckpointError: It holds something else.
    """
    for name in ("state_dict", "model_state_dict", "model"):
        if isinstance(loaded, Mapping) and isinstance(loaded.get(name), Mapping):
            loaded = loaded[name]
    if isinstance(loaded, Mapping) and loaded and all(isinstance(value, Tensor) for value in loaded.values()):
        return {str(key): value for key, value in loaded.items()}
    what = f"a {type(loaded).__name__}"
    if isinstance(loaded, Mapping):
        what += f" with {first_names(map(str, loaded))}" if loaded else " with nothing"
    raise CheckpointError(f"{path} holds {what}; expected named tensors.", "Give the model's state dict.")


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            return {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (no mapping)
    except (SafetensorError, OSError, RuntimeError, ValueError) as error:
        raise CheckpointError(f"{path} is truncated or altered ({error}).", AGAIN) from error


def sha256(path: Path, progress: Progress = silent) -> str:
    """Return the SHA-256 of a file."""
    digest, done, total = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
            done += len(block)
            progress(f"computing the SHA-256 of {path.name}", done, total)
    return digest.hexdigest()
