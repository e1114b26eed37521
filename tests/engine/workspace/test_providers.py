"""`providers` of kogda.yaml: read as it is written, and by the JSON Schema that editors complete from."""

from __future__ import annotations

import jsonschema
import pytest
import yaml

from dsl.plan import QuietHours
from engine.circuits import breaker_of
from tests.engine.workspace.test_outside import SCHEMA, read

WHOLE = """
language: 1
providers:
  email:
    limit: [50/s, 100000 per day]
    domains: {gmail.com: 20/s, Web.example: [600/min, 5000/h]}
    warm_up: {start: 2026-12-01, days: [50, 100, 200]}
    breaker: {after: 5, pause: 2 min}
  sms: {limit: 10/s, breaker: off}
"""


def test_all_that_is_said_of_providers_is_read():
    found, mistakes = read(WHOLE)

    assert mistakes == []
    assert found.as_json()["providers"] == {
        "email": {
            "limit": [(50, "second"), (100000, "day")],
            "domains": {"gmail.com": [(20, "second")], "web.example": [(600, "minute"), (5000, "hour")]},
            "warm_up": {"start": "2026-12-01", "days": [50, 100, 200]},
            "breaker": {"after": 5, "pause": 120},
        },
        "sms": {"limit": [(10, "second")], "breaker": None},
    }
    assert breaker_of(found.as_json(), "sms") is None
    jsonschema.validate(yaml.load(WHOLE, yaml.BaseLoader) | {"language": 1}, _texts_as_numbers(SCHEMA))


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        (
            "dkim: {domain: shop.example, selector: kogda, key_env: SHOP_DKIM}",
            [{"domain": "shop.example", "selector": "kogda", "key_env": "SHOP_DKIM"}],
        ),
        ("repeats: off", {"off": True}),
        ("repeats: {within: 3 days, of: topic}", {"within_s": 259200, "of": "topic"}),
        (
            "sunset: {after: 180 days, keep: 1 message per 30 days}",
            {"after_s": 15552000, "limit": 1, "per": [30, "day"]},
        ),
    ],
)
def test_how_mails_are_signed_and_people_spared_is_read(text: str, read_as: object):
    found, mistakes = read(f"language: 1\n{text}")

    assert mistakes == []
    assert found.as_json()[text.partition(":")[0]] == read_as


def test_quiet_hours_may_name_public_holidays():
    found, mistakes = read("language: 1\nquiet_hours: {hours: 22:00 to 9:00, holidays: [DE-BY, AT]}")

    assert mistakes == []
    assert found.quiet_hours == QuietHours(start="22:00", end="09:00")
    assert found.as_json()["holidays"] == ["DE-BY", "AT"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("dkim: {domain: shop.example, selector: kogda}", "E507"),
        ("dkim: {domain: shop, selector: kogda, key_env: KEY}", "E507"),
        ("dkim: {domain: shop.example, selector: a b, key_env: KEY}", "E507"),
        ("dkim: {domain: shop.example, selector: kogda, key: abc}", "E506"),
        ("quiet_hours: {hours: 22:00 to 9:00, holidays: Germany}", "E507"),
        ("quiet_hours: {hours: 22:00 to 9:00, holidays: DE-XX}", "E507"),
        ("quiet_hours: {hours: 22:00 to 9:00, holiday: DE}", "E506"),
        ("quiet_hours: {holidays: DE}", "E507"),
        ("repeats: {within: 3 moons}", "E507"),
        ("repeats: {of: rule}", "E507"),
        ("repeats: {for: 3 days}", "E506"),
        ("sunset: {after: 180 days}", "E507"),
        ("sunset: {after: 180 days, keep: some}", "E507"),
        ("sunset: {after: 180 days, keep: 1 email per day}", "E507"),
    ],
)
def test_mistakes_of_these_are_named(text: str, code: str):
    assert read(f"language: 1\n{text}")[1] == [code]


def _texts_as_numbers(schema: object) -> object:
    """YAML's own reader of dates and `off` differs from ours, so the test reads texts only."""
    if isinstance(schema, dict):
        if schema.get("type") == "integer":
            return {"pattern": r"^\d+$"} if "const" not in schema else schema
        return {key: _texts_as_numbers(value) for key, value in schema.items()}
    return [_texts_as_numbers(each) for each in schema] if isinstance(schema, list) else schema


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("email: {limit: 50}", "E507"),
        ("email: {limit: 0/s}", "E507"),
        ("email: {limit: 5/week}", "E507"),
        ("email: {limits: 5/s}", "E506"),
        ("fax: {limit: 5/s}", "E506"),
        ("email: {domains: {gmail: 5/s}}", "E507"),
        ("email: {domains: {gmail.com: often}}", "E507"),
        ("email: {warm_up: {start: 2026-12-01}}", "E507"),
        ("email: {warm_up: {start: 1 December, days: [50]}}", "E507"),
        ("email: {warm_up: {start: 2026-02-30, days: [50]}}", "E507"),
        ("email: {warm_up: {start: 2026-12-01, days: [50, many]}}", "E507"),
        ("email: {breaker: {after: 0}}", "E507"),
        ("email: {breaker: {pause: 2h}}", "E507"),
        ("email: {breaker: {patience: 3}}", "E506"),
    ],
)
def test_a_mistake_is_named_and_the_rest_is_read(text: str, code: str):
    found, mistakes = read(f"language: 1\nname: Shop\nproviders:\n  {text}")

    assert mistakes == [code]
    assert found.name == "Shop"
