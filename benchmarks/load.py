"""A client that costs little: raw sockets, ready-made requests, one thread for each connection."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answers:
    """Seconds from the first request to the last answer, and how long each answer took."""

    seconds: float
    latencies_s: list[float]


def post(port: int, requests: Sequence[bytes], *, connections: int) -> Answers:
    """Sends every request once; any answer but 200 ends the measurement with an error."""
    latencies: list[list[float]] = [[] for _ in range(connections)]
    failures: list[str] = []
    threads = [
        threading.Thread(target=_send_all, args=(port, requests[index::connections], latencies[index], failures))
        for index in range(connections)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if failures:
        raise RuntimeError(f"the API answered {failures[0]}")
    return Answers(seconds, [latency for each in latencies for latency in each])


def _send_all(port: int, requests: Sequence[bytes], latencies: list[float], failures: list[str]) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in requests:
            began = time.perf_counter()
            connection.sendall(request)
            answer = _whole_answer(connection)
            latencies.append(time.perf_counter() - began)
            if not answer.startswith(b"HTTP/1.1 200"):
                failures.append(answer[:300].decode(errors="replace"))
                return


def _whole_answer(connection: socket.socket) -> bytes:
    answer = connection.recv(65536)
    while b"\r\n\r\n" not in answer:
        answer += _more(connection)
    head, _, body = answer.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
    )
    while len(body) < length:
        body += _more(connection)
    return head + b"\r\n\r\n" + body


def _more(connection: socket.socket) -> bytes:
    part = connection.recv(65536)
    if not part:
        raise ConnectionError("the API closed the connection")
    return part
