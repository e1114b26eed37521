"""Publishing swaps all rules at once, or changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dsl import plan
from engine.flow.publishing.compare_rule_sets import Change, Changes
from engine.flow.publishing.publish_rules import publish
from engine.storage.database import Database
from engine.storage.rules.published import live_rule_set, load_rule_set
from tests.engine.flow.shop import rule, send

WELCOME = rule("welcome", "registered")
BUYERS = plan.Segment(condition=plan.All(()), hash="1", file="buyers.rules", line=1)
TEMPLATES = {"email/welcome.html": "Hello"}


async def test_what_is_live_already_is_not_published_again(database: Database) -> None:
    first = await publish(database, plan.Plan(rules=(WELCOME,)), templates=TEMPLATES, settings={})

    second = await publish(database, plan.Plan(rules=(WELCOME,)), templates=TEMPLATES, settings={})

    assert first.is_first and first.changes is not None
    assert second.changes is None
    assert second.rule_set == first.rule_set
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM publication") == 1


async def test_a_publication_says_what_it_changed(database: Database) -> None:
    before = plan.Plan(rules=(WELCOME, rule("old", "left")))
    await publish(database, before, templates={**TEMPLATES, "email/hello.html": "Hello"}, settings={})
    changed = rule("welcome", "registered", send("other"))

    published = await publish(
        database,
        plan.Plan(rules=(changed, rule("new", "left"))),
        templates={"email/other.html": "Hi", "email/hello.html": "Good day"},
        settings={"name": "Shop"},
    )

    assert published.changes == Changes(
        rules=Change(added=("new",), altered=("welcome",), removed=("old",)),
        templates=Change(added=("email/other.html",), altered=("email/hello.html",), removed=("email/welcome.html",)),
        settings=True,
    )
    assert not published.is_first


async def test_settings_that_are_as_they_were_are_not_told_as_changed(database: Database) -> None:
    def settings() -> dict[str, Any]:
        return {"caps": ({"limit": 2},), "zones": ("DE", "AT")}

    await publish(database, plan.Plan(), templates={}, settings=settings())

    published = await publish(database, plan.Plan(), templates=TEMPLATES, settings=settings())

    assert published.changes == Changes(templates=Change(added=("email/welcome.html",)))


async def test_a_rule_that_only_moved_in_its_file_is_not_told_as_changed(database: Database) -> None:
    await publish(database, plan.Plan(rules=(WELCOME,)), templates={}, settings={})
    moved = replace(WELCOME, line=WELCOME.line + 3, steps=tuple(replace(step, line=9) for step in WELCOME.steps))

    published = await publish(database, plan.Plan(rules=(moved,)), templates={}, settings={})

    assert published.changes == Changes()


@pytest.mark.parametrize(
    ("after", "told"),
    [
        pytest.param(plan.Plan(attributes={"city": "text"}), Changes(schema=True), id="an attribute"),
        pytest.param(plan.Plan(events={"paid": plan.EventFacts(key="order")}), Changes(schema=True), id="an event"),
        pytest.param(plan.Plan(timezone="Europe/Berlin"), Changes(settings=True), id="a setting that is in the plan"),
        pytest.param(
            plan.Plan(segments={"buyers": BUYERS}),
            Changes(segments=Change(added=("buyers",))),
            id="a segment",
        ),
    ],
)
async def test_what_is_no_rule_is_told_by_its_file(database: Database, after: plan.Plan, told: Changes) -> None:
    await publish(database, plan.Plan(), templates={}, settings={})

    published = await publish(database, after, templates={}, settings={})

    assert published.changes == told


async def test_going_back_is_a_new_publication_of_the_old_rule_set(database: Database) -> None:
    old = await publish(database, plan.Plan(rules=(WELCOME,)), templates={}, settings={})
    await publish(database, plan.Plan(), templates={}, settings={})

    back = await publish(database, plan.Plan(rules=(WELCOME,)), templates={}, settings={})

    assert back.rule_set == old.rule_set
    assert back.changes == Changes(rules=Change(added=("welcome",)))
    async with database.connection() as connection:
        assert await live_rule_set(connection) == old.rule_set
        assert (await load_rule_set(connection, old.rule_set)).hash == old.hash


async def test_on_an_error_what_was_live_stays_live(database: Database) -> None:
    old = await publish(database, plan.Plan(rules=(WELCOME,)), templates={}, settings={})

    with pytest.raises(Exception, match="unsupported Unicode escape"):
        await publish(database, plan.Plan(), templates={"email/bad.html": "\x00"}, settings={})

    async with database.connection() as connection:
        assert await live_rule_set(connection) == old.rule_set
