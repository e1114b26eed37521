"""Drill 25: connections that say nothing, or nothing more. Others are served meanwhile, and each is closed in time."""

from __future__ import annotations

import multiprocessing
import resource
import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection

import psutil
import pytest

from engine.config import Settings
from tests.api.conftest import LiveServer, api_settings, live
from tests.drills.sizes import sized
from tests.drills.stage import Record

IDLE = sized(500, 10_000)
SOON_S = sized(3, 20)  # the deadline of this drill: all must be there before the first is closed
LATE_S = 60  # on a busy machine
MOST_KIB = 32  # of the server, for each
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
    statuses = []
    for _ in range(count):
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
            connection.sendall(HEALTH)
            statuses.append(int(connection.recv(4096).split(b" ", 2)[1]))
    return statuses


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
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(settings, theirs), daemon=True)
    process.start()
    assert process.pid is not None
    try:
        assert ours.poll(60)
        yield ours.recv(), psutil.Process(process.pid)
        ours.send("enough")
        process.join(30)
    finally:
        process.kill()
        process.join()


def _serve(settings: Settings, pipe: Connection) -> None:
    with live(settings, headers_s=float(SOON_S), keep_alive_s=SOON_S) as server:
        pipe.send(server)
        pipe.recv()


def test_idle_connections_cost_little_and_are_closed_while_others_are_served(
    roomy: tuple[LiveServer, psutil.Process], record_property: Record
) -> None:
    server, process = roomy
    served(server)
    before = process.memory_info().rss
    with idle(server, IDLE // 2) as silent, idle(server, IDLE // 2, after=HEALTH) as done:
        answers = served(server)
        kib = (process.memory_info().rss - before) / 1024 / IDLE
        gone = closed(silent + done, within_s=SOON_S + LATE_S)

    record_property("idle", IDLE)
    record_property("KiB each", round(kib))
    assert answers == [200] * 20
    assert gone == IDLE
    assert kib < MOST_KIB


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
