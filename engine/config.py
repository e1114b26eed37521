"""Settings, read once from `KOGDA_*` variables or `.env`. `kogda doctor` lists them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from dsl.suggestions import nearest
from engine.errors import ConfigurationError
from engine.sentinels import SCHEME, sentinels_of

#: Variables that are read elsewhere: where checks keep what they know, whose numbers editors show; by what the shop's
#: backend signs tokens of its customers (docs/inbox.md), which may share a `.env` with us.
_READ_ELSEWHERE = ("KOGDA_CACHE_DIR", "KOGDA_URL", "KOGDA_INBOX_KEY")

#: Variables of the tests and their machines begin so.
_OF_TESTS = ("KOGDA_TEST_", "KOGDA_TESTS_")

#: What each address looks like; the schemes that are read, then the example that a mistake is answered with.
_ADDRESSES: dict[str, tuple[tuple[str, ...], str]] = {
    "database_url": (("postgresql", "postgres"), "postgresql://user:password@host:5432/database"),
    "read_database_url": (("postgresql", "postgres"), "postgresql://user:password@replica:5432/database"),
    "redis_url": (("redis", "rediss", "unix", SCHEME), "redis://host:6379/0"),
    "smtp_url": (("smtp", "smtps"), "smtp://user:password@host:587"),
    "public_url": (("http", "https"), "https://mail.example.com"),
}


_IN_A_HEAD = re.compile(r"[!#-;=?-~]{1,500}")


class Settings(BaseSettings):
    """One field per setting. Its description is what `kogda doctor` and docs/settings.md print."""

    model_config = SettingsConfigDict(env_prefix="KOGDA_", env_file=".env", extra="ignore", env_ignore_empty=True)

    workspace: Path = Field(default=Path(), description="folder with kogda.yaml, schema.yaml, rules/, templates/")
    data: Path = Field(default=Path(".kogda"), description="folder of the embedded PostgreSQL and Redis")
    host: str = Field(default="127.0.0.1", description="address the API listens on")
    port: int = Field(default=8000, ge=0, le=65535, description="port the API listens on")
    public_url: str | None = Field(
        default=None, description="how customers reach this server; default: http://HOST:PORT"
    )

    database_url: SecretStr | None = Field(
        default=None, description="postgresql://… of your own PostgreSQL; default: the embedded one"
    )
    read_database_url: SecretStr | None = Field(
        default=None, description="postgresql://… of a replica that reports, listings and the mailbox page read"
    )
    redis_url: SecretStr | None = Field(
        default=None, description="redis://… of your own Redis, or redis+sentinel://…; default: the embedded one"
    )
    instance: str | None = Field(
        default=None,
        max_length=100,
        description="name of this installation, `production`; workers refuse a database that bears another",
    )
    waker: Literal["arq", "null"] = Field(default="arq", description="who wakes workers; null: only the sweep")
    workers: int = Field(default=1, ge=1, le=64, description="worker processes that `kogda up` starts")
    partitions: int = Field(default=64, ge=1, le=1024, description="partitions of customers; fixed at the first start")

    write_key: SecretStr | None = Field(default=None, description="a write key to provide at start, for apps")
    smtp_url: SecretStr | None = Field(
        default=None, description="smtp://user:password@host:587 or smtps://…; default: the mailbox page"
    )
    mail_from: str | None = Field(default=None, description="sender of mails whose template names none")

    link_secret: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="what signs the links in mails, 32 characters or more; default: one that the database keeps",
    )

    webhooks_private: bool = Field(
        default=False, description="webhooks may be http:// and on private networks: for development"
    )

    keep_mailbox_days: int = Field(default=30, ge=1, description="days that mails stay on the mailbox page")
    keep_rejects_days: int = Field(default=30, ge=1, description="days that refused events are kept")
    keep_hits_days: int = Field(
        default=90, ge=1, description="days that single requests for tracked links and pictures are kept"
    )
    keep_inbox_days: int = Field(default=90, ge=1, description="days that customers find a message in their inbox")

    max_event_bytes: int = Field(default=32 * 1024, ge=1024, description="largest event accepted, in bytes of JSON")
    max_batch_bytes: int = Field(default=500 * 1024, ge=1024, description="largest body accepted, raw and unpacked")
    max_batch_events: int = Field(default=2500, ge=1, description="most events in one batch")
    max_connections: int = Field(default=1000, ge=1, description="connections that the API keeps open at once")
    max_connections_per_client: int = Field(
        default=256, ge=1, description="of them from one address; loopback is exempt, since a proxy may live there"
    )
    admin_key: SecretStr | None = Field(
        default=None, description="the key of the management API; without one it answers this machine only"
    )
    max_in_hand_bytes: int = Field(
        default=128 * 1024, ge=1024, description="bodies being read and stored at once, beyond which batches get a 503"
    )
    max_backlog_s: float = Field(default=600, gt=0, description="age of the oldest undecided event that answers 503")

    language: str = Field(
        default="en",
        description="language of commands and their help: en or ru, also ru_RU.UTF-8; logs are always English",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="least level logged")
    log_format: Literal["text", "json"] = Field(default="text", description="how log lines look")

    @field_validator(*_ADDRESSES)
    @classmethod
    def _check_address(cls, value: SecretStr | str | None, info: ValidationInfo) -> SecretStr | str | None:
        """The value itself stays out of the message: it may hold a password."""
        schemes, example = _ADDRESSES[info.field_name or ""]
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if text is not None and not _is_address(text, schemes):
            raise ValueError(f"it looks like {example}")
        return value


def read_settings(**overrides: object) -> Settings:
    """The settings of this process; `overrides` (of command-line options) win, None counts as not given.

    Raises ConfigurationError that names every wrong variable, its value (unless it is a secret) and what it must be.
    """
    given: dict[str, Any] = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        mistakes = [_mistake(str(detail["loc"][0]), detail["input"], detail["msg"]) for detail in error.errors()]
    raise ConfigurationError("; ".join(mistakes))


def given_variables() -> dict[str, str]:
    """The process's variables and, below them, those of `.env`."""
    return {**{name: value or "" for name, value in dotenv_values(".env").items()}, **os.environ}


