"""Mails about mails, as real servers write them, and as nobody should."""

# ruff: noqa: E501

from __future__ import annotations

import random
from datetime import UTC, datetime
from uuid import UUID

import pytest

from engine.callbacks.mail_reports import reports_of
from engine.links.bounce_addresses import bounce_address

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KEY = b"k" * 32
OURS = UUID("6f0d2a8e-1111-4222-8333-444455556666")
MESSAGE_ID = f"<{OURS}@shop.example>"

POSTFIX = f"""\
Return-Path: <>
From: MAILER-DAEMON@mx.shop.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: hello@shop.example
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4F2A.1234/mx.shop.example"

--4F2A.1234/mx.shop.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients.

--4F2A.1234/mx.shop.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.shop.example
X-Postfix-Queue-ID: 4F2A
Arrival-Date: Mon,  2 Mar 2026 08:59:58 +0000 (UTC)

Final-Recipient: rfc822; anna@example.com
Original-Recipient: rfc822;anna@example.com
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.com
Diagnostic-Code: smtp; 550 5.1.1 <anna@example.com>: Recipient address
    rejected: User unknown

--4F2A.1234/mx.shop.example
Content-Description: Undelivered Message
Content-Type: message/rfc822

From: Shop <hello@shop.example>
To: anna@example.com
Subject: Cart
Message-ID: {MESSAGE_ID}

Hello
--4F2A.1234/mx.shop.example--
"""

FULL = POSTFIX.replace("Status: 5.1.1", "Status: 5.2.2").replace("550 5.1.1", "552 5.2.2")
DELAYED = POSTFIX.replace("Action: failed", "Action: delayed").replace("Status: 5.1.1", "Status: 4.4.1")
DELIVERED = POSTFIX.replace("Action: failed", "Action: delivered").replace("Status: 5.1.1", "Status: 2.1.5")
ONLY_THE_HEAD = POSTFIX.replace("message/rfc822", "text/rfc822-headers")

