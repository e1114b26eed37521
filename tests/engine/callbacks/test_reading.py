"""What providers say, from the examples on their pages, with our message in the place of theirs."""

# ruff: noqa: E501

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from engine.callbacks import Report, Unreadable, ses
from engine.callbacks.providers import PROVIDERS
from tests.engine.callbacks.test_ses import TOPIC, signed

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OURS = UUID("6f0d2a8e-1111-4222-8333-444455556666")
MESSAGE_ID = f"<{OURS}@shop.example>"


def read(provider: str, told: Any) -> list[Report]:
    if provider == "ses":
        return ses.read(ses.envelope_of(signed(told), TOPIC))
    body = told.encode() if isinstance(told, str) else orjson.dumps(told)
    return PROVIDERS[provider].read(body, NOW)


# https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-examples.html
SES_MAIL = {
    "timestamp": "2016-10-14T05:02:16.645Z",
    "messageId": "EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000",
    "destination": ["recipient@example.com"],
    "headersTruncated": False,
    "headers": [{"name": "From", "value": "sender@example.com"}, {"name": "Message-ID", "value": MESSAGE_ID}],
}
SES_BOUNCE = {
    "bounceType": "Permanent",
    "bounceSubType": "General",
    "bouncedRecipients": [
        {
            "emailAddress": "recipient@example.com",
            "action": "failed",
            "status": "5.1.1",
            "diagnosticCode": "smtp; 550 5.1.1 user unknown",
        }
    ],
    "timestamp": "2017-08-05T00:41:02.669Z",
    "feedbackId": "01000157c44f053b-61b59c11-9236-11e6-8f96-7be8aexample-000000",
}
SENDGRID = {
    "email": "example@test.com",
    "timestamp": 1513299569,
    "smtp-id": MESSAGE_ID,
    "sg_event_id": "x",
    "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
}
MAILGUN = {
    "timestamp": 1521472262.908181,
    "recipient": "alice@example.com",
    "message": {"headers": {"to": "Alice <alice@example.com>", "message-id": MESSAGE_ID.strip("<>")}},
}
POSTMARK = {"MessageID": "883953f4-6105-42a2-a16a-77a8eac79483", "Metadata": {"kogda-message": str(OURS)}}
RESEND = {
    "created_at": "2024-11-22T23:41:11.894719+00:00",
    "email_id": "56761188-7520-42d8-8898-ff6fc54ce618",
    "from": "Acme <onboarding@resend.dev>",
    "to": ["delivered@resend.dev"],
}


