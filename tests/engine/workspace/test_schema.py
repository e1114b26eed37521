"""schema.yaml and kogda.yaml: what is read from them, and that editors with the JSON Schemas say the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

import engine.workspace
from dsl.catalog import BUILT_IN_ATTRIBUTES
from dsl.diagnostics import Diagnostic
from dsl.kinds import Kind
from dsl.plan import Length
from dsl.problems import Problems
from dsl.source import Source
from engine.workspace.schema import Schema, load_schema
from engine.workspace.settings import WorkspaceSettings, load_settings

FOLDER = Path(engine.workspace.__file__).parent
ROOT = Path(__file__).parents[3]


def schema(text: str, late_after: Length | None = None) -> tuple[Schema, list[Diagnostic]]:
    problems = Problems(Source("schema.yaml", text))
    return load_schema(problems.source, problems, late_after), problems.found


def settings(text: str) -> tuple[WorkspaceSettings, list[Diagnostic]]:
    problems = Problems(Source("kogda.yaml", text))
    return load_settings(problems.source, problems), problems.found


def kind(notation: str) -> Kind:
    read, found = schema(f"events:\n  e:\n    properties:\n      p: {notation}")
    assert [each.message for each in found] == []
    return read.events["e"].properties["p"]


def editor_accepts(name: str, text: str) -> bool:
    """As an editor reads YAML 1.2: `no` is a text and a date too."""

    class Plain(yaml.SafeLoader):
        pass

    Plain.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":int", ":float", ":null"))]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    Plain.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))
    Plain.add_constructor("tag:yaml.org,2002:bool", lambda loader, node: node.value == "true")
    rules = json.loads((FOLDER / f"{name}.schema.json").read_text())
    return Draft202012Validator(rules).is_valid(yaml.load(text, Loader=Plain) or {})


@pytest.mark.parametrize(
    ("notation", "expected"),
    [
        ("text", Kind(name="text")),
        ("optional money", Kind(name="money", optional=True)),
        ("list of text", Kind(name="text", is_list=True)),
        ("optional list of number", Kind(name="number", is_list=True, optional=True)),
        ("{enum: [bronze, silver]}", Kind(name="text", values=("bronze", "silver"))),
        ("{enum: [yes, no], optional: true}", Kind(name="text", values=("yes", "no"), optional=True)),
        ("{type: date, repeats: yearly}", Kind(name="date", repeats="yearly")),
        ("{type: optional text, personal: true}", Kind(name="text", optional=True, personal=True)),
        ("{list of: {enum: [a, b]}}", Kind(name="text", is_list=True, values=("a", "b"))),
        ("{list of: money}", Kind(name="money", is_list=True)),
        (
            "{list: {name: text, price: optional money}}",
            Kind(
                name="record",
                is_list=True,
                fields={"name": Kind(name="text"), "price": Kind(name="money", optional=True)},
            ),
        ),
        ("{object: {city: text}}", Kind(name="record", fields={"city": Kind(name="text")})),
        (
            "{object: {geo: {object: {lat: number}}}}",
            Kind(name="record", fields={"geo": Kind(name="record", fields={"lat": Kind(name="number")})}),
        ),
    ],
)
def test_a_type_is_read_as_it_is_written(notation: str, expected: Kind):
    assert kind(notation) == expected
    assert editor_accepts("schema", f"events:\n  e:\n    properties:\n      p: {notation}")


@pytest.mark.parametrize(
    "notation",
    ["string", "text?", "[text]", "5", "true", "{}", "{type: text, enum: [a]}", "{enum: []}", "{enum: [1]}",
     "{type: text, personal: yes}", "{type: text, secret: true}", "{list of: list of text}", "{object: {}}",
     "{list of: {}}", "{type: date, repeats: monthly}", "list of", ""],
)  # fmt: skip
def test_what_is_no_type_is_refused_here_and_in_the_editor(notation: str):
    text = f"events:\n  e:\n    properties:\n      p: {notation}"

    _, found = schema(text)

    assert len(found) == 1
    assert not editor_accepts("schema", text)


@pytest.mark.parametrize(
    "text",
    ["events: {e: {titel: x}}", "event: {}", "events: [a]", "events: {e: {open: yes}}", "events: {e: {late_after: 3}}",
     "events: {Order Completed: {}}", "customer: {first-name: text}", "events: {e: {title: {de: x}}}"],
)  # fmt: skip
def test_other_mistakes_of_the_schema_are_seen_by_the_editor_too(text: str):
    assert len(schema(text)[1]) == 1
    assert not editor_accepts("schema", text)


@pytest.mark.parametrize(
    "text",
    ["", "language: 2", "language: '1'", "language: 1\nnaem: x", "language: 1\ncurrency: euro",
     "language: 1\nlocale: english language", "language: 1\nmail: {form: a@b.example}",
     "language: 1\nleap_day: 2 march",
     "language: 1\nunknown_window: hold", "language: 1\nunknown_window: {marketing: resnd}",
     "language: 1\nlate_after: 3 moons", "language: 1\nquiet_hours: 22-9", "language: 1\ntopics: {my news: x}"],
)  # fmt: skip
def test_mistakes_of_the_settings_are_seen_by_the_editor_too(text: str):
    assert len(settings(text)[1]) == 1
    assert not editor_accepts("kogda", text)


def test_the_files_of_this_repository_please_both():
    for name in ("kogda", "schema"):
        text = (ROOT / f"{name}.yaml").read_text(encoding="utf-8")

        found = settings(text)[1] if name == "kogda" else schema(text)[1]

        assert [each.message for each in found] == []
        assert editor_accepts(name, text), name


def test_an_event_is_read_with_all_that_it_says():
    read, found = schema(
        """
