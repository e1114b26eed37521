from __future__ import annotations

import pytest

from engine.redaction import redactor, secrets_of


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("550 <anna.b+c@example.com> unknown", "550 <…@example.com> unknown"),
        ("connect postgresql://kogda:pa55word@db/kogda", "connect postgresql://kogda:…@db/kogda"),
        ("no route to +491701234567", "no route to …"),
        ("at 2026-03-02T10:00:00+00:00", "at 2026-03-02T10:00:00+00:00"),
        ("refused: hunter22", "refused: …"),
        ("duplicate\\nDETAIL:  Key (name)=(Anna) exists.\\nHINT: x", "duplicate\\nDETAIL: …\\nHINT: x"),
        ("invalid input for query argument $2: 'Anna' (a number)", "invalid input for query argument $2: …"),
        ("sent 3 of 5", "sent 3 of 5"),
    ],
)
def test_a_line_loses_what_is_nobody_s_business(said: str, written: str):
    assert redactor(["hunter22", "x"])(said) == written


def test_a_line_as_long_as_somebody_else_wants_takes_no_time():
    line = "a" * 2_000_000

    assert redactor([])(f"{line} anna@example.com") == f"{line} …@example.com"


def test_secrets_are_known_by_the_names_of_their_variables():
    found = secrets_of({"TWILIO_TOKEN": "t0ken", "HOME": "/root", "SHOP_DKIM_KEY": "k3y", "KEY_FILE": "/etc/key"})

    assert found == ["t0ken", "k3y"]
