"""`channels` of kogda.yaml, as it is read and as editors complete it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from dsl.problems import Problems
from dsl.source import Source
from engine.workspace import settings
from engine.workspace.settings import load_settings

SCHEMA = json.loads((Path(settings.__file__).parent / "kogda.schema.json").read_text())


def read(channels: str) -> tuple[settings.WorkspaceSettings, list[str]]:
    source = Source("kogda.yaml", f"language: 1\nchannels: {channels}\n")
    problems = Problems(source)
    return load_settings(source, problems), [each.code for each in problems.found]


def is_valid(channels: str) -> bool:
    return jsonschema.Draft202012Validator(SCHEMA).is_valid(yaml.safe_load(f"language: 1\nchannels: {channels}\n"))


@pytest.mark.parametrize(
    ("written", "names"),
    [
        pytest.param("sms", ["sms", "email"], id="one"),
        pytest.param("[telegram, email, sms]", ["telegram", "email", "sms"], id="a list"),
        pytest.param("[sms, sms]", ["sms", "email"], id="twice"),
        pytest.param("{telegram: , sms: }", ["telegram", "sms", "email"], id="names"),
        pytest.param(
            "{sms: {provider: twilio, account: AC1, token_env: T, from: '+491701234567'}}",
            ["sms", "email"],
            id="twilio",
        ),
        pytest.param("{sms: {account: AC1, token_env: T, service: MG1}}", ["sms", "email"], id="the first provider"),
        pytest.param("{telegram: {token_env: T, secret_env: S, bot: a_bot}}", ["telegram", "email"], id="telegram"),
        pytest.param(
            "{sms: {provider: gateway, url: 'https://a.example/{phone}', body: {a: [1, {b: '{text}'}]}, sent: [0, k]}}",
            ["sms", "email"],
            id="gateway",
        ),
    ],
)
def test_channels_come_in_their_order_and_email_is_always_there(written: str, names: list[str]):
    found, mistakes = read(written)

    assert (mistakes, list(found.channels)) == ([], names)
    assert is_valid(written)


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        pytest.param("[fax]", ["E507"], id="another channel"),
        pytest.param("{fax: }", ["E506"], id="another name"),
        pytest.param("{sms: {provider: acme}}", ["E507"], id="another provider"),
        pytest.param("{sms: {account: AC1, from: Shop}}", ["E521"], id="no token"),
        pytest.param("{sms: {account: AC1, token_env: T}}", ["E521"], id="no sender"),
        pytest.param("{sms: {account: 'AC1/..', token_env: T, from: Shop}}", ["E507"], id="no account"),
        pytest.param("{telegram: {token_env: '123:abc'}}", ["E507"], id="the token itself"),
        pytest.param("{telegram: {token_env: KOGDA_TOKEN}}", ["E507"], id="a setting of ours"),
        pytest.param("{sms: {provider: gateway, url: 'ftp://a.example'}}", ["E521"], id="ftp"),
        pytest.param("{sms: {provider: gateway, url: 'https://u:p@a.example/'}}", ["E521"], id="password"),
        pytest.param("{sms: {provider: gateway, url: 'https://a.example', method: DELETE}}", ["E507"], id="method"),
        pytest.param("{sms: {provider: gateway, url: 'https://a.example', id: 'a b'}}", ["E507"], id="path"),
    ],
)
def test_what_cannot_be_sent_by_is_seen_here_and_in_the_editor(written: str, codes: list[str]):
    assert read(written)[1] == codes
    assert not is_valid(written)


@pytest.mark.parametrize("header", ["{'A b': x}", r'{A: "x\r\nB: y"}', "{A: '{nothing}'}", "{A: '{KOGDA_ADMIN_KEY}'}"])
def test_a_header_that_could_carry_more_is_refused(header: str):
    found = read(f"{{sms: {{provider: gateway, url: 'https://a.example', headers: {header}}}}}")[1]

    assert found in (["E507"], ["E521"])


def test_no_setting_of_the_file_is_a_secret():
    found, _ = read("{sms: {account: AC1, token_env: TWILIO_TOKEN, from: Shop}}")

    assert found.as_json()["channels"]["sms"] == {
        "provider": "twilio",
        "account": "AC1",
        "token_env": "TWILIO_TOKEN",
        "from": "Shop",
    }