# RFC 5965, appendix B
COMPLAINT = f"""\
From: <abusedesk@example.com>
Date: Thu, 8 Mar 2005 17:40:36 EDT
Subject: FW: Earn money
To: <abuse@example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report;
     boundary="part1_13d.2e68ed54_boundary"

--part1_13d.2e68ed54_boundary
Content-Type: text/plain; charset="US-ASCII"
Content-Transfer-Encoding: 7bit

This is an email abuse report for an email message received from IP
192.0.2.1 on Thu, 8 Mar 2005 14:00:00 EDT.

--part1_13d.2e68ed54_boundary
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <somespammer@example.net>
Original-Rcpt-To: <user@example.com>
Arrival-Date: Thu, 8 Mar 2005 14:00:00 EDT

--part1_13d.2e68ed54_boundary
Content-Type: message/rfc822
Content-Disposition: inline

From: <somespammer@example.net>
Received: from mailserver.example.net (mailserver.example.net
     [192.0.2.1]) by example.com with ESMTP id M63d4137594e46;
     Thu, 08 Mar 2005 14:00:00 -0400
To: <Undisclosed Recipients>
Subject: Earn money
Message-ID: {MESSAGE_ID}

Spam Spam Spam
--part1_13d.2e68ed54_boundary--
"""


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        pytest.param(POSTFIX, ("bounced", "anna@example.com", True), id="no such mailbox"),
        pytest.param(ONLY_THE_HEAD, ("bounced", "anna@example.com", True), id="only the head comes back"),
        pytest.param(FULL, ("bounced", "anna@example.com", False), id="full"),
        pytest.param(DELIVERED, ("delivered", "anna@example.com", False), id="delivered"),
        pytest.param(COMPLAINT, ("complained", "user@example.com", False), id="complaint"),
    ],
)
@pytest.mark.parametrize("line", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_a_report_is_understood(mail: str, expected: tuple[str, str, bool], line: str):
    [report] = reports_of(mail.replace("\n", line).encode(), NOW, KEY)

    assert (report.kind, report.address, report.hard) == expected
    assert (report.message, report.at) == (OURS, NOW)


def test_the_reason_is_what_the_server_said():
    [report] = reports_of(POSTFIX.encode(), NOW, KEY)

    assert report.reason == "550 5.1.1 <anna@example.com>: Recipient address rejected: User unknown"


def test_several_recipients_are_several_reports():
    two = POSTFIX.replace(
        "\n--4F2A.1234/mx.shop.example\nContent-Description: Und",
        "\nFinal-Recipient: rfc822; boris@example.com\nAction: failed\nStatus: 5.7.1\n\n--4F2A.1234/mx.shop.example\nContent-Description: Und",
    )

    assert [(report.address, report.hard) for report in reports_of(two.encode(), NOW, KEY)] == [
        ("anna@example.com", True),
        ("boris@example.com", False),
    ]


@pytest.mark.parametrize(
    "mail",
    [
        pytest.param(DELAYED, id="it is tried again"),
        pytest.param(POSTFIX.replace(MESSAGE_ID, "<other@elsewhere.example>"), id="about a mail of others"),
        pytest.param(
            COMPLAINT.replace("Feedback-Type: abuse", "Feedback-Type: not-spam"), id="the opposite of a complaint"
        ),
        pytest.param(
            f"From: anna@example.com\nSubject: Re: Cart\nIn-Reply-To: {MESSAGE_ID}\n\nThanks!", id="an answer"
        ),
        pytest.param(
            f"From: anna@example.com\nSubject: Out of office\nAuto-Submitted: auto-replied\nReferences: {MESSAGE_ID}\n\nAway",
            id="out of office",
        ),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_no_report_is_none(mail: str):
    assert reports_of(mail.encode(), NOW, KEY) == []


def nested(depth: int) -> bytes:
    head = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    return head.encode() + POSTFIX.encode()


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(nested(2_000), id="parts within parts"),
        pytest.param(b"Content-Type: message/rfc822\n\n" * 5_000 + POSTFIX.encode(), id="mails within mails"),
        pytest.param(b"--x\nContent-Type: text/plain\n\n" * 50_000, id="many parts"),
        pytest.param(b"A: " + b"x" * 5_000_000, id="a long line"),
        pytest.param(b"A:\n " * 300_000, id="a folded line"),
        pytest.param(bytes(range(256)) * 4_000, id="bytes"),
        pytest.param(POSTFIX.encode().replace(b"us-ascii", b"no-such-charset"), id="a charset that is none"),
        pytest.param(POSTFIX.encode().replace(b"5.1.1", b"\xff\xfe\x00"), id="a status that is none"),
        pytest.param(POSTFIX.encode().replace(b"message/delivery-status", b"message/delivery-status\nContent-Transfer-Encoding: base64"), id="an encoding that is none"),
        pytest.param(b'Content-Type: multipart/report; boundary="' + b"=" * 100_000, id="an endless boundary"),
    ],
)  # fmt: skip
def test_hostile_mails_are_survived(raw: bytes):
    assert len(reports_of(raw, NOW, KEY)) <= 1


def test_damaged_reports_never_raise():
    dice = random.Random(11)

    for _ in range(2_000):
        raw = bytearray(dice.choice([POSTFIX, COMPLAINT, FULL]).encode())
        for _ in range(dice.randrange(1, 30)):
            at = dice.randrange(len(raw))
            match dice.randrange(3):
                case 0:
                    raw[at] = dice.randrange(256)
                case 1:
                    del raw[at : at + dice.randrange(1, 40)]
                case _:
                    raw[at:at] = raw[dice.randrange(len(raw)) :][: dice.randrange(60)]
        assert isinstance(reports_of(bytes(raw), NOW, KEY), list)


COMES_BACK_TO = bounce_address(KEY, "bounce@shop.example", OURS)
_LINE = "--4F2A.1234/mx.shop.example"
WITHOUT_THE_MAIL = POSTFIX.partition(f"{_LINE}\nContent-Description: Undelivered")[0] + f"{_LINE}--\n"
IN_WORDS = """\
From: MAILER-DAEMON@mx.example.com
To: {to}
Subject: failure notice

Hi. This is the qmail-send program at mx.example.com.
<anna@example.com>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 no such user
"""


def test_a_bounce_without_our_mail_in_it_is_known_by_the_address_it_came_to():
    raw = WITHOUT_THE_MAIL.replace("To: hello@shop.example", f"To: {COMES_BACK_TO.upper()}").encode()

    [report] = reports_of(raw, NOW, KEY)

    assert MESSAGE_ID.encode() not in raw
    assert (report.message, report.kind, report.hard) == (OURS, "bounced", True)
    assert report.address is None  # it may have been forwarded: the address that we wrote to is meant


@pytest.mark.parametrize("header", ["Delivered-To", "X-Original-To", "Envelope-To"])
def test_the_address_may_stand_where_a_mail_server_notes_it(header: str):
    raw = f"{header}: {COMES_BACK_TO}\n{WITHOUT_THE_MAIL}".encode()

    assert [report.message for report in reports_of(raw, NOW, KEY)] == [OURS]


def test_an_address_that_nobody_signed_is_nobody_s():
    local, _, rest = COMES_BACK_TO.partition("+")
    changed = [f"{local}+{rest[:n]}{'b' if rest[n] == 'a' else 'a'}{rest[n + 1 :]}" for n in range(41)]

    found = [reports_of(WITHOUT_THE_MAIL.replace("hello@shop.example", each).encode(), NOW, KEY) for each in changed]
    of_another = reports_of(WITHOUT_THE_MAIL.replace("hello@shop.example", COMES_BACK_TO).encode(), NOW, b"x" * 32)

    assert found == [[]] * 41
    assert of_another == []


def test_an_old_mail_server_that_writes_to_people_is_understood():
    [report] = reports_of(IN_WORDS.format(to=COMES_BACK_TO).encode(), NOW, KEY)

    assert (report.message, report.hard, report.reason) == (OURS, True, "5.1.1 no such user")


def test_an_answer_from_a_holiday_is_no_bounce():
    raw = IN_WORDS.format(to=COMES_BACK_TO).replace("MAILER-DAEMON@mx.example.com", "anna@example.com").encode()

    assert reports_of(raw, NOW, KEY) == []
