"""Settings, read once at a door and passed down as plain values: flag beats environment beats file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    Field,
    FieldSerializationInfo,
    SecretStr,
    ValidationError,
    field_serializer,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.plain_settings import PREFIX, config_file, default_cache_dir
from biomed_agent.core.privacy.credentials import REDACTED, names_secret, redact, redact_address, redact_path
from biomed_agent.core.types import EgressPolicy, LoadIn


class Settings(BaseSettings):
    """Every setting, with its environment variable ``BIOMED_AGENT_<NAME>``."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        populate_by_name=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    host: str | None = Field(default=None, description="base URL of a model host; wins over a local model")
    model: str | None = Field(
        default=None,
        description="checkpoint folder, 'none' for no model, or 'embedded' for the demonstration that ships; default: "
        "the latter, except in tools",
    )
    load_in: LoadIn | None = Field(
        default=None,
        description="precision of a local model: fp32, bf16, 8bit or 4bit; default: bf16 on a GPU with bf16, else fp32",
    )
    index: Annotated[list[Path], NoDecode] = Field(
        default=[], description=f"further SQLite indexes, searched before the shipped one; separated by {os.pathsep!r}"
    )
    offline: bool = Field(default=False, description="ask no database; local index only")
    egress: EgressPolicy = Field(default="names-only", description="what may leave: public, names-only or nothing")
    api_key: SecretStr = Field(default=SecretStr(""), description="bearer token for the model host")
    cache_dir: Path = Field(
        default_factory=default_cache_dir, description="folder for cached replies and built indexes"
    )
    audit_log: Path | None = Field(
        default=None, description="file of what left this machine; default: egress.jsonl in the cache folder"
    )
    email: str = Field(default="", description="contact address sent to NCBI, UniProt and PubChem, as they ask")
    timeout: float = Field(default=30.0, gt=0, description="seconds one look-up may take in all")
    ncbi_api_key: SecretStr = Field(
        default=SecretStr(""),
        validation_alias="NCBI_API_KEY",
        description="raises PubMed's limit from 3 to 10 requests/s",
    )

    @property
    def audit_path(self) -> Path:
        """The file in which every request that leaves and every refused one is noted."""
        return self.audit_log or self.cache_dir / "egress.jsonl"

    def __repr_args__(self) -> Any:
        """Yield names and values for ``repr``, addresses without credentials."""
        yield from self.model_dump().items()

    @field_serializer("host", "model", "email", when_used="unless-none")
    def _without_credentials(self, value: str, field: FieldSerializationInfo) -> str:
        """Give ``model_dump`` no password of an address; the setting itself keeps it, to be sent."""
        return redact_setting(field.field_name, value)

    @field_serializer("index", "audit_log", "cache_dir", when_used="unless-none")
    def _place_without_credentials(self, value: list[Path] | Path) -> list[Path] | Path:
        if isinstance(value, list):
            return [Path(redact_path(path)) for path in value]
        return Path(redact_path(value))

    @field_validator("index", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return [part for part in value.split(os.pathsep) if part] if isinstance(value, str) else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order: arguments, environment, file."""
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=config_file()))


def redact_setting(name: str, value: str) -> str:
    """Return the text of a setting as it may be shown."""
    return redact_address(value) if name == "host" else redact(redact_path(value))


def read_settings(**flags: Any) -> Settings:
    """Read the settings; ``flags`` that are not None win.

    Raises:
        InvalidInput: A setting has a value that cannot be used; names the setting and what is expected.
    """
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "settings"
        raise InvalidInput(
            f"setting {name} is {_shown_input(name, first)}: {first['msg']}.",
            f"Look at the flag --{name.replace('_', '-')}, BIOMED_AGENT_{name.upper()} and {config_file()}.",
        ) from None  # the cause would quote what was given
    except ValueError as error:  # the TOML file itself, or a list in the environment that is not JSON
        raise InvalidInput(
            f"settings cannot be read: {redact(str(error))}.", f"Look at the environment and {config_file()}."
        ) from error


def _shown_input(name: str, problem: Mapping[str, Any]) -> str:
    """Return what was given for a setting, unless it is a secret or, being unknown, may be one."""
    value = problem.get("input")
    if names_secret(name) or (problem["type"] == "extra_forbidden" and not isinstance(value, Mapping)):
        return REDACTED
    if isinstance(value, Mapping):
        return f"a table of {', '.join(map(str, value))}"
    return repr(redact_address(value)) if isinstance(value, str) else redact(repr(value))
