"""Who speaks: test vectors that providers publish, and what is refused."""

# ruff: noqa: E501

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from standardwebhooks import Webhook

from engine.callbacks import Call, Refused
from engine.callbacks.mailgun import Mailgun
from engine.callbacks.postmark import Postmark
from engine.callbacks.proofs import hmac_sha256
from engine.callbacks.resend import Resend
from engine.callbacks.sendgrid import SendGrid
from engine.callbacks.twilio import Twilio

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def call(
    body: bytes | str = b"", *, now: datetime = NOW, url: str = "https://mail.shop.example/x", **headers: str
) -> Call:
    raw = body.encode() if isinstance(body, str) else body
    return Call(body=raw, headers={name.replace("_", "-"): value for name, value in headers.items()}, url=url, now=now)


# SendGrid: the vector of its own libraries (sendgrid-python, test/unit/test_eventwebhook.py)

SENDGRID_KEY = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
OTHER_KEY = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqTxd43gyp8IOEto2LdIfjRQrIbsd4SXZkLW6jDutdhXSJCWHw8REntlo7aNDthvj+y7GjUuFDb/R1NGe1OPzpA=="
SENDGRID_SIGNATURE = "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
SENDGRID_TIME = "1600112502"
SENDGRID_BODY = (
    '[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address",'
    '"sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",'
    '"sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",'
    '"smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n'
)
SENDGRID_NOW = datetime.fromtimestamp(1600112502 + 5, UTC)


def sendgrid(body: str = SENDGRID_BODY, *, now: datetime = SENDGRID_NOW, **headers: str) -> Call:
    given = {
        "x_twilio_email_event_webhook_signature": SENDGRID_SIGNATURE,
        "x_twilio_email_event_webhook_timestamp": SENDGRID_TIME,
    } | headers
    return call(body, now=now, **given)


def test_sendgrid_is_known_by_its_own_vector():
    assert SendGrid().verify(sendgrid(), SENDGRID_KEY) == ""


def test_sendgrids_key_may_be_written_as_a_file_is():
    pem = f"-----BEGIN PUBLIC KEY-----\n{SENDGRID_KEY[:64]}\n{SENDGRID_KEY[64:]}\n-----END PUBLIC KEY-----\n"

    assert SendGrid().verify(sendgrid(), pem) == ""


@pytest.mark.parametrize(
    ("given", "key"),
    [
        pytest.param(sendgrid(), OTHER_KEY, id="another key"),
        pytest.param(sendgrid("payload"), SENDGRID_KEY, id="another body"),
        pytest.param(sendgrid(SENDGRID_BODY.strip()), SENDGRID_KEY, id="a byte less"),
        pytest.param(
            sendgrid(x_twilio_email_event_webhook_signature="MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH3j/0="),
            SENDGRID_KEY,
            id="another signature",
        ),
        pytest.param(sendgrid(x_twilio_email_event_webhook_signature="?"), SENDGRID_KEY, id="no base64"),
        pytest.param(sendgrid(x_twilio_email_event_webhook_timestamp="timestamp"), SENDGRID_KEY, id="another time"),
        pytest.param(sendgrid(x_twilio_email_event_webhook_signature=""), SENDGRID_KEY, id="no signature"),
        pytest.param(sendgrid(now=SENDGRID_NOW + timedelta(minutes=6)), SENDGRID_KEY, id="replayed later"),
        pytest.param(sendgrid(), "hunter2", id="a key that is none"),
    ],
)  # fmt: skip
def test_what_sendgrid_did_not_sign_is_refused(given: Call, key: str):
    with pytest.raises(Refused):
        SendGrid().verify(given, key)


# Twilio: the vectors of its own libraries (twilio-python, tests/unit/test_request_validator.py)

TWILIO_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
TWILIO_FORM = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}


def twilio(signature: str = "RSOYDt4T1cUTdK1PDd93/VVr8B8=", *, url: str = TWILIO_URL, **form: str) -> Call:
    return call(urlencode(TWILIO_FORM | form), url=url, x_twilio_signature=signature)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(twilio(), id="as published"),
        pytest.param(twilio(url=TWILIO_URL.replace(".com", ".com:1234")), id="signed without the port"),
        pytest.param(twilio("kvajT1Ptam85bY51eRf/AJRuM3w="), id="signed with the port"),
        pytest.param(
            twilio("0ZXoZLH/DfblKGATFgpif+LLRf4=", url=TWILIO_URL.replace("https", "http")), id="http with the port"
        ),
        pytest.param(
            call(
                "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234",
                url=TWILIO_URL,
                x_twilio_signature="IK+Dwps556ElfBT0I3Rgjkr1wJU=",
            ),
            id="a name twice",
        ),
    ],
)
def test_twilio_is_known_by_its_own_vectors(given: Call):
    Twilio().verify(given, "12345")


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(twilio(Digits="4321"), id="another form"),
        pytest.param(twilio(url=TWILIO_URL.replace("foo", "boo")), id="another address"),
        pytest.param(twilio("AAAAAA"), id="another signature"),
        pytest.param(twilio(""), id="no signature"),
        pytest.param(
            call(b"\xff\xfe", url=TWILIO_URL, x_twilio_signature="RSOYDt4T1cUTdK1PDd93/VVr8B8="), id="no form"
        ),
    ],
)
def test_what_twilio_did_not_sign_is_refused(given: Call):
    with pytest.raises(Refused):
        Twilio().verify(given, "12345")


