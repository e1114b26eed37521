"""List-Unsubscribe and its Post (RFC 2369, RFC 8058): where mail programs look for the way out."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default

import pytest

from engine.channels import Mail
from engine.channels.mime import build_mail
from engine.errors import UnsafeHeader
from tests.channels.conformance import handover

HTTPS = "https://mail.shop.example/u/AbC-_9"
MAILTO = "mailto:leave@shop.example?subject=unsubscribe%20AbC-_9"


def head_of(*ways_out: str) -> dict[str, str]:
    given = handover()
    assert isinstance(given.content, Mail)
    raw = build_mail(given._replace(content=given.content._replace(ways_out=ways_out))).raw
    message = message_from_bytes(raw, policy=default)
    return {name: str(message[name]) for name in ("List-Unsubscribe", "List-Unsubscribe-Post") if message[name]}


def test_https_comes_first_and_may_be_pressed_once():
    assert head_of(HTTPS, MAILTO) == {
        "List-Unsubscribe": f"<{HTTPS}>, <{MAILTO}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def test_without_https_a_mail_program_has_nothing_to_press():
    assert head_of("http://127.0.0.1:8000/u/A") == {"List-Unsubscribe": "<http://127.0.0.1:8000/u/A>"}


def test_a_service_mail_says_nothing():
    assert head_of() == {}


@pytest.mark.parametrize(
    "address",
    [
        "https://shop.example/u/A>\r\nBcc: x",
        "https://shop.example/u/A\nX: y",
        "https://shop.example/ u",
        "https://shop.example/<u>",
        "javascript:alert(1)",
        "https://шоп.example/u/A",
        "https:" + "a" * 1000,
    ],
)
def test_what_would_break_the_head_is_refused(address: str):
    with pytest.raises(UnsafeHeader):
        head_of(address)
