"""`kogda start RULE --include-past`, and what `kogda plan` says of people past the mark, as a person runs them."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from dsl import plan
from tests.cli.running import kogda
from tests.engine.flow.shop import Shop, open_shop, rule, send

ROOT = Path(__file__).parents[2]
LONG_AGO = timedelta(days=60)
SILENT = plan.Rule(
    name="Silent for a month",
    file="rules/back.rules",
    line=1,
    trigger=plan.InactivityTrigger(event="order_placed", length=plan.Length(30, "day")),
    steps=(send("back"),),
)


async def three_old_orders(shop: Shop) -> None:
    await shop.post(*(shop.event(user, "order_placed", ago=LONG_AGO) for user in "123"))
    await shop.advance()


async def test_people_are_counted_then_started_and_never_twice(database_url: str, tmp_path: Path) -> None:
    async with open_shop(database_url, SILENT) as shop:
        await three_old_orders(shop)

        counted = kogda("start", SILENT.name, cwd=tmp_path, KOGDA_DATABASE_URL=database_url)
        asked = kogda("start", SILENT.name, "--include-past", cwd=tmp_path, KOGDA_DATABASE_URL=database_url)
        await shop.advance()
        before = await shop.value("SELECT count(*) FROM message")
        arguments = ("start", SILENT.name, "--include-past", "--yes")
        started = kogda(*arguments, cwd=tmp_path, KOGDA_DATABASE_URL=database_url)
        await shop.advance()
        again = kogda(*arguments, cwd=tmp_path, KOGDA_DATABASE_URL=database_url, KOGDA_LANGUAGE="ru")

        assert counted.stdout == (
            '3 people are past the mark already. To start them: kogda start "Silent for a month" --include-past\n'
        )
        assert (asked.returncode, asked.stderr) == (2, "kogda: nobody is there to ask; add --yes to start them\n")
        assert before == 0
        assert started.stdout.splitlines() == [
            "3 people are past the mark already.",
            "3 people are started: the workers take some hundreds at a time.",
        ]
        assert again.stdout == "За отметкой никого нет, или все уже запущены.\n"
        assert await shop.value("SELECT count(*) FROM message") == 3


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("ping", '"ping" has no mark that people stay past: only `no … for …` and `customer enters …` have one'),
        ("Silent for a moth", 'no live rule is called "Silent for a moth"; did you mean "Silent for a month"?'),
        ("over", '"over" is not active today'),
    ],
)
async def test_what_cannot_be_started_is_said_in_one_sentence(
    name: str, sentence: str, database_url: str, tmp_path: Path
) -> None:
    over = plan.Rule(
        name="over", file="o.rules", line=1, trigger=SILENT.trigger, steps=SILENT.steps,
        active_from="2020-01-01", active_until="2020-02-01",
    )  # fmt: skip
    async with open_shop(database_url, SILENT, over, rule("ping", "pinged")):
        refused = kogda("start", name, "--include-past", "--yes", cwd=tmp_path, KOGDA_DATABASE_URL=database_url)

    assert (refused.returncode, refused.stderr) == (2, f"kogda: {sentence}\n")


async def test_s13_a_plan_says_how_many_people_are_past_the_mark_already(database_url: str, tmp_path: Path) -> None:
    for name in ("rules", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("kogda.yaml", "schema.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    async with open_shop(database_url, rule("ping", "pinged")) as shop:
        await three_old_orders(shop)
        await shop.post(shop.identify("4", city="Riga"), shop.identify("5", city="Riga"))
        await shop.advance()
    (tmp_path / "rules/past.rules").write_text(
        'segment near means customer.city is "Riga"\n\n'
        'rule "Silent"\nwhen no order_placed for 30 days\nsend email "welcome"\n\n'
        'rule "Golden"\nwhen customer enters near\nsend email "welcome"\n\n'
        'rule "Never silent"\nwhen no order_placed for 900 days\nsend email "welcome"\n',
        encoding="utf-8",
    )

    told = kogda("plan", cwd=tmp_path, KOGDA_DATABASE_URL=database_url)

    lines = told.stdout.splitlines()
    after = {line: lines[place + 1] for place, line in enumerate(lines[:-1])}
    assert after['+ "Silent"  rules/past.rules:3'] == "    3 people are past the mark already; they are not started"
    assert after['+ "Golden"  rules/past.rules:7'] == "    2 people are past the mark already; they are not started"
    assert not after['+ "Never silent"  rules/past.rules:11'].startswith(" ")
