"""Drill 25: connections that say nothing, nothing more, or something for ever. Others are served meanwhile, and as
soon as before; and each is closed in time."""

from __future__ import annotations

import resource
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from statistics import quantiles

import psutil
import pytest

from tests.api.conftest import LiveServer, api_settings, live
from tests.api.own_process import apart
from tests.drills.sizes import sized
from tests.drills.stage import Record

IDLE = sized(500, 10_000)
SOON_S = sized(3, 20)  # the deadline of this drill: all must be there before the first is closed
LATE_S = 60  # on a busy machine
MOST_KIB = 32  # of the server, for each
SLOW = sized(100, 1_000)
DRIP_S = 1.0  # between two bytes of each of them
ASKED = sized(100, 1_000)  # requests of others, of which the share is
SHARE = sized(90, 99)  # in a hundred; of a machine that tests share the last few say nothing
#: How much later others may be answered than on a quiet server, 2 by the design; and what says nothing of any ratio.
LATER, SOON_ENOUGH_S = sized((5, 0.1), (2, 0.05))
HEALTH = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


@contextmanager
def idle(server: LiveServer, count: int, *, after: bytes = b"") -> Iterator[list[socket.socket]]:
    """Connections that have said `after`, and have read its answer."""
    with ExitStack() as stack:
        made = []
        for _ in range(count):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=60))
            if after:
                connection.sendall(after)
                assert connection.recv(4096).startswith(b"HTTP/1.1 200")
            made.append(connection)
        yield made


def closed(connections: list[socket.socket], *, within_s: float) -> int:
    """How many the server has closed by then."""
    waiting, ends_at = select.poll(), time.monotonic() + within_s
    by_number = {each.fileno(): each for each in connections}
    for number in by_number:
        waiting.register(number, select.POLLIN)
    left = set(by_number)
    while left:
        came = waiting.poll(100)
        if not came and time.monotonic() > ends_at:
            break  # not before all is read that came by then, however late it is looked at
        for number, _ in came:
            if not _read(by_number[number]):
                waiting.unregister(number)
                left.discard(number)
    return len(connections) - len(left)


def _read(connection: socket.socket) -> bytes:
    try:
        return connection.recv(4096)
    except ConnectionResetError:
        return b""


def served(server: LiveServer, count: int = 20) -> list[int]:
    """Statuses of others, each with a connection of its own."""
    return [_asked(server)[0] for _ in range(count)]


def _asked(server: LiveServer) -> tuple[int, float]:
    """Status, and after how many seconds."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(HEALTH)
        status = int(connection.recv(4096).split(b" ", 2)[1])
    return status, time.monotonic() - began


def answered_within(server: LiveServer) -> float:
    """Seconds after which SHARE of the others have their answer, which is good for all."""
    statuses, seconds = zip(*(_asked(server) for _ in range(ASKED)), strict=True)
    assert set(statuses) == {200}
    return quantiles(seconds, n=100)[SHARE - 1]


@contextmanager
def dripping(connections: list[socket.socket]) -> Iterator[None]:
    """Each sends a byte now and then, as long as it is let."""
    ended = threading.Event()

    def drip() -> None:
        left = list(connections)
        while not ended.wait(DRIP_S):
            left = [each for each in left if _sends(each)]

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _sends(connection: socket.socket) -> bool:
    try:
        return connection.send(b"x") == 1
    except OSError:
        return False


@pytest.fixture
def many_files() -> Iterator[None]:
    """At each end, and the server is a process of its own."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = IDLE + 1_000
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"a process may not open {wanted:,} files here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def roomy(database_url: str, many_files: None) -> Iterator[tuple[LiveServer, psutil.Process]]:
    """It lets in more than there are; and its process."""
    settings = api_settings(database_url, max_connections=IDLE + 100)
    with apart(settings, headers_s=float(SOON_S), keep_alive_s=SOON_S) as served_apart:
        yield served_apart


def test_idle_connections_cost_little_and_are_closed_while_others_are_served(
    roomy: tuple[LiveServer, psutil.Process], record_property: Record
) -> None:
    server, process = roomy
    quiet_s = answered_within(server)
    before = process.memory_info().rss
    with idle(server, IDLE // 2) as silent, idle(server, IDLE // 2, after=HEALTH) as done:
        busy_s = answered_within(server)
        kib = (process.memory_info().rss - before) / 1024 / IDLE
        gone = closed(silent + done, within_s=SOON_S + LATE_S)

    record_property("idle", IDLE)
    record_property("KiB each", round(kib))
    assert gone == IDLE
    assert kib < MOST_KIB
    assert busy_s < max(LATER * quiet_s, SOON_ENOUGH_S)


def test_clients_that_never_end_their_headers_hold_nobody_up_and_are_let_go(
    roomy: tuple[LiveServer, psutil.Process], record_property: Record
) -> None:
    server, _ = roomy
    quiet_s = answered_within(server)
    with idle(server, SLOW) as slow:
        for each in slow:
            each.sendall(HEALTH.removesuffix(b"\r\n") + b"X-Slow: ")
        with dripping(slow):
            busy_s = answered_within(server)
            gone = closed(slow, within_s=SOON_S + LATE_S)

    record_property("slow", SLOW)
    record_property("ms of others", round(busy_s * 1000))
    record_property("ms before", round(quiet_s * 1000))
    assert gone == SLOW
    assert busy_s < max(LATER * quiet_s, SOON_ENOUGH_S)


@pytest.fixture
def narrow(database_url: str) -> Iterator[LiveServer]:
    with live(api_settings(database_url, max_connections=20)) as server:
        yield server


@pytest.mark.parametrize("after", [pytest.param(b"", id="nothing said"), pytest.param(HEALTH, id="after a request")])
def test_more_idle_connections_than_there_is_room_for_keep_nobody_out(narrow: LiveServer, after: bytes) -> None:
    with idle(narrow, 100, after=after) as connections:
        answers = served(narrow)
        gone = closed(connections, within_s=5)

    assert answers == [200] * 20
    assert gone >= 80


def test_whoever_is_in_the_middle_of_a_request_does_not_give_way(narrow: LiveServer) -> None:
    begun = HEALTH.removesuffix(b"\r\n")
    # In one piece: the answer to the first says that both have been read.
    with idle(narrow, 1, after=HEALTH + begun) as [busy], idle(narrow, 60):
        busy.sendall(b"\r\n")

        assert busy.recv(4096).startswith(b"HTTP/1.1 200")


def test_empty_lines_after_a_request_do_not_keep_a_connection(database_url: str) -> None:
    with (
        live(api_settings(database_url), headers_s=2, keep_alive_s=75) as server,
        idle(server, 1, after=HEALTH) as connections,
    ):
        connections[0].sendall(b"\r\n")

        assert closed(connections, within_s=LATE_S) == 1
