"""The SMTP channel against a server that misbehaves at every verb."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.channels import Rejected, Sent, TryLater, Unknown
from engine.channels.email_smtp import SmtpChannel
from engine.channels.smtp_settings import SmtpSettings, SmtpTimeouts, read_smtp_url
from engine.errors import ConfigurationError
from tests.channels.conformance import Bench, ChannelConformance, handover
from tests.channels.smtp_sink import SmtpSink
from tests.simulation.virtual_loop import in_made_time

IMPATIENT = SmtpTimeouts(connect=0.4, command=0.4, data=0.4, block=0.4, final=0.4, quit=0.4)


def channel_to(sink: SmtpSink, **changes: object) -> SmtpChannel:
    settings = read_smtp_url(f"smtp://127.0.0.1:{sink.port}?starttls=never")
    return SmtpChannel(replace(settings, **({"timeouts": IMPATIENT} | changes)))  # type: ignore[arg-type]


class TestSmtp(ChannelConformance):
    @pytest.fixture
    async def bench(self) -> AsyncIterator[Bench]:
        sink = SmtpSink()
        running = sink.running()
        await running.__aenter__()
        channel = channel_to(sink)
        stopped = asyncio.Event()

        async def received() -> list[tuple[str, bytes]]:
            return sink.accepted

        async def break_down() -> None:
            stopped.set()
            await running.__aexit__(None, None, None)

        yield Bench(channel, received, break_down)
        await channel.close()
        if not stopped.is_set():
            await running.__aexit__(None, None, None)


@pytest.mark.parametrize(
    ("script", "verdict", "words"),
    [
        ({"GREETING": "421 busy"}, TryLater, "421"),
        ({"GREETING": "554 go away"}, TryLater, "554"),
        ({"GREETING": "drop"}, TryLater, ""),
        ({"GREETING": "hang"}, TryLater, "cannot be reached"),
        ({"EHLO": "421 closing"}, TryLater, ""),
        ({"EHLO": "drop"}, TryLater, ""),
        ({"EHLO": "hang"}, TryLater, ""),
        ({"MAIL": "421 closing"}, TryLater, "MAIL answered 421 closing"),
        ({"MAIL": "450 busy"}, TryLater, "MAIL answered 450 busy"),
        ({"MAIL": "451 greylisted"}, TryLater, "MAIL answered 451 greylisted"),
        ({"MAIL": "550 5.7.1 sender blocked"}, Rejected, "MAIL answered 550"),
        ({"MAIL": "552 too big"}, Rejected, "MAIL answered 552"),
        ({"MAIL": "drop"}, TryLater, "before the end"),
        ({"MAIL": "hang"}, TryLater, "before the end"),
        ({"MAIL": "reset"}, TryLater, "before the end"),
        ({"RCPT": "421 closing"}, TryLater, "RCPT answered 421"),
        ({"RCPT": "450 4.2.0 greylisted"}, TryLater, "RCPT answered 450 4.2.0 greylisted"),
        ({"RCPT": "550 5.1.1 no such user"}, Rejected, "RCPT answered 550 5.1.1"),
        ({"RCPT": "552 5.2.2 mailbox full"}, Rejected, "RCPT answered 552"),
        ({"RCPT": "drop"}, TryLater, "before the end"),
        ({"RCPT": "hang"}, TryLater, "before the end"),
        ({"RCPT": "reset"}, TryLater, "before the end"),
        ({"DATA": "451 later"}, TryLater, "DATA answered 451"),
        ({"DATA": "554 no"}, Rejected, "DATA answered 554"),
        ({"DATA": "drop"}, TryLater, "before the end"),
        ({"DATA": "hang"}, TryLater, "before the end"),
        ({"DATA": "250 odd"}, TryLater, "DATA answered 250"),
        ({"END": "421 closing"}, TryLater, "the end of the mail answered 421"),
        ({"END": "450 later"}, TryLater, "the end of the mail answered 450"),
        ({"END": "550 spam"}, Rejected, "the end of the mail answered 550"),
        ({"END": "552 too big"}, Rejected, "the end of the mail answered 552"),
        ({"END": "554 refused"}, Rejected, "the end of the mail answered 554"),
        ({"END": "drop"}, Unknown, "no answer came"),
        ({"END": "hang"}, Unknown, "no answer came"),
        ({"END": "reset"}, Unknown, "no answer came"),
        ({"END": "half close"}, Unknown, "no answer came"),
        ({"END": "not smtp at all"}, Unknown, "no answer came"),
    ],
    ids=str,
)
@pytest.mark.parametrize("offers", ["8BITMIME", "PIPELINING"])
@in_made_time
async def test_every_misbehaviour_has_its_verdict(script: dict[str, str], verdict: type, words: str, offers: str):
    sink = SmtpSink(lambda _: script, offers=offers)
    async with sink.running():
        channel = channel_to(sink)

        found = await channel.send(handover())

        await channel.close()
    assert type(found) is verdict, found
    assert words in found.reason


@in_made_time
async def test_a_small_mail_arrives_in_one_piece_with_its_final_dot():
    pieces = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            writer.write(b"354 go\r\n" if line == b"DATA\r\n" else b"250 ok\r\n")
            if line == b"DATA\r\n":
                pieces.append(await reader.read(2**16))
                writer.write(b"250 taken\r\n")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        channel = channel_to(SmtpSink(port=server.sockets[0].getsockname()[1]))

        verdict = await channel.send(handover(text=".hidden\nshown", html=None))

        await channel.close()
    assert type(verdict) is Sent
    assert pieces[0].endswith(b"\r\n\r\n..hidden\r\nshown\r\n.\r\n")


@pytest.mark.parametrize("misbehaviour", ["drop", "reset", "hang"])
async def test_a_connection_lost_in_the_middle_of_a_big_mail_is_tried_later(misbehaviour: str):
    sink = SmtpSink(lambda _: {"CONTENT": misbehaviour})
    async with sink.running():
        channel = channel_to(sink)

        verdict = await channel.send(handover(text="x" * 30_000_000, html=None))

        await channel.close()
    assert isinstance(verdict, TryLater)
    assert sink.accepted == []


@pytest.mark.parametrize(
    ("answer", "suppress"),
    [
        ("550 5.1.1 user unknown", True),
        ("550 No such user here", True),
        ("553 5.1.3 bad address syntax", True),
        ("550 5.2.1 mailbox disabled", True),
        ("551 user not local", True),
        ("550 5.7.1 blocked by policy", False),
        ("550 Message rejected as spam", False),
        ("554 5.7.1 relay access denied", False),
        ("552 5.2.2 over quota", False),
        ("550 5.4.1 recipient address rejected: access denied", False),
    ],
)
@in_made_time
async def test_only_dead_addresses_are_suppressed(answer: str, suppress: bool):
    sink = SmtpSink(lambda _: {"RCPT": answer})
    async with sink.running():
        channel = channel_to(sink)

        verdict = await channel.send(handover())

        await channel.close()
    assert isinstance(verdict, Rejected)
    assert verdict.suppress is suppress


@pytest.mark.parametrize("trouble", ["drop", "reset", "hang", "421 closing", "not smtp at all"])
@in_made_time
async def test_a_spoilt_connection_never_serves_another_mail(trouble: str):
    sink = SmtpSink(lambda number: {"END": trouble} if number == 0 else {})
    async with sink.running():
        channel = channel_to(sink, connections=1)
        await channel.send(handover())

        verdict = await channel.send(handover())

        await channel.close()
    assert isinstance(verdict, Sent)
    assert sink.connections == 2


@in_made_time
async def test_a_refused_mail_leaves_the_connection_fit_for_the_next():
    sink = SmtpSink()
    sink.script = lambda _: {"RCPT": "550 5.1.1 no"} if len(sink.recipients) == 1 else {}
    async with sink.running():
        channel = channel_to(sink, connections=1)
        refused = await channel.send(handover())

        verdict = await channel.send(handover())

        await channel.close()
    assert (type(refused), type(verdict), sink.connections) == (Rejected, Sent, 1)
    assert sink.commands.count("RSET") == 1


@in_made_time
async def test_a_connection_that_the_server_closed_meanwhile_costs_nothing():
    sink = SmtpSink()
    sink.script = lambda number: {"MAIL": "421 idle too long"} if number == 1 and sink.connections == 1 else {}
    async with sink.running():
        channel = channel_to(sink, connections=1)
        await channel.send(handover())

        verdict = await channel.send(handover())

        await channel.close()
    assert isinstance(verdict, Sent)
    assert (sink.connections, len(sink.accepted)) == (2, 2)


@in_made_time
async def test_connections_are_reused_and_bounded():
    sink = SmtpSink()
    async with sink.running():
        channel = channel_to(sink, connections=3)

        await asyncio.gather(*(channel.send(handover()) for _ in range(60)))

        await channel.close()
    assert len(sink.accepted) == 60
    assert sink.connections <= 3
    assert sink.commands.count("QUIT") == sink.connections


@pytest.mark.parametrize("trouble", ["tarpit", "500 no"])
@in_made_time
async def test_a_connection_that_cannot_be_introduced_is_closed(trouble: str):
    sink = SmtpSink(lambda _: {"EHLO": trouble})
    async with sink.running():
        channel = channel_to(sink)

        verdict = await channel.send(handover())

        async with asyncio.timeout(10):
            while sink.open:
                await asyncio.sleep(2)
        await channel.close()
    assert isinstance(verdict, TryLater)


@in_made_time
async def test_a_cancelled_mail_gives_its_place_back():
    sink = SmtpSink(lambda number: {"END": "hang"} if number == 0 else {})
    async with sink.running():
        channel = channel_to(sink, connections=1)
        first = asyncio.create_task(channel.send(handover()))
        while not sink.recipients:
            await asyncio.sleep(0)
        sink.mails = 1
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)

        verdict = await channel.send(handover())

        await channel.close()
    assert isinstance(verdict, Sent)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", ("mail.example", 587, False, None, None)),
        ("smtp://u%40x:p%2Fw@mail.example:25", ("mail.example", 25, False, True, "u@x")),
        ("smtps://u:p@mail.example", ("mail.example", 465, True, False, "u")),
        ("smtp://u:p@mail.example?starttls=never", ("mail.example", 587, False, False, "u")),
        ("smtp://mail.example?starttls=always", ("mail.example", 587, False, True, None)),
    ],
)
def test_the_url_says_how_to_connect(url: str, expected: tuple[object, ...]):
    found = read_smtp_url(url)

    assert (found.host, found.port, found.implicit_tls, found.start_tls, found.username) == expected


@pytest.mark.parametrize(
    "url", ["mail.example", "http://x", "smtp://", "smtp://h:port", "smtp://h?tls=1", "smtp://h?connections=0"]
)
def test_a_wrong_url_is_refused_without_showing_the_password(url: str):
    with pytest.raises(ConfigurationError) as caught:
        read_smtp_url(url)

    assert "KOGDA_SMTP_URL" in str(caught.value)


def test_the_password_is_never_in_a_representation():
    assert "hunter2" not in repr(read_smtp_url("smtp://u:hunter2@h"))


@in_made_time
async def test_mail_goes_through_implicit_tls_with_a_trusted_certificate(tmp_path: Path):
    server, client = self_signed(tmp_path)
    sink = SmtpSink()
    async with sink.running(ssl=server):
        settings = replace(read_smtp_url(f"smtps://localhost:{sink.port}"), tls=client, timeouts=IMPATIENT)
        channel, stranger = SmtpChannel(settings), SmtpChannel(replace(settings, tls=None))

        verdict, refused = await channel.send(handover()), await stranger.send(handover())

        await channel.close()
        await stranger.close()
    assert isinstance(verdict, Sent)
    assert isinstance(refused, TryLater) and "certificate" in refused.reason.lower()


def self_signed(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    certificate, key = folder / "cert.pem", folder / "key.pem"
    import subprocess

    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    return server, ssl.create_default_context(cafile=str(certificate))


def test_the_waits_are_those_of_rfc_5321():
    timeouts = SmtpSettings(host="h", port=25, implicit_tls=False, start_tls=None).timeouts

    assert (timeouts.command, timeouts.data, timeouts.block, timeouts.final) == (300, 120, 180, 600)
