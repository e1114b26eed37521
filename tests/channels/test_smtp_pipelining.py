"""Servers that take commands at once (RFC 2920), and what a conversation makes of bytes that nobody asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

import pytest

from engine.channels import Rejected, Sent, TryLater, Unknown
from engine.channels.email_smtp import SmtpChannel
from engine.channels.smtp_settings import read_smtp_url
from tests.channels.conformance import handover

COMMANDS = b"MAIL FROM:<hello@shop.example>\r\nRCPT TO:<anna@example.com>\r\nDATA\r\n"


@dataclass
class Telling:
    """A server that reads whatever comes and answers a piece as a whole; it keeps the pieces."""

    answer_to: Callable[[bytes], bytes]
    offers: bytes = b"PIPELINING"
    pieces: list[bytes] = field(default_factory=list)
    is_bytewise: bool = False  # each byte of an answer by itself
    sessions: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def connections(self) -> int:
        return len(self.sessions)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.sessions.append(task)
        with suppress(ConnectionError):
            await self._session(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        while piece := await reader.read(2**16):
            self.pieces.append(piece)
            is_greeting = piece.startswith(b"EHLO")
            answer = b"250-sink\r\n250 " + self.offers + b"\r\n" if is_greeting else self.answer_to(piece)
            for part in (bytes([byte]) for byte in answer) if self.is_bytewise else (answer,):
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0)


@asynccontextmanager
async def channel_to(server: Telling) -> AsyncIterator[SmtpChannel]:
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        channel = SmtpChannel(replace(read_smtp_url(f"smtp://127.0.0.1:{port}?starttls=never"), connections=1))
        yield channel
        await channel.close()
        await asyncio.gather(*server.sessions)


def agreeable(piece: bytes) -> bytes:
    if piece.endswith(b"DATA\r\n"):
        return b"250 ok\r\n250 ok\r\n354 go\r\n"
    return b"221 bye\r\n" if piece == b"QUIT\r\n" else b"250 ok\r\n"


async def test_a_mail_needs_two_round_trips():
    server = Telling(agreeable)

    async with channel_to(server) as channel:
        verdict = await channel.send(handover())

    assert type(verdict) is Sent
    introduced, content = server.pieces[1:3]
    assert introduced == COMMANDS
    assert content.endswith(b"\r\n.\r\n")


async def test_a_server_that_does_not_offer_it_is_asked_word_by_word():
    def slow(piece: bytes) -> bytes:
        return b"354 go\r\n" if piece == b"DATA\r\n" else b"250 ok\r\n"

    server = Telling(slow, offers=b"8BITMIME")

    async with channel_to(server) as channel:
        verdict = await channel.send(handover())

    assert type(verdict) is Sent
    assert b"".join(server.pieces[1:4]) == COMMANDS
    assert server.pieces[3] == b"DATA\r\n"


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (b"550 5.7.1 no\r\n503 MAIL first\r\n503 RCPT first\r\n", "MAIL answered 550"),
        (b"250 ok\r\n550 5.1.1 nobody\r\n554 no valid recipients\r\n", "RCPT answered 550"),
        (b"250 ok\r\n250 ok\r\n554 not now\r\n", "DATA answered 554"),
    ],
)
async def test_a_refusal_leaves_the_connection_fit_for_the_next(answers: bytes, words: str):
    refusals = [answers]
    server = Telling(lambda piece: refusals.pop() if piece == COMMANDS and refusals else agreeable(piece))

    async with channel_to(server) as channel:
        refused, next_one = await channel.send(handover()), await channel.send(handover())

    assert isinstance(refused, Rejected)
    assert words in refused.reason
    assert type(next_one) is Sent
    assert server.connections == 1


async def test_a_server_that_waits_for_a_mail_to_nobody_is_left_without_one():
    refusals = [b"250 ok\r\n550 5.1.1 nobody\r\n354 go\r\n"]
    server = Telling(lambda piece: refusals.pop() if piece == COMMANDS and refusals else agreeable(piece))

    async with channel_to(server) as channel:
        refused, next_one = await channel.send(handover()), await channel.send(handover())

    assert isinstance(refused, Rejected) and refused.suppress
    assert type(next_one) is Sent
    assert sum(piece.endswith(b".\r\n") for piece in server.pieces) == 1
    assert server.connections == 2


async def test_answers_may_come_in_any_pieces():
    odd = b"250-first\r\n250-second\r\n250 third\r\n250\r\n354 go\n"
    server = Telling(lambda piece: odd if piece == COMMANDS else agreeable(piece), is_bytewise=True)

    async with channel_to(server) as channel:
        verdict = await channel.send(handover())

    assert type(verdict) is Sent


@pytest.mark.parametrize("unasked", [b"421 idle for too long\r\n", b"250 by the way\r\n", b"25", b"hello\r\n"])
async def test_what_a_server_says_between_two_mails_is_no_answer_to_the_next(unasked: bytes):
    said = [b"250 taken\r\n" + unasked]

    def talkative(piece: bytes) -> bytes:
        return said.pop() if piece.endswith(b"\r\n.\r\n") and said else agreeable(piece)

    server = Telling(talkative)

    async with channel_to(server) as channel:
        verdicts = [await channel.send(handover()) for _ in range(2)]

    assert [type(each) for each in verdicts] == [Sent, Sent]
    assert server.connections == 2


@pytest.mark.parametrize("endless", [b"250-" + b"x" * 40_000, b"250-x\r\n" * 40_000, b"250 ok\r\n" * 1_000, b"?\r\n"])
async def test_a_server_that_says_too_much_is_left(endless: bytes):
    server = Telling(lambda piece: endless)

    async with channel_to(server) as channel:
        verdict = await channel.send(handover())

    assert isinstance(verdict, (TryLater, Unknown))
    assert server.connections == 1
