"""Publishing swaps all rules at once, or changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from dsl import plan
from engine.flow.publishing.publish_rules import publish
from engine.storage.database import Database
from engine.storage.rules.published import live_rule_set, load_rule_set
from tests.engine.flow.shop import rule, send

WELCOME = rule("welcome", "registered")
TEMPLATES = {"email/welcome.html": "Hello"}


async def test_what_is_live_already_is_not_published_again(database: Database) -> None:
    first = await publish(database, plan.Plan(rules=(WELCOME,)), templates=TEMPLATES, settings={})

    second = await publish(database, plan.Plan(rules=(WELCOME,)), templates=TEMPLATES, settings={})

    assert (first.changed, second.changed) == (True, False)
    assert second.rule_set == first.rule_set
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM publication") == 1


async def test_a_publication_says_what_it_changed(database: Database) -> None:
    await publish(database, plan.Plan(rules=(WELCOME, rule("old", "left"))), templates=TEMPLATES, settings={})
    changed = rule("welcome", "registered", send("other"))

    published = await publish(
        database,
        plan.Plan(rules=(changed, rule("new", "left"))),
        templates={"email/other.html": "Hi"},
        settings={"name": "Shop"},
    )

    assert (published.added, published.altered, published.removed) == (("new",), ("welcome",), ("old",))
    assert published.templates == ("email/other.html", "email/welcome.html")
    assert published.settings


async def test_settings_that_are_as_they_were_are_not_told_as_changed(database: Database) -> None:
    def settings() -> dict[str, Any]:
        return {"caps": ({"limit": 2},), "zones": ("DE", "AT")}

    await publish(database, plan.Plan(), templates={}, settings=settings())

    published = await publish(database, plan.Plan(), templates=TEMPLATES, settings=settings())

    assert published.changed and not published.settings


async def test_going_back_is_a_new_publication_of_the_old_rule_set(database: Database) -> None:
    old = await publish(database, plan.Plan(rules=(WELCOME,)), templates={}, settings={})
    await publish(database, plan.Plan(), templates={}, settings={})

    back = await publish(database, plan.Plan(rules=(WELCOME,)), templates={}, settings={})

    assert (back.changed, back.rule_set) == (True, old.rule_set)
    async with database.connection() as connection:
        assert await live_rule_set(connection) == old.rule_set
        assert (await load_rule_set(connection, old.rule_set)).hash == old.hash


async def test_on_an_error_what_was_live_stays_live(database: Database) -> None:
    old = await publish(database, plan.Plan(rules=(WELCOME,)), templates={}, settings={})

    with pytest.raises(Exception, match="unsupported Unicode escape"):
        await publish(database, plan.Plan(), templates={"email/bad.html": "\x00"}, settings={})

    async with database.connection() as connection:
        assert await live_rule_set(connection) == old.rule_set