def unknown_variables(given: Mapping[str, str]) -> dict[str, str | None]:
    """Variables that look like settings and are none, each with the setting that was meant, as far as we can guess."""
    known = [*(variable(field) for field in Settings.model_fields), *_READ_ELSEWHERE]
    ours = sorted(name for name in given if name.upper().startswith("KOGDA_"))
    unknown = [name for name in ours if name.upper() not in known and not name.upper().startswith(_OF_TESTS)]
    return {name: next(iter(nearest(name.upper(), known)), None) for name in unknown}


def variable(field: str) -> str:
    """The environment variable of a field of Settings."""
    return f"KOGDA_{field.upper()}"


def is_secret(field: str) -> bool:
    return "SecretStr" in str(Settings.model_fields[field].annotation)


def public_url(settings: Settings) -> str:
    """Where customers reach this server, without a slash at the end."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(settings.host, settings.host)
    return (settings.public_url or f"http://{f'[{host}]' if ':' in host else host}:{settings.port}").rstrip("/")


def _is_address(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        if SCHEME in schemes and sentinels_of(text) is not None:
            return True
        address = urlsplit(text)
        _ = address.port  # raises when it is no number
    except ValueError:
        return False
    if "https" in schemes and not _IN_A_HEAD.fullmatch(text):
        return False  # it stands in the heads of mails; a domain in other letters is written as xn--…
    # A socket is named in the query (PostgreSQL) or is the path (Redis).
    return address.scheme in schemes and bool(address.hostname or address.query or address.path.strip("/"))


def _mistake(field: str, value: object, message: str) -> str:
    shown = "" if is_secret(field) else f"={value}"
    message = message.removeprefix("Value error, ")
    return f"{variable(field)}{shown} is not usable: {message[0].lower()}{message[1:]}"