@pytest.mark.parametrize(
    ("provider", "told", "expected"),
    [
        pytest.param("ses", {"eventType": "Bounce", "bounce": SES_BOUNCE, "mail": SES_MAIL}, ("bounced", "recipient@example.com", OURS, True), id="ses bounce"),
        pytest.param("ses", {"notificationType": "Bounce", "bounce": {**SES_BOUNCE, "bounceType": "Transient"}, "mail": SES_MAIL}, ("bounced", "recipient@example.com", OURS, False), id="ses soft bounce"),
        pytest.param("ses", {"eventType": "Complaint", "complaint": {"complainedRecipients": [{"emailAddress": "recipient@example.com"}], "timestamp": "2017-08-05T00:41:02.669Z", "complaintFeedbackType": "abuse"}, "mail": SES_MAIL}, ("complained", "recipient@example.com", OURS, False), id="ses complaint"),
        pytest.param("ses", {"eventType": "Delivery", "delivery": {"timestamp": "2016-10-19T23:21:04.133Z", "recipients": ["recipient@example.com"]}, "mail": SES_MAIL}, ("delivered", "recipient@example.com", OURS, False), id="ses delivery"),
        pytest.param("ses", {"eventType": "Open", "open": {"timestamp": "2017-08-09T22:00:19.652Z", "userAgent": "Mozilla/5.0 (iPhone)"}, "mail": SES_MAIL}, ("opened", "recipient@example.com", OURS, False), id="ses open"),
        pytest.param("ses", {"eventType": "Reject", "reject": {"reason": "Bad content"}, "mail": SES_MAIL}, ("failed", "recipient@example.com", OURS, False), id="ses reject"),
        pytest.param("sendgrid", [{**SENDGRID, "event": "bounce", "type": "bounce", "status": "5.0.0", "reason": "500 unknown recipient"}], ("bounced", "example@test.com", OURS, True), id="sendgrid bounce"),
        pytest.param("sendgrid", [{**SENDGRID, "event": "bounce", "type": "blocked"}], ("bounced", "example@test.com", OURS, False), id="sendgrid blocked"),
        pytest.param("sendgrid", [{**SENDGRID, "event": "delivered", "response": "250 OK"}], ("delivered", "example@test.com", OURS, False), id="sendgrid delivered"),
        pytest.param("sendgrid", [{**SENDGRID, "event": "spamreport"}], ("complained", "example@test.com", OURS, False), id="sendgrid spam report"),
        pytest.param("sendgrid", [{**SENDGRID, "event": "click", "url": "http://www.sendgrid.com/", "useragent": "Mozilla/4.0"}], ("clicked", "example@test.com", OURS, False), id="sendgrid click"),
        pytest.param("mailgun", {"event-data": {**MAILGUN, "event": "failed", "severity": "permanent", "reason": "suppress-bounce", "delivery-status": {"code": 605, "description": "Not delivering to previously bounced address"}}}, ("bounced", "alice@example.com", OURS, True), id="mailgun permanent"),
        pytest.param("mailgun", {"event-data": {**MAILGUN, "event": "failed", "severity": "permanent", "reason": "old"}}, ("bounced", "alice@example.com", OURS, False), id="mailgun gave up"),
        pytest.param("mailgun", {"event-data": {**MAILGUN, "event": "complained"}}, ("complained", "alice@example.com", OURS, False), id="mailgun complained"),
        pytest.param("mailgun", {"event-data": {**MAILGUN, "event": "opened", "client-info": {"user-agent": "Mozilla/5.0 (X11)"}}}, ("opened", "alice@example.com", OURS, False), id="mailgun opened"),
        pytest.param("postmark", {**POSTMARK, "RecordType": "Bounce", "Type": "HardBounce", "TypeCode": 1, "Email": "john@example.com", "BouncedAt": "2014-08-01T13:28:10.2735393-04:00", "Inactive": True, "Details": "Test bounce details"}, ("bounced", "john@example.com", OURS, True), id="postmark hard"),
        pytest.param("postmark", {**POSTMARK, "RecordType": "Bounce", "Type": "Transient", "Email": "john@example.com", "BouncedAt": "2014-08-01T13:28:10Z", "Inactive": False}, ("bounced", "john@example.com", OURS, False), id="postmark soft"),
        pytest.param("postmark", {**POSTMARK, "RecordType": "SpamComplaint", "Email": "john@example.com", "BouncedAt": "2019-11-05T16:33:54.9070259Z"}, ("complained", "john@example.com", OURS, False), id="postmark complaint"),
        pytest.param("postmark", {**POSTMARK, "RecordType": "Delivery", "Recipient": "john@example.com", "DeliveredAt": "2019-11-05T16:33:54.9070259Z"}, ("delivered", "john@example.com", OURS, False), id="postmark delivery"),
        pytest.param("resend", {"type": "email.bounced", "created_at": "2024-11-22T23:41:12.126Z", "data": {**RESEND, "bounce": {"message": "no such user", "subType": "General", "type": "Permanent"}}}, ("bounced", "delivered@resend.dev", None, True), id="resend bounced"),
        pytest.param("resend", {"type": "email.delivered", "created_at": "2024-02-22T23:41:12.126Z", "data": RESEND}, ("delivered", "delivered@resend.dev", None, False), id="resend delivered"),
        pytest.param("twilio", "SmsSid=SM1&SmsStatus=delivered&MessageStatus=delivered&To=%2B15558675310&MessageSid=SM1&AccountSid=AC1&From=%2B15017122661&ApiVersion=2010-04-01", ("delivered", "+15558675310", None, False), id="twilio delivered"),
        pytest.param("twilio", "MessageStatus=undelivered&ErrorCode=30005&To=%2B15558675310&MessageSid=SM1", ("failed", "+15558675310", None, True), id="twilio unknown number"),
        pytest.param("twilio", "MessageStatus=failed&ErrorCode=30003&To=%2B15558675310&MessageSid=SM1", ("failed", "+15558675310", None, False), id="twilio unreachable"),
    ],
)  # fmt: skip
def test_a_report_is_understood(provider: str, told: Any, expected: tuple[Any, ...]):
    [report] = read(provider, told)

    assert (report.kind, report.address, report.message, report.hard) == expected


@pytest.mark.parametrize(
    ("provider", "told"),
    [
        pytest.param("ses", {"eventType": "Send", "send": {}, "mail": SES_MAIL}, id="ses"),
        pytest.param("ses", {"eventType": "DeliveryDelay", "mail": SES_MAIL}, id="ses delayed"),
        pytest.param("sendgrid", [{**SENDGRID, "event": "processed"}, {**SENDGRID, "event": "deferred"}], id="sendgrid"),
        pytest.param("mailgun", {"event-data": {**MAILGUN, "event": "accepted"}}, id="mailgun"),
        pytest.param("mailgun", {"event-data": {**MAILGUN, "event": "failed", "severity": "temporary"}}, id="mailgun tries again"),
        pytest.param("postmark", {**POSTMARK, "RecordType": "SubscriptionChange"}, id="postmark"),
        pytest.param("postmark", {**POSTMARK, "RecordType": "Bounce", "Type": "AutoResponder"}, id="postmark out of office"),
        pytest.param("resend", {"type": "email.delivery_delayed", "created_at": "x", "data": RESEND}, id="resend"),
        pytest.param("twilio", "MessageStatus=queued&MessageSid=SM1", id="twilio"),
    ],
)  # fmt: skip
def test_what_says_nothing_of_the_end_is_no_report(provider: str, told: Any):
    assert read(provider, told) == []


@pytest.mark.parametrize("provider", [name for name in PROVIDERS if name != "twilio"])
@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"7", b"<html>", b'"x"', b"[[[[]]]]", b"[" * 5000, b"\xff\xfe", b'{"a": NaN}', b'[{"event":"bounce"}]', b'{"event-data":{"event":"opened"}}', b'{"RecordType":"Open"}', b'{"type":"email.opened","data":{"to":["a@b.c"]}}'],
)  # fmt: skip
def test_a_body_of_another_shape_is_unreadable_or_no_report(provider: str, body: bytes):
    try:
        reports = PROVIDERS[provider].read(body, NOW)
    except Unreadable:
        return

    assert reports == []
