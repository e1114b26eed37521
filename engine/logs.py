"""How the processes of a server log: KOGDA_LOG_LEVEL and KOGDA_LOG_FORMAT, one line an entry, to standard output."""

from __future__ import annotations

import logging
import sys

import structlog

from engine.config import Settings


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
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
