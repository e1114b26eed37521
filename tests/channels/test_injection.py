"""300 hostile values in every field: never a second recipient, never a header that is not ours."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default
from itertools import product

import pytest

from engine.channels import Rejected, Sent
from engine.channels.addresses import safe_mailbox
from engine.channels.email_smtp import SmtpChannel
from engine.channels.mime import HEADERS, build_mail
from engine.channels.smtp_settings import read_smtp_url
from engine.errors import UnsafeHeader
from tests.channels.conformance import handover
from tests.channels.smtp_sink import SmtpSink

BREAKS = [
    *("\r\n", "\n", "\r", "\r\n ", "\n\t", "\0", "\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029", "\x7f"),
    *("\x1b", "%0d%0a", "\\r\\n", "\ud800", ",", ";", '"', "\\", ">", "<", "> ", "(", ")", ":", "\u200b"),
    *("\uff1c", "\u037e", "=0D=0A", "=?utf-8?q?=0D=0A?=", "=?utf-8?b?DQo=?=", "&#13;&#10;"),
]
PAYLOADS = [
    "Bcc: evil@evil.example",
    "RCPT TO:<evil@evil.example>",
    "\r\n.\r\nMAIL FROM:<evil@evil.example>",
    "evil@evil.example",
    "X-Evil: 1",
    "Subject: evil",
    "Content-Type: text/html\r\n\r\n<b>evil",
    "DATA",
]
VALUES = [
    *(f"Anna{breaker}{payload}" for breaker, payload in product(BREAKS, PAYLOADS)),
    *(f"{breaker}{payload}{breaker}" for breaker, payload in product(BREAKS[:4], PAYLOADS[:5])),
    "=?utf-8?q?a=0D=0ABcc:evil@evil.example?=",
    "=?iso-8859-1?q?=41?= =?utf-8?b?DQpCY2M6ZXZpbEBldmlsLmV4YW1wbGU=?=",
    "a" * 5000,
    "я" * 5000,
    "anna@example.com, evil@evil.example",
    "anna@example.com evil@evil.example",
    "anna@example.com>, <evil@evil.example",
    '"anna@example.com\r\nBcc: evil@evil.example" <a@example.com>',
    "anna@[127.0.0.1]",
    '"evil@evil.example"@example.com',
    "anna@example.com(evil@evil.example)",
    "group: evil@evil.example;",
]

FIELDS = {
    "subject": lambda value: {"subject": value},
    "sender": lambda value: {"sender": value},
    "sender name": lambda value: {"sender": f"{value} <hello@shop.example>"},
    "sender name in quotes": lambda value: {"sender": f'"{value}" <hello@shop.example>'},
    "sender address": lambda value: {"sender": f"Shop <{value}>"},
    "reply_to": lambda value: {"reply_to": value},
    "reply_to name": lambda value: {"reply_to": f"{value} <help@shop.example>"},
    "address": lambda value: {"address": value},
    "address user": lambda value: {"address": f"{value}@example.com"},
    "address domain": lambda value: {"address": f"anna@{value}"},
    "text": lambda value: {"text": value, "html": None},
    "html": lambda value: {"html": value},
}


def test_there_are_at_least_300_values():
    assert len(set(VALUES)) >= 300


@pytest.mark.parametrize("field", FIELDS)
async def test_no_value_of_a_field_makes_a_second_recipient_or_header(field: str):
    sink = SmtpSink()
    async with sink.running():
        channel = SmtpChannel(replace(read_smtp_url(f"smtp://127.0.0.1:{sink.port}?starttls=never"), connections=1))

        verdicts = [await channel.send(handover(**FIELDS[field](value))) for value in VALUES]

        await channel.close()
    sent = sum(isinstance(verdict, Sent) for verdict in verdicts)
    assert {type(verdict) for verdict in verdicts} <= {Sent, Rejected}
    assert len(sink.recipients) == len(sink.accepted) == sent
    if not field.startswith("address"):
        assert set(sink.recipients) <= {"anna@example.com"}
    verbs = Counter(command.split(" ")[0] for command in sink.commands)
    assert set(verbs) <= {"EHLO", "MAIL", "RCPT", "DATA", "QUIT"}
    assert verbs["MAIL"] == verbs["RCPT"] == verbs["DATA"] == sent
    for _, raw in sink.accepted:
        assert_only_our_headers(raw)


def assert_only_our_headers(raw: bytes) -> None:
    """Read as the most lenient server would: any line break ends a line."""
    head = raw.partition(b"\r\n\r\n")[0].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    names = [line.partition(b":")[0].decode("latin-1") for line in head.split(b"\n") if line[:1] not in (b" ", b"\t")]
    assert set(names) <= set(HEADERS)
    assert len(names) == len(set(names))
    assert b"\0" not in head


@pytest.mark.parametrize("letter", ["é", "я", "漢", "🎉", " ", ",", "x"])
@pytest.mark.parametrize("length", [1, 60, 75, 76, 200, 440])
def test_long_and_foreign_subjects_and_names_arrive_as_they_were(letter: str, length: int):
    words = ("a" + letter * length + "z")[:450]

    built = build_mail(handover(subject=words, sender=f"{words.strip()} <hello@shop.example>"))

    read = message_from_bytes(built.raw, policy=default)
    assert read["Subject"] == words
    # Not by Python's address parser: it puts blanks between encoded words of one name.
    name, _, address = built.raw.partition(b"\r\nTo:")[0].decode().removeprefix("From: ").rpartition("<")
    shown = str(make_header(decode_header(name.replace("\r\n", "").strip()))).strip('"')
    assert (shown, address) == (words.strip(), "hello@shop.example>")
    assert max(map(len, built.raw.split(b"\r\n"))) <= 78


def test_a_comma_in_a_name_never_becomes_a_second_sender():
    built = build_mail(
        handover(sender='"Shop, Inc. and a very long name that has to be folded, é, somewhere" <a@b.example>')
    )

    assert_only_our_headers(built.raw)
    [sender] = message_from_bytes(built.raw, policy=default)["From"].addresses
    assert sender.addr_spec == "a@b.example"


def test_a_name_of_spaces_only_takes_no_time():
    for number in range(1_500):
        with pytest.raises(UnsafeHeader):
            safe_mailbox("from", f"{' ' * 880}<{number}")


def test_lone_surrogates_in_the_body_are_replaced_and_not_fatal():
    assert b"Hello" in build_mail(handover(text="Hello \ud800")).raw


def test_international_domains_travel_in_punycode():
    assert build_mail(handover(address="anna@пример.example")).recipient == "anna@xn--e1afmkfd.example"


def test_addresses_that_need_smtputf8_are_refused():
    with pytest.raises(UnsafeHeader):
        build_mail(handover(address="анна@example.com"))
