"""`kogda segments`, as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

from dsl import plan
from engine.flow.publishing.publish_rules import publish
from engine.storage.database import Database
from tests.cli.running import kogda
from tests.engine.flow.shop import open_shop, send

GOLD = plan.Compare(plan.Attribute("tier", "text"), "is", plan.Constant("text", "gold"))
SEGMENTS = {"gold": plan.Segment(condition=GOLD, hash="1", file="rules/vip.rules", line=3)}
WELCOME = plan.Rule(
    name="Welcome",
    file="rules/vip.rules",
    line=4,
    trigger=plan.SegmentTrigger(segment="gold", enters=True),
    steps=(send("welcome"),),
)


async def test_segments_are_shown_with_size_rules_and_a_sample(database_url: str, tmp_path: Path) -> None:
    async with open_shop(database_url, WELCOME, segments=SEGMENTS, attributes={"tier": "text"}) as shop:
        await shop.post(*(shop.identify(str(number), tier="gold") for number in range(12)))
        await shop.post(shop.identify("anna", tier="silver"))
        await shop.advance()

        shown = kogda("segments", cwd=tmp_path, KOGDA_DATABASE_URL=database_url)
        read = kogda("segments", "--json", cwd=tmp_path, KOGDA_DATABASE_URL=database_url)

    lines = shown.stdout.splitlines()
    assert lines[:3] == ["gold: 12 customers", "  defined in rules/vip.rules:3", '  used by "Welcome"']
    assert lines[-1] == "  and 2 more"
    assert [(each["name"], each["size"], len(each["sample"])) for each in json.loads(read.stdout)] == [("gold", 12, 10)]


async def test_a_segment_that_was_just_published_says_that_it_is_being_filled(
    database_url: str, database: Database, tmp_path: Path
) -> None:
    async with open_shop(database_url) as shop:
        await shop.post(shop.identify("1", tier="gold"))
        await shop.advance()
        await publish(database, plan.Plan(segments=SEGMENTS), templates={}, settings={})

        shown = kogda("segments", cwd=tmp_path, KOGDA_DATABASE_URL=database_url, KOGDA_LANGUAGE="ru")

    assert shown.stdout.splitlines()[0] == "gold: 0 клиентов  (заполняется, 0 %)"


async def test_a_workspace_without_segments_is_told_how_to_write_one(database_url: str, tmp_path: Path) -> None:
    async with open_shop(database_url):
        shown = kogda("segments", cwd=tmp_path, KOGDA_DATABASE_URL=database_url)
        read = kogda("segments", "--json", cwd=tmp_path, KOGDA_DATABASE_URL=database_url)

    assert shown.stdout == "The live rules have no segments. Write one: segment NAME means CONDITION\n"
    assert json.loads(read.stdout) == []


async def test_without_a_publication_there_is_nothing_to_show(database_url: str, tmp_path: Path) -> None:
    shown = kogda("segments", cwd=tmp_path, KOGDA_DATABASE_URL=database_url)

    assert shown.returncode == 2
    assert shown.stderr.startswith("kogda: ")
