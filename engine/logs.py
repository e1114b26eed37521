"""How the processes of a server log: KOGDA_LOG_LEVEL and KOGDA_LOG_FORMAT, one line an entry, to standard output."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from pydantic import SecretStr

from engine.config import Settings, given_variables
from engine.redaction import redactor, secrets_of


class _Redacted:
    """On the line as it is written, so that nothing gets around it: not a traceback, not a sentence of a library."""

    def __init__(self, render: Callable[..., Any], redact: Callable[[str], str]) -> None:
        self._render, self._redact = render, redact

    def __call__(self, logger: Any, name: str, entry: MutableMapping[str, Any]) -> str:
        return self._redact(str(self._render(logger, name, entry)))


def _secrets(settings: Settings) -> list[str]:
    given = (getattr(settings, name) for name in type(settings).model_fields)
    held = [value.get_secret_value() for value in given if isinstance(value, SecretStr)]
    return [*held, *secrets_of(given_variables())]


def configure_logging(settings: Settings) -> None:
    """Before anything is logged. Tracebacks show no local variables: those hold customers' data and secrets."""
    is_json = settings.log_format == "json"
    level = getattr(logging, settings.log_level.upper())
    renderer = (
        structlog.processors.JSONRenderer()
        if is_json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([structlog.processors.format_exc_info] if is_json else []),
            _Redacted(renderer, redactor(_secrets(settings))),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
