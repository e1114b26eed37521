"""What becomes of a post, and where it can never go."""

from __future__ import annotations

import asyncio
import gc
import shlex
import ssl
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.channels import Rejected, Sent, TryLater
from engine.channels.http_post import Answer, HttpPoster, Post, pause, verdict_of
from engine.channels.reachable import is_public
from engine.resting import FAILURES, MOST_KNOWN, REST_S, Resting
from tests.channels.http_sink import HttpSink, answer

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def post(url: str) -> Post:
    return Post(url=url, body=b'{"id": 1}', headers={"content-type": "application/json"})


class Names:
    """A resolver: the addresses of each name, one list after another."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers.pop(0)


# outcomes


@pytest.mark.parametrize(
    ("status", "retry_after", "verdict"),
    [
        pytest.param(200, None, Sent("200"), id="200"),
        pytest.param(204, None, Sent("204"), id="204"),
        pytest.param(302, None, Rejected("crm answered 302; redirects are not followed"), id="302"),
        pytest.param(400, None, Rejected("crm answered 400"), id="400"),
        pytest.param(401, None, Rejected("crm answered 401"), id="401"),
        pytest.param(410, None, Rejected("crm answered 410"), id="410"),
        pytest.param(408, None, TryLater("crm answered 408"), id="408"),
        pytest.param(429, "120", TryLater("crm answered 429", after=timedelta(seconds=120)), id="429 in seconds"),
        pytest.param(
            503, "Mon, 02 Mar 2026 10:00:00 GMT", TryLater("crm answered 503", after=timedelta(hours=1)), id="503 date"
        ),
        pytest.param(503, "soon", TryLater("crm answered 503"), id="503 in words"),
        pytest.param(
            503, "Mon, 02 Mar " + "9" * 40 + " 10:00:00 GMT", TryLater("crm answered 503"), id="503 in no year"
        ),
        pytest.param(503, "9" * 40, TryLater("crm answered 503", after=timedelta(days=1)), id="503 for ever"),
        pytest.param(500, None, TryLater("crm answered 500"), id="500"),
        pytest.param(100, None, Rejected("crm answered 100"), id="100"),
    ],
)
def test_an_answer_is_a_verdict(status, retry_after, verdict):
    answer = Answer(status=status, body=b"", host="crm", retry_after=pause(retry_after, NOW))

    assert verdict_of(answer) == verdict


async def test_a_post_arrives_with_its_host_and_body():
    async with HttpSink().running() as sink:
        poster = HttpPoster(allows_private=True, resolve=Names(["127.0.0.1"]))

        verdict = await poster.post(post(f"http://crm.example:{sink.port}/hooks?x=1"))

        [(line, headers, body)] = sink.requests
        assert verdict == Sent("204")
        assert line == "POST /hooks?x=1 HTTP/1.1"
        assert (headers["host"], headers["user-agent"], body) == (f"crm.example:{sink.port}", "Kogda", b'{"id": 1}')
        await poster.close()


async def test_the_name_is_looked_up_once_and_the_connection_goes_to_what_was_looked_at():
    """A name that means something else a moment later leads nowhere else."""
    async with HttpSink().running() as sink, HttpSink().running("127.0.0.2", port=sink.port) as canary:
        names = Names(["127.0.0.1"], ["127.0.0.2"])
        poster = HttpPoster(allows_private=True, resolve=names)

        await poster.post(post(f"http://crm.example:{sink.port}/"))

        assert names.asked == [("crm.example", sink.port)]
        assert (sink.connections, canary.connections) == (1, 0)
        await poster.close()


async def test_a_connection_is_used_again():
    async with HttpSink(lambda _: answer(200), keeps_open=True).running() as sink:
        poster = HttpPoster(allows_private=True, resolve=Names(*[["127.0.0.1"]] * 5))

        verdicts = [await poster.post(post(f"http://crm.example:{sink.port}/")) for _ in range(5)]
        await poster.close()

    assert verdicts == [Sent("200")] * 5
    assert (sink.connections, len(sink.requests)) == (1, 5)


async def test_two_names_of_one_address_share_no_connection():
    async with HttpSink(lambda _: answer(200), keeps_open=True).running() as sink:
        poster = HttpPoster(allows_private=True, resolve=Names(["127.0.0.1"], ["127.0.0.1"]))

        for name in ("crm.example", "other.example"):
            await poster.post(post(f"http://{name}:{sink.port}/"))
        await poster.close()

    assert sink.connections == 2


async def test_a_name_that_leads_elsewhere_meanwhile_leaves_the_open_connection():
    moved = HttpSink(lambda _: answer(204))
    async with (
        HttpSink(lambda _: answer(200), keeps_open=True).running() as sink,
        moved.running("127.0.0.2", port=sink.port),
    ):
        poster = HttpPoster(allows_private=True, resolve=Names(["127.0.0.1"], ["127.0.0.2"]))

        verdicts = [await poster.post(post(f"http://crm.example:{sink.port}/")) for _ in range(2)]
        await poster.close()

    assert verdicts == [Sent("200"), Sent("204")]
    assert (len(sink.requests), len(moved.requests)) == (1, 1)


async def test_a_name_that_leads_near_is_refused_though_a_connection_is_open():
    async with HttpSink(lambda _: answer(200), keeps_open=True).running() as sink:
        poster = HttpPoster(allows_private=True, resolve=Names(["127.0.0.1"], ["127.0.0.1"]))
        await poster.post(post(f"http://crm.example:{sink.port}/"))

        poster.allows_private = False
        found = await poster.post(post(f"https://crm.example:{sink.port}/"))
        await poster.close()

    assert isinstance(found, Rejected) and "private network" in found.reason
    assert len(sink.requests) == 1


async def test_a_long_answer_costs_its_connection_and_nothing_else():
    long = "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n" + "x" * 100_000
    async with HttpSink(lambda _: long, keeps_open=True).running() as sink:
        poster = HttpPoster(allows_private=True, resolve=Names(*[["127.0.0.1"]] * 3))

        verdicts = [await poster.post(post(f"http://crm.example:{sink.port}/")) for _ in range(3)]
        await poster.close()

    assert verdicts == [Sent("200")] * 3
    assert sink.connections == 3


async def test_an_address_that_does_not_answer_is_followed_by_the_next():
    async with HttpSink().running() as sink:
        poster = HttpPoster(allows_private=True, resolve=Names(["127.0.0.3", "127.0.0.1"]))

        verdict = await poster.post(post(f"http://crm.example:{sink.port}/"))

        assert verdict == Sent("204")
        await poster.close()


async def test_tls_is_verified_for_the_name_and_not_for_the_address(tmp_path: Path):
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=crm.example",
         "-addext", "subjectAltName=DNS:crm.example", "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )  # fmt: skip
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    trust = ssl.create_default_context(cafile=str(certificate))
    async with HttpSink().running(tls=server) as sink:
        poster = HttpPoster(allows_private=True, resolve=Names(*[["127.0.0.1"]] * 3), trust=trust)

        right = await poster.post(post(f"https://crm.example:{sink.port}/"))
        wrong = await poster.post(post(f"https://other.example:{sink.port}/"))

        assert right == Sent("204")
        assert wrong == TryLater("other.example cannot be reached")
        assert len(sink.requests) == 1
        await poster.close()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        pytest.param("drop", "no answer from crm.example: RemoteProtocolError", id="no answer"),
        pytest.param("nonsense\r\n\r\n", "no answer from crm.example: RemoteProtocolError", id="no HTTP"),
        pytest.param(answer(500), "crm.example answered 500", id="500"),
    ],
)
async def test_what_may_have_arrived_is_sent_again(said, reason):
    async with HttpSink(lambda _: said).running() as sink:
        poster = HttpPoster(allows_private=True, resolve=Names(["127.0.0.1"]))

        verdict = await poster.post(post(f"http://crm.example:{sink.port}/"))

        assert verdict == TryLater(reason)
        await poster.close()


async def test_nothing_of_a_long_answer_is_read():
    endless = "HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n" + "x" * 100_000
    async with HttpSink(lambda _: endless).running() as sink:
        poster = HttpPoster(allows_private=True, resolve=Names(["127.0.0.1"]))

        async with asyncio.timeout(60):
            verdict = await poster.post(post(f"http://crm.example:{sink.port}/"))

        assert verdict == Sent("200")
        await poster.close()


async def test_a_name_without_an_address_is_tried_again():
    async def nobody(host: str, port: int) -> Sequence[str]:
        raise OSError("no such host")

    verdict = await HttpPoster(resolve=nobody).post(post("https://crm.example/"))

    assert verdict == TryLater("crm.example is not found")


async def test_a_redirect_leads_nowhere():
    async with HttpSink().running() as canary:
        hop = answer(307, f"location: http://127.0.0.1:{canary.port}/")
        async with HttpSink(lambda _: hop).running() as sink:
            poster = HttpPoster(allows_private=True, resolve=Names(["127.0.0.1"]))

            verdict = await poster.post(post(f"http://crm.example:{sink.port}/"))

            assert isinstance(verdict, Rejected)
            assert canary.connections == 0
            await poster.close()


# a host that rests


def test_a_host_that_fails_again_and_again_rests_and_then_one_tries_it():
    seconds = [0.0]
    rest = Resting(lambda: seconds[0])

    for _ in range(FAILURES):
        assert not rest.is_resting("crm")
        rest.failed("crm")
    resting = rest.is_resting("crm")
    seconds[0] += REST_S
    tries = [rest.is_resting("crm"), rest.is_resting("crm")]
    rest.answered("crm")

    assert resting
    assert tries == [False, True]
    assert not rest.is_resting("crm")
    assert not rest.is_resting("another")


def test_of_many_hosts_that_fail_the_first_ones_are_forgotten():
    rest = Resting()

    for number in range(MOST_KNOWN + 2):
        for _ in range(FAILURES):
            rest.failed(f"host-{number}")

    assert [rest.is_resting(f"host-{number}") for number in range(4)] == [False, False, True, True]
    assert rest.is_resting(f"host-{MOST_KNOWN + 1}")


async def test_nothing_is_kept_of_hosts_that_nobody_asks_any_more():
    async with HttpSink(lambda _: answer(200)).running() as sink:
        poster = HttpPoster(allows_private=True, resolve=Names(*[["127.0.0.1"]] * 9))

        for number in range(3):
            await poster.post(post(f"http://crm-{number}.example:{sink.port}/"))
        gc.collect()

        assert not poster._doors
        await poster.close()


async def test_a_resting_host_is_not_connected_to():
    async with HttpSink(lambda _: answer(503)).running() as sink:
        poster = HttpPoster(allows_private=True, resolve=Names(*[["127.0.0.1"]] * 9))
        url = f"http://crm.example:{sink.port}/"

        verdicts = [await poster.post(post(url)) for _ in range(FAILURES + 2)]

        assert sink.connections == FAILURES
        assert verdicts[-1] == TryLater("crm.example does not answer", is_outage=True)
        await poster.close()


# where it can never go

#: Spellings of this machine and of what is near it. {port} is that of a canary on 127.0.0.1 and ::1.
NEAR = shlex.split("""
127.0.0.1 127.1 127.0.1 0 0.0.0.0 127.255.255.254 127.0.0.1. 2130706433 0x7f000001 0x7f.0.0.1 0x7f.1 017700000001
0177.0.0.1 0177.1 0x7F.0x00.0x00.0x01 0177.0x0.0.1 00000177.1 127.0x1 localhost LOCALHOST localhost.
[::1] [0:0:0:0:0:0:0:1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] [0000::0001] [::ffff:0:127.0.0.1]
[64:ff9b::127.0.0.1] [64:ff9b::7f00:1] [64:ff9b:1::7f00:1] [2002:7f00:1::] [2001:0:7f00:1::1] [fe80::1] [fec0::1]
[fc00::1] [fd00:ec2::254] [ff02::1] [2001:db8::1] [100::1] [::ffff:a9fe:a9fe]
169.254.169.254 0xA9FEA9FE 2852039166 0251.0376.0251.0376 169.254.43518 100.100.100.200 168.63.129.16 192.0.0.192
10.0.0.1 10.1 0xa.1 172.16.0.1 172.31.255.255 192.168.0.1 3232235521 192.168.257 100.64.0.1 198.18.0.1 192.0.2.1
198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255 4294967295 192.88.99.1
①②⑦.⓪.⓪.① 127。0。0。1 ｌｏｃａｌｈｏｓｔ
""")

#: Names, and what a resolver says of them.
NAMED = {
    "127.0.0.1.nip.example": ["127.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
    "one-of-two.example": ["8.8.8.8", "10.0.0.1"],
    "six.example": ["::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "zoned.example": ["fe80::1%eth0"],
    "odd.example": ["not an address"],
}


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_spelling_of_a_near_address_is_ever_connected_to(scheme):
    assert len(NEAR) >= 60
    async with HttpSink().running() as canary, HttpSink().running("::1", port=canary.port) as sixth:
        poster = HttpPoster()

        verdicts = {host: await poster.post(post(f"{scheme}://{host}:{canary.port}/")) for host in NEAR}

        let_through = [host for host, verdict in verdicts.items() if not isinstance(verdict, Rejected | TryLater)]
        assert let_through == []
        assert (canary.connections, sixth.connections) == (0, 0)
        assert poster._clients is None  # so nothing at all was opened


@pytest.mark.parametrize("host", list(NAMED))
async def test_a_name_that_leads_near_is_not_connected_to(host):
    poster = HttpPoster(resolve=Names(NAMED[host]))

    verdict = await poster.post(post(f"https://{host}/"))

    assert isinstance(verdict, Rejected)
    assert "private network" in verdict.reason
    assert poster._clients is None


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://crm.example/", id="http"),
        pytest.param("ftp://crm.example/", id="ftp"),
        pytest.param("file:///etc/passwd", id="file"),
        pytest.param("gopher://127.0.0.1:70/_x", id="gopher"),
        pytest.param("//crm.example/", id="no scheme"),
        pytest.param("https:///path", id="no host"),
        pytest.param("https://anna:secret@crm.example/", id="name and password"),
        pytest.param("https://crm.example@127.0.0.1/", id="host as a name"),
        pytest.param("https://crm.example:99999999/", id="port"),
        pytest.param("https://[::1/", id="bracket"),
        pytest.param("https://crm.example\r\nhost: x/", id="line break"),
        pytest.param("https://exa mple/", id="blank"),
        pytest.param("", id="empty"),
    ],
)
async def test_an_address_that_is_none_is_refused_before_the_name_is_looked_up(url):
    names = Names(["8.8.8.8"])

    verdict = await HttpPoster(resolve=names).post(post(url))

    assert isinstance(verdict, Rejected)
    assert names.asked == []


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450::1"])
def test_the_public_internet_is_open(address):
    assert is_public(address)
