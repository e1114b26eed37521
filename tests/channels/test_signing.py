"""Calls are signed as Standard Webhooks asks, by the word of its own library."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from engine.channels.signing import NoSecret, read_secret, signed_headers

MESSAGE = UUID("01234567-89ab-cdef-0123-456789abcdef")
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
BODY = '{"type":"crm_sync","data":{"name":"Анна"}}'.encode()


def headers(body: bytes = BODY, *, at: datetime | None = None) -> dict[str, str]:
    return signed_headers(MESSAGE, body, read_secret(SECRET), at=at or datetime.now(UTC))  # noqa: TID251


def test_the_standards_own_library_verifies_it():
    assert Webhook(SECRET).verify(BODY, headers()) == {"type": "crm_sync", "data": {"name": "Анна"}}


def test_another_body_is_refused():
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY + b" ", headers())


def test_an_old_call_is_refused():
    old = datetime.now(UTC) - timedelta(minutes=10)  # noqa: TID251

    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY, headers(at=old))


def test_the_id_is_the_same_at_every_attempt():
    first, second = (headers(at=datetime(2026, 3, 2, hour, tzinfo=UTC)) for hour in (9, 10))

    assert first["webhook-id"] == second["webhook-id"] == "msg_0123456789abcdef0123456789abcdef"
    assert first["webhook-signature"] != second["webhook-signature"]


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("", id="empty"),
        pytest.param("whsec_", id="prefix alone"),
        pytest.param("whsec_c2hvcnQ=", id="too short"),
        pytest.param("whsec_" + base64.b64encode(bytes(65)).decode(), id="too long"),
        pytest.param("correct horse battery staple", id="not base64"),
    ],
)
def test_what_is_no_secret_is_refused_without_being_repeated(written):
    with pytest.raises(NoSecret) as refused:
        read_secret(written)

    assert not written or written not in str(refused.value)
