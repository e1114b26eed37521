"""What of kogda.yaml leads out: read as it is written, and accepted by the JSON Schema that editors complete from."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from dsl.problems import Problems
from dsl.source import Source
from engine.workspace import settings
from engine.workspace.outside import check_shown
from engine.workspace.settings import load_settings

SCHEMA = json.loads((Path(settings.__file__).parent / "kogda.schema.json").read_text())

WHOLE = """
language: 1
promos:
  BACK10: {discount: 10%, expires: "2026-12-31", low: 5}
  "Весна 2026": {}
webhooks:
  crm_sync: {url: https://crm.example/hooks, secret_env: CRM_SECRET}
  local: {url: http://localhost:9000/hooks, secret_env: LOCAL_SECRET}
staff:
  managers: [anna@shop.example, "Boris <boris@shop.example>"]
  one: anna@shop.example
  support:
    email: olga@shop.example
    telegram: {chat: -1001234567890, token_env: TELEGRAM_TOKEN}
    slack: {url_env: SLACK_URL}
    shows: [city]
"""


def read(text: str) -> tuple[settings.WorkspaceSettings, list[str]]:
    source = Source("kogda.yaml", text)
    problems = Problems(source)
    return load_settings(source, problems), [each.code for each in problems.found]


def test_all_that_leads_out_is_read():
    found, mistakes = read(WHOLE)

    assert mistakes == []
    assert found.as_json()["promos"] == {
        "BACK10": {"discount": "10%", "expires": "2026-12-31", "low": 5},
        "Весна 2026": {"discount": None, "expires": None, "low": 100},
    }
    assert found.as_json()["webhooks"]["crm_sync"] == {
        "url": "https://crm.example/hooks",
        "secret_env": "CRM_SECRET",
    }
    assert found.as_json()["staff"] == {
        "managers": {
            "email": ["anna@shop.example", "Boris <boris@shop.example>"],
            "telegram": None,
            "slack": None,
            "shows": [],
        },
        "one": {"email": ["anna@shop.example"], "telegram": None, "slack": None, "shows": []},
        "support": {
            "email": ["olga@shop.example"],
            "telegram": {"chat": "-1001234567890", "token_env": "TELEGRAM_TOKEN"},
            "slack": {"url_env": "SLACK_URL"},
            "shows": ["city"],
        },
    }


def test_editors_accept_what_is_read():
    jsonschema.validate(yaml.safe_load(WHOLE), SCHEMA)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        pytest.param("promos: {A: {low: -1}}", "E507", id="low"),
        pytest.param("promos: {A: {expires: 31.12.2026}}", "E507", id="day"),
        pytest.param("promos: {A: {price: 5}}", "E506", id="key"),
        pytest.param("webhooks: {a: {secret_env: A}}", "E519", id="no address"),
        pytest.param("webhooks: {a: {url: ftp://crm.example/, secret_env: A}}", "E519", id="ftp"),
        pytest.param("webhooks: {a: {url: 'https://crm.example/#x', secret_env: A}}", "E519", id="fragment"),
        pytest.param("webhooks: {a: {url: 'https://crm.example:x/', secret_env: A}}", "E519", id="port"),
        pytest.param("webhooks: {a: {url: https://crm.example/, secret_env: KOGDA_SMTP_URL}}", "E507", id="ours"),
        pytest.param("webhooks: {a: {url: https://crm.example/, secret_env: 12ab}}", "E507", id="no variable"),
        pytest.param("staff: {a: []}", "E520", id="nobody"),
        pytest.param("staff: {a: [anna]}", "E507", id="no address of a person"),
        pytest.param("staff: {a: {telegram: {chat: here, token_env: T}}}", "E507", id="chat"),
    ],
)
def test_what_leads_nowhere_is_refused(line, code):
    assert read(f"language: 1\n{line}")[1] == [code]


def test_a_note_can_show_only_what_the_schema_knows():
    found, _ = read("language: 1\nstaff: {a: {email: anna@shop.example, shows: [citi]}}")
    problems = Problems(Source("kogda.yaml", "language: 1\nstaff: {a: {email: anna@shop.example, shows: [citi]}}"))

    check_shown(found.staff, {"city": None}, problems)

    [mistake] = problems.found
    assert (mistake.code, mistake.fixes[0].edits[0].text) == ("E203", "city")
