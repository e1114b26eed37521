"""What the processes of a server write, and what they keep to themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import structlog

from engine.config import Settings
from engine.logs import configure_logging
from engine.notices import EVERY_S, Notices


@pytest.fixture(autouse=True)
def _defaults() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def settings(**changes: Any) -> Settings:
    return Settings(_env_file=None, **changes)  # type: ignore[call-arg]


def fail_with(address: str) -> None:
    try:
        raise ValueError("no such thing")
    except ValueError:
        structlog.get_logger().exception("failed")


def test_what_is_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]):
    configure_logging(settings(log_level="warning"))

    structlog.get_logger().info("small")
    structlog.get_logger().warning("large", count=3)

    written = capsys.readouterr().out
    assert "small" not in written and "large" in written


def test_an_entry_is_one_line_of_json_when_asked_for(capsys: pytest.CaptureFixture[str]):
    configure_logging(settings(log_format="json"))

    fail_with("anna@example.com")

    [line] = capsys.readouterr().out.splitlines()
    entry = orjson.loads(line)
    assert (entry["event"], entry["level"]) == ("failed", "error")
    assert "no such thing" in entry["exception"] and "anna@" not in line


@pytest.mark.parametrize("form", ["text", "json"])
def test_tracebacks_show_no_local_variables(capsys: pytest.CaptureFixture[str], form: str):
    configure_logging(settings(log_format=form))

    fail_with("".join(["anna", "@", "example.org"]))

    written = capsys.readouterr().out
    assert "ValueError" in written and "anna@example.org" not in written


def test_what_happens_often_is_told_once_a_minute_with_its_count():
    now = 0.0
    notices = Notices(clock=lambda: now)

    first, second, nothing = notices.add("outage", 3), notices.add("outage", 2), notices.add("other", 0)
    now = EVERY_S
    third = notices.add("outage", 1)

    assert (first, second, nothing, third) == (3, 0, 0, 3)