events:
  cart_left:
    title: {en: cart left, ru: корзина}
    key: cart_id
    cancelled_by: bought
    late_after: 3 days
    open: true
    properties: {cart_id: text}
  bought:
"""
    )

    assert found == []
    left = read.events["cart_left"]
    assert (left.title, left.key, left.cancelled_by) == ({"en": "cart left", "ru": "корзина"}, "cart_id", ("bought",))
    assert (left.late_after, left.open) == (Length(3, "day"), True)
    assert read.events["bought"].properties == {}


def test_late_after_of_the_workspace_is_for_events_that_name_none():
    read, _ = schema("events:\n  a: {late_after: 1h}\n  b:", Length(2, "week"))

    assert (read.events["a"].late_after, read.events["b"].late_after) == (Length(1, "hour"), Length(2, "week"))


def test_built_in_attributes_are_always_there():
    assert schema("")[0].attributes == BUILT_IN_ATTRIBUTES
    assert set(schema("customer: {city: text}")[0].attributes) == {*BUILT_IN_ATTRIBUTES, "city"}


def test_what_is_wrong_in_one_event_leaves_the_others():
    read, found = schema("events:\n  a: {properties: {x: strin, y: text}}\n  b: {properties: {z: money}}")

    assert [each.code for each in found] == ["E509"]
    assert (list(read.events["a"].properties), list(read.events["b"].properties)) == (["y"], ["z"])


def test_settings_are_read_with_all_that_they_say():
    read, found = settings(
        """
language: 1
name: Shop
timezone: Europe/Berlin
currency: EUR
locale: ru
mail: {from: "Shop <hello@shop.example>", reply_to: help@shop.example}
topics: {news: What is new, service: {title: {en: Orders, ru: Заказы}}}
unknown_window: {marketing: hold, transactional: resend}
late_after: 48h
leap_day: 1 march
"""
    )

    assert found == []
    assert (read.timezone, read.currency, read.late_after) == ("Europe/Berlin", "EUR", Length(48, "hour"))
    assert read.as_json() == {
        "name": "Shop",
        "locale": "ru",
        "consent": "unless_refused",
        "mail": {"from": "Shop <hello@shop.example>", "reply_to": "help@shop.example"},
        "topics": {"news": "What is new", "service": {"en": "Orders", "ru": "Заказы"}},
        "unknown_window": {"marketing": "hold", "transactional": "resend"},
        "leap_day": "1 march",
        "quiet_hours": None,
        "promos": {},
        "webhooks": {},
        "channels": {"email": {}},
        "staff": {},
    }


@pytest.mark.parametrize(
    "address", ["a@b", "a b@c.example", "@c.example", "a@c.example\\nBcc: x@y.example", "a@c..", " "]
)
def test_what_is_no_address_cannot_be_the_sender(address: str):
    _, found = settings(f'language: 1\nmail:\n  from: "{address}"')

    assert [each.code for each in found] == ["E507"]
