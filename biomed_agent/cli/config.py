"""The commands that look after the installation: ``config show`` and ``cache clear``."""

from __future__ import annotations

import argparse
import json
import os
import tomllib
from pathlib import Path
from typing import Any

from biomed_agent.cli.arguments import FLAGS, settings_of
from biomed_agent.cli.terminal import Screen
from biomed_agent.core.errors import InvalidInput

CACHED = ("replies.sqlite*", "starter-*.sqlite*", "fingerprints-*.npz*")
"""what is deleted of the cache folder: not ``pace.sqlite``, which holds the pauses that services asked for"""


def config_show(arguments: argparse.Namespace, screen: Screen) -> int:
    """Show every setting, its value and where it came from; secrets are masked."""
    from biomed_agent.core.plain_settings import config_file
    from biomed_agent.core.settings import Settings

    settings = settings_of(arguments)
    file = config_file()
    rows = {
        name: {"value": _shown(name, getattr(settings, name)), "from": _origin(name, arguments, file)}
        for name in Settings.model_fields
    }
    if arguments.json:
        screen.show(json.dumps(rows, indent=2, ensure_ascii=False))
        return 0
    wide = max(len(entry["value"]) for entry in rows.values())
    screen.show(
        "\n".join(f"{name:13} {entry['value'].ljust(min(wide, 44))}  {entry['from']}" for name, entry in rows.items())
    )
    screen.note(f"settings file: {file} ({'read' if file.is_file() else 'not there'})")
    return 0


def cache_clear(arguments: argparse.Namespace, screen: Screen) -> int:
    """Delete cached replies, the built starter index and fingerprints; all come back when they are needed."""
    folder = settings_of(arguments).cache_dir.expanduser()
    freed = count = 0
    for pattern in CACHED:
        for path in folder.glob(pattern):
            try:
                size = path.stat().st_size
                path.unlink()
            except OSError as error:
                raise InvalidInput(f"{path} cannot be deleted: {error.strerror or error}.") from error
            freed, count = freed + size, count + 1
    screen.show(f"Freed {freed / 1e6:.1f} MB ({count} files) in {folder}.")
    return 0


def _shown(name: str, value: Any) -> str:
    """Return a setting as text, secrets masked, those within an address too."""
    from pydantic import SecretStr

    from biomed_agent.core.privacy.credentials import redact_address
    from biomed_agent.core.settings import redact_setting

    if isinstance(value, SecretStr):
        return "********" if value.get_secret_value() else "(not set)"
    if isinstance(value, list):
        joined = os.pathsep.join(map(str, value))  # together, because an address that was put there was parted
        return (redact_address(joined) if "//" in joined else joined) or "(none)"
    if value is None or value == "":
        return "(not set)"
    return redact_setting(name, str(value))


def _origin(name: str, arguments: argparse.Namespace, file: Path) -> str:
    """Return where a setting came from, looking in the order in which they win."""
    from biomed_agent.core.settings import Settings

    if name in FLAGS and getattr(arguments, name, None) is not None:
        return f"flag --{name.replace('_', '-')}"
    variable = str(Settings.model_fields[name].validation_alias or f"BIOMED_AGENT_{name.upper()}")
    if any(key.upper() == variable and value for key, value in os.environ.items()):
        return f"environment {variable}"
    in_file = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return f"file {file}" if name in in_file or variable in in_file else "default"
