import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.supervisor.child import Child
from api.supervisor.ports import free_port, url
from api.supervisor.signals import Signals
from engine.errors import ConfigurationError, PortTaken
from tests.cli.running import environment, until


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def child(lines: list[str], tmp_path: Path) -> Iterator[Child]:
    """Of a part that does not exist, so that it dies at once."""
    made = Child("part", "no such part", environment(), tmp_path, lambda name, line: lines.append(f"{name}: {line}"))
    yield made
    made.end()


def test_a_child_that_dies_is_started_again_at_once_then_after_longer_and_longer_pauses(child: Child, lines: list[str]):
    child.start(0.0)
    first = child.pid
    until(lambda: not child.is_running)
    child.tend(1.0)
    child.tend(1.0)
    second = child.pid
    until(lambda: not child.is_running)
    child.tend(2.0)
    child.tend(2.5)
    too_early = child.pid
    child.tend(3.0)

    assert second != first
    assert too_early == second
    assert child.pid != second
    assert child.exits == [1, 1]
    assert "part: stopped with exit code 1; starting it again" in lines
    assert "part: stopped with exit code 1; starting it again in 1 s" in lines


def test_a_child_that_lived_for_long_is_started_again_at_once(child: Child):
    child.start(0.0)
    until(lambda: not child.is_running)
    child.tend(100.0)
    child.tend(100.0)
    second = child.pid
    until(lambda: not child.is_running)
    child.tend(300.0)
    child.tend(300.0)

    assert child.pid != second


def test_what_a_child_says_is_shown_under_its_name(child: Child, lines: list[str]):
    child.start(0.0)

    until(lambda: any(line.startswith("part: ") and "no such part" in line for line in lines))


def test_the_first_signal_stops_and_the_second_hurries():
    with Signals() as signals:
        before = signals.is_stopping
        os.kill(os.getpid(), signal.SIGINT)
        signals.wait(60)
        once = (signals.is_stopping, signals.is_hurried)
        os.kill(os.getpid(), signal.SIGTERM)
        signals.wait(60)

        assert not before
        assert once == (True, False)
        assert signals.is_hurried


def test_the_handlers_of_before_are_put_back():
    before = signal.getsignal(signal.SIGINT)

    with Signals():
        during = signal.getsignal(signal.SIGINT)

    assert during != before
    assert signal.getsignal(signal.SIGINT) == before


def test_a_port_that_is_taken_is_refused():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()

        with pytest.raises(PortTaken, match="is taken by another program"):
            free_port("127.0.0.1", other.getsockname()[1])


def test_port_0_is_a_free_one():
    assert free_port("127.0.0.1", 0) > 0


def test_an_address_that_is_not_known_is_named():
    with pytest.raises(ConfigurationError, match=r"nowhere\.invalid"):
        free_port("nowhere.invalid", 8000)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", "http://127.0.0.1:8000"), ("0.0.0.0", "http://127.0.0.1:8000"), ("::1", "http://[::1]:8000")],
)
def test_the_url_is_one_that_a_browser_here_can_open(host: str, expected: str):
    assert url(host, 8000) == expected
