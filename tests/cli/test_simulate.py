"""`kogda simulate` over an export and over a database, as a person runs it."""

from __future__ import annotations

import json
import re
import shutil
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.cli.running import kogda
from tests.engine.flow.shop import open_shop

ROOT = Path(__file__).parents[2]

SCHEMA = "events:\n  cart_left: {properties: {total: money}}\n  order_placed: {}\ncustomer:\n  city: text\n"
RULES = """rule "Cart"
  when cart_left where event.total > 10 EUR after 1h
  stop when order_placed
  send email "a"
"""
LEFT = {"event": "Cart Left", "properties": {"total": 20}}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "kogda.yaml").write_text("language: 1\ncurrency: EUR\nmail: {from: shop@example.com}\n")
    (tmp_path / "schema.yaml").write_text(SCHEMA)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/cart.rules").write_text(RULES)
    (tmp_path / "templates/email").mkdir(parents=True)
    (tmp_path / "templates/email/a.html").write_text("---\nsubject: a\n---\n<p>a</p>\n")
    return tmp_path


def export(folder: Path, *events: dict[str, object]) -> Path:
    path = folder / "events.ndjson"
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    return path


def test_an_export_tells_messages_by_day_and_rule(workspace: Path) -> None:
    path = export(
        workspace,
        {**LEFT, "userId": "1", "timestamp": "2026-03-02T10:00:00Z"},
        {**LEFT, "userId": "2", "timestamp": "2026-03-02T23:30:00Z"},
        {**LEFT, "userId": "3", "timestamp": "2026-03-03T10:00:00Z"},
        {"event": "order_placed", "userId": "3", "timestamp": "2026-03-03T10:20:00Z"},
    )

    told = kogda("simulate", "--events", path, "--json", cwd=workspace)

    assert told.returncode == 0, told.stderr
    [figures] = json.loads(told.stdout)
    assert (figures["events"], figures["customers"], figures["reached"], figures["messages"]) == (4, 3, 2, 2)
    assert [(each["day"], each["rule"]) for each in figures["sent"]] == [("2026-03-02", "Cart"), ("2026-03-03", "Cart")]


def test_a_csv_says_the_same(workspace: Path) -> None:
    path = workspace / "events.csv"
    path.write_text("event,userId,timestamp,total\nCart Left,1,2026-03-02T10:00:00Z,20\n\nCart Left,2,1772445600,5\n")

    told = kogda("simulate", "--events", path, "--json", cwd=workspace)

    [figures] = json.loads(told.stdout)
    assert (figures["events"], figures["messages"]) == (2, 1)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "events.ndjson:2 is no event: one JSON object a line"),
        ("[1]", "events.ndjson:2 is no event: one JSON object a line"),
        ('{"event": "a", "userId": "1"}', "events.ndjson:2 is no event: it needs `event`, `userId` and `timestamp`"),
        ('{"event": "a", "timestamp": 1}', "events.ndjson:2 is no event: it needs"),
        ('{"event": "a", "userId": "1", "timestamp": "soon"}', "events.ndjson:2 is no event: it needs"),
    ],
)
def test_a_wrong_line_is_named(line: str, reason: str, workspace: Path) -> None:
    path = workspace / "events.ndjson"
    path.write_text(json.dumps({**LEFT, "userId": "1", "timestamp": "2026-03-02T10:00:00Z"}) + f"\n{line}\n")

    told = kogda("simulate", "--events", path, cwd=workspace)

    assert told.returncode == 2
    assert reason in told.stderr
    assert "Traceback" not in told.stderr


def test_a_time_without_events_is_said_in_one_sentence(workspace: Path) -> None:
    path = export(workspace, {**LEFT, "userId": "1", "timestamp": "2026-03-02T10:00:00Z"})

    told = kogda("simulate", "--events", path, "--from", "2020-01-01", "--until", "2020-02-01", cwd=workspace)

    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == "kogda: there are no events in that time\n"


def test_a_baseline_is_compared_and_the_page_needs_nothing_else(workspace: Path) -> None:
    other = workspace / "other"
    shutil.copytree(workspace, other, ignore=lambda *_: ["other"])
    (other / "rules/cart.rules").write_text(RULES.replace("> 10 EUR", "> 30 EUR"))
    path = export(workspace, {**LEFT, "userId": "1", "timestamp": "2026-03-02T10:00:00Z"})

    told = kogda("simulate", "--events", path, "--baseline", other, "--html", "page.html", cwd=workspace)

    assert told.returncode == 0, told.stderr
    assert "compared with other: 0 -> 1 (+1)" in told.stdout
    page = (workspace / "page.html").read_text()
    assert "<svg" in page
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page