# Mailgun: HMAC-SHA256 over time and token, as its page on securing webhooks says


def mailgun(
    *, key: str = "key-1", token: str = "t" * 50, seconds: int = int(NOW.timestamp()), now: datetime = NOW
) -> Call:
    signature = hmac_sha256(key.encode(), f"{seconds}{token}".encode()).hex()
    return call(f'{{"signature":{{"timestamp":"{seconds}","token":"{token}","signature":"{signature}"}}}}', now=now)


def test_a_call_of_mailgun_is_known_by_its_token():
    assert Mailgun().verify(mailgun(), "key-1") == "t" * 50


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(mailgun(key="key-2"), id="another key"),
        pytest.param(mailgun(now=NOW + timedelta(minutes=5, seconds=1)), id="replayed later"),
        pytest.param(mailgun(now=NOW - timedelta(minutes=6)), id="from the future"),
        pytest.param(mailgun(seconds=10**18), id="no time"),
        pytest.param(call("{}"), id="no signature"),
        pytest.param(call("<html>"), id="no json"),
        pytest.param(call('{"signature": {"timestamp": 1, "token": [], "signature": null}}'), id="other things"),
        pytest.param(call("[" * 100_000), id="deep"),
    ],
)
def test_what_mailgun_did_not_sign_is_refused(given: Call):
    with pytest.raises(Refused):
        Mailgun().verify(given, "key-1")


# Resend: Svix, which is Standard Webhooks; signed here by the library of the standard

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
RESEND_BODY = '{"type":"email.delivered","created_at":"2026-03-02T08:59:58.126Z","data":{}}'


def resend(
    *, secret: str = SECRET, body: str = RESEND_BODY, prefix: str = "svix", now: datetime = NOW, more: str = ""
) -> Call:
    headers = {
        f"{prefix}_id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        f"{prefix}_timestamp": str(int(NOW.timestamp())),
        f"{prefix}_signature": more + Webhook(secret).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", NOW, RESEND_BODY),
    }
    return call(body, now=now, **headers)


def test_svix_publishes_a_vector_and_it_is_understood():
    # https://docs.svix.com/receiving/verifying-payloads/how-manual
    given = call(
        '{"test": 2432232314}',
        now=datetime.fromtimestamp(1614265330, UTC),
        svix_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        svix_timestamp="1614265330",
        svix_signature="v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    )

    assert Resend().verify(given, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") == "msg_p5jXN8AQM9LWM0D4loKWxJek"


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(resend(), id="svix"),
        pytest.param(resend(prefix="webhook"), id="the names of the standard"),
        pytest.param(resend(more="v1,AAAA v1a,BBBB "), id="one of several signatures"),
    ],
)
def test_resend_is_known(given: Call):
    assert Resend().verify(given, SECRET) == "msg_p5jXN8AQM9LWM0D4loKWxJek"


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(resend(secret="whsec_" + base64.b64encode(bytes(32)).decode()), id="another secret"),
        pytest.param(resend(body=RESEND_BODY + " "), id="another body"),
        pytest.param(resend(now=NOW + timedelta(minutes=6)), id="replayed later"),
        pytest.param(call(RESEND_BODY), id="no headers"),
        pytest.param(call(RESEND_BODY, svix_id="x", svix_timestamp="y", svix_signature="z"), id="other headers"),
    ],
)
def test_what_resend_did_not_sign_is_refused(given: Call):
    with pytest.raises(Refused):
        Resend().verify(given, SECRET)


# Postmark, and mail servers: a secret


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("headers", "secret"),
    [
        pytest.param({"authorization": basic("postmark:hunter2")}, "postmark:hunter2", id="user and password"),
        pytest.param({"authorization": basic("any:hunter2")}, "hunter2", id="only the password counts"),
        pytest.param({"authorization": "Bearer hunter2"}, "hunter2", id="bearer"),
        pytest.param({"x_kogda_secret": "hunter2"}, "hunter2", id="header"),
    ],
)
def test_who_shows_the_secret_is_let_in(headers: dict[str, str], secret: str):
    assert Postmark().verify(call(**headers), secret) == ""


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 401, id="nothing"),
        pytest.param({"authorization": "Basic ???"}, 401, id="unreadable"),
        pytest.param({"authorization": basic("postmark:other")}, 403, id="another password"),
        pytest.param({"authorization": basic("other:hunter2")}, 403, id="another user"),
        pytest.param({"x_kogda_secret": "hunter2"}, 403, id="half of it"),
        pytest.param({"authorization": "Bearer é"}, 403, id="other letters"),
    ],
)
def test_who_does_not_is_refused(headers: dict[str, str], status: int):
    with pytest.raises(Refused) as refused:
        Postmark().verify(call(**headers), "postmark:hunter2")

    assert refused.value.status == status
