"""`channels.push` and `channels.inapp` of kogda.yaml: as they are read, and as editors judge them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.workspace.test_schema import editor_accepts, settings

BEGIN = "language: 1\nchannels:"
CONTACT = "language: 1\nchannels:\n  push:\n    contact: "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"{BEGIN} [push, inapp]", {"push": {}, "inapp": {}}, id="names alone"),
        pytest.param(f"{CONTACT}push@shop.example", {"push": {"contact": "mailto:push@shop.example"}}, id="an address"),
        pytest.param(f"{CONTACT}mailto:a@b.example", {"push": {"contact": "mailto:a@b.example"}}, id="mailto"),
        pytest.param(f"{CONTACT}https://shop.example/us", {"push": {"contact": "https://shop.example/us"}}, id="page"),
        pytest.param(
            f"{BEGIN}\n  push: {{firebase_env: ACCOUNT, contact: a@b.example, web_key_env: WEB_KEY}}\n  inapp:",
            {
                "push": {"firebase_env": "ACCOUNT", "contact": "mailto:a@b.example", "web_key_env": "WEB_KEY"},
                "inapp": {},
            },
            id="everything",
        ),
    ],
)
def test_push_and_the_inbox_are_named_in_kogda_yaml(text: str, expected: dict[str, dict[str, Any]]):
    read, found = settings(text)

    channels = {name: {k: v for k, v in each.items() if k != "provider"} for name, each in read.channels.items()}
    assert found == []
    assert channels == {**expected, "email": {}}
    assert editor_accepts("kogda", text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(f"{BEGIN}\n  push: {{web_key_env: KEY}}", "needs: firebase_env / contact", id="neither"),
        pytest.param(f"{CONTACT}nobody", '"nobody" is not an address of yours, such as', id="no address"),
        pytest.param(f"{CONTACT}http://shop.example", '"http://shop.example" is not an address', id="http"),
        pytest.param(f"{BEGIN}\n  push: {{firebase_env: a b}}", "is not the name of an env", id="a secret"),
        pytest.param(f"{BEGIN}\n  inapp: {{colour: red}}", "inapp has no settings", id="settings of the inbox"),
    ],
)
def test_what_push_cannot_be_set_up_with_is_said(text: str, message: str):
    _, found = settings(text)

    assert [message in each.message for each in found] == [True]
    assert not editor_accepts("kogda", text)