def test_a_chart_of_few_days_keeps_its_height_and_its_dates_apart(workspace: Path) -> None:
    days = [{**LEFT, "userId": f"{day}", "timestamp": f"2026-03-{day:02}T10:00:00Z"} for day in range(2, 8)]

    told = kogda("simulate", "--events", export(workspace, *days), "--html", "page.html", cwd=workspace)

    assert told.returncode == 0, told.stderr
    page = (workspace / "page.html").read_text()
    labels = [int(x) for x in re.findall(r'<text x="(\d+)"', page)]
    [(width, size)] = [
        (int(width), int(size)) for width, size in re.findall(r'viewBox="0 -8 (\d+) 210" font-size="(\d+)"', page)
    ]
    assert page.count("<rect") == len(days)
    assert width >= 3 * 210, "as wide as a month, or the bars grow into towers"
    assert len(labels) > 1
    assert all(after - before > 6 * size for before, after in pairwise(labels)), "six letters, twice as big on a phone"


async def test_stored_events_are_replayed_through_an_edited_workspace(workspace: Path, database_url: str) -> None:
    async with open_shop(database_url) as shop:
        await shop.post(
            shop.identify("1", email="a@example.com"),
            shop.identify("2"),
            shop.identify("3", email="c@example.com", consent={"email": False}),
            *(shop.event(user, "cart_left", total="20 EUR") for user in ("1", "2", "3")),
            shop.anonymous("x", "cart_left", total="20 EUR"),
            shop.merge("x", "1"),
        )
        await shop.advance()
        await shop.execute("UPDATE event SET received_at = received_at - interval '1 day', at = at - interval '1 day'")
        await shop.execute("UPDATE customer SET first_seen = first_seen - interval '2 days'")

    told = kogda("simulate", "--from", "3d", "--json", cwd=workspace, KOGDA_DATABASE_URL=database_url)

    assert told.returncode == 0, told.stderr
    [figures] = json.loads(told.stdout)
    assert figures["messages"] == 1
    assert {each["reason"] for each in figures["refused"]} == {"no email address", "no consent: email refused"}


@pytest.mark.parametrize(
    "guard",
    [
        "count of order_placed in last 3 years >= 1",
        "order_placed in last 3 years",
        "days since last order_placed > 500",
    ],
)
async def test_what_a_rule_looks_back_at_is_found_however_long_ago_it_was(
    workspace: Path, database_url: str, guard: str
) -> None:
    rule = f'rule "Cart"\n  when cart_left only if {guard}\n  send email "a"\n'
    (workspace / "rules/cart.rules").write_text(rule)
    async with open_shop(database_url) as shop:
        await shop.post(shop.identify("1", email="a@example.com"), shop.event("1", "order_placed"))
        await shop.advance()
        age = timedelta(days=730)
        await shop.execute("UPDATE event SET received_at = received_at - $1::interval, at = at - $1::interval", age)
        await shop.execute("UPDATE customer SET first_seen = first_seen - $1::interval", age)
        await shop.post(shop.event("1", "cart_left", total="20 EUR"))
        await shop.advance()

    told = kogda("simulate", "--from", "3d", "--json", cwd=workspace, KOGDA_DATABASE_URL=database_url)

    assert told.returncode == 0, told.stderr
    [figures] = json.loads(told.stdout)
    assert figures["messages"] == 1


async def test_a_test_is_recorded_from_stored_events_and_passes(workspace: Path, database_url: str) -> None:
    async with open_shop(database_url) as shop:
        await shop.post(
            shop.identify("4711", email="anna@shop.example", city="Kazan"),
            shop.event("4711", "cart_left", total="20 EUR"),
        )
        await shop.advance()

    told = kogda(
        "test", "--record", "Anna's cart", "--customer", "4711", "--out", "rules/cart.test.rules",
        cwd=workspace, KOGDA_DATABASE_URL=database_url,
    )  # fmt: skip

    assert told.returncode == 0, told.stderr
    written = (workspace / "rules/cart.test.rules").read_text()
    assert 'expect email "a" at' in written
    assert "shop.example" not in written
    assert "4711" not in written
    assert kogda("test", cwd=workspace).returncode == 0


def test_update_rewrites_what_fails_and_shows_the_difference(workspace: Path) -> None:
    tests = workspace / "rules/cart.test.rules"
    tests.write_text(
        'test "cart"\n  customer with email = "a@example.com"\n'
        "  at 2026-03-02 10:00 cart_left with total = 20 EUR\n  expect nothing\n"
    )

    told = kogda("test", "--update", cwd=workspace)

    assert told.returncode == 0, told.stderr
    assert '-  expect nothing\n+  expect email "a" at 2026-03-02 11:00\n' in told.stdout
    assert told.stdout.endswith("1 test updated; read the difference before you keep it\n")
    assert kogda("test", cwd=workspace).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--record", "x"), "say whose history"),
        (("--record", "x", "--customer", "1", "--out", "cart.txt"), "write a file *.test.rules of this workspace"),
    ],
)
def test_what_cannot_be_recorded_is_said(arguments: tuple[str, ...], reason: str, workspace: Path) -> None:
    told = kogda("test", *arguments, cwd=workspace)

    assert told.returncode == 2
    assert reason in told.stderr
