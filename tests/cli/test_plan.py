"""`kogda plan` and `kogda publish --plan`, as a person runs them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from engine.config import Settings
from engine.runtime import open_runtime
from engine.waker import NullWaker
from tests.api.conftest import ADMIN_KEY, api_settings, live
from tests.cli.running import kogda
from tests.engine.flow.shop import Shop

ROOT = Path(__file__).parents[2]


@pytest.fixture
def published(tmp_path: Path, database_url: str) -> Iterator[tuple[Path, str]]:
    """A copy of the shop, published."""
    for name in ("rules", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("kogda.yaml", "schema.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    assert kogda("publish", cwd=tmp_path, KOGDA_DATABASE_URL=database_url).returncode == 0
    yield tmp_path, database_url


def edit(folder: Path, before: str, after: str) -> None:
    path = folder / "rules/cart.rules"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_an_edited_rule_is_told_by_what_changes_in_it_and_applied_as_it_was_seen(
    published: tuple[Path, str],
) -> None:
    folder, url = published
    edit(folder, "after 1h", "after 30 min")

    told = kogda("plan", "--out", "p.json", "--exit-code", cwd=folder, KOGDA_DATABASE_URL=url)

    assert told.returncode == 2
    assert '~ "Abandoned cart"  rules/cart.rules:5' in told.stdout
    assert "Starts [1 hour -> 30 minutes] after this" in told.stdout
    assert "Plan: 0 to add, 1 to change, 0 to remove." in told.stdout
    applied = kogda("publish", "--plan", "p.json", cwd=folder, KOGDA_DATABASE_URL=url)
    assert applied.returncode == 0
    assert "Rule set 2 is live." in applied.stdout


def test_a_plan_for_another_workspace_than_this_is_stale(published: tuple[Path, str]) -> None:
    folder, url = published
    edit(folder, "after 1h", "after 30 min")
    kogda("plan", "--out", "p.json", cwd=folder, KOGDA_DATABASE_URL=url)
    edit(folder, "after 30 min", "after 20 min")

    refused = kogda("publish", "--plan", "p.json", cwd=folder, KOGDA_DATABASE_URL=url)

    assert refused.returncode == 2
    assert refused.stderr.startswith("kogda: the plan is stale")


def test_nothing_to_change_is_said_and_nothing_is_saved(published: tuple[Path, str]) -> None:
    folder, url = published

    told = kogda("plan", "--out", "p.json", "--exit-code", cwd=folder, KOGDA_DATABASE_URL=url)

    assert (told.returncode, told.stdout) == (0, "Nothing would change.\n")
    assert not (folder / "p.json").exists()


def test_markdown_begins_with_the_summary(published: tuple[Path, str]) -> None:
    folder, url = published
    edit(folder, 'rule "Abandoned cart"', 'rule "Left cart"')

    told = kogda("plan", "--markdown", cwd=folder, KOGDA_DATABASE_URL=url)

    assert told.stdout.startswith(
        "### What publishing changes\n\nPlan: 1 to add, 0 to change, 1 to remove.\n\n```diff\n"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--move", "Welcome"), '"Welcome" is not changed: there is nothing to move'),
        (("--against", "staging"), '--against "staging": write production, or an address'),
        (("--against", "http://127.0.0.1:9"), "http://127.0.0.1:9 tells no rule set"),
        (("--replay", "soon"), '--from "soon" is no time'),
    ],
)
def test_what_cannot_be_planned_is_said_in_one_sentence(
    arguments: tuple[str, ...], sentence: str, published: tuple[Path, str]
) -> None:
    folder, url = published
    edit(folder, "after 1h", "after 30 min")

    told = kogda("plan", *arguments, cwd=folder, KOGDA_DATABASE_URL=url)

    assert told.returncode == 2
    assert sentence in told.stderr


@pytest.mark.parametrize("content", ["", "{}", json.dumps({"kogda_plan": 9, "people": {}}), "[]"])
def test_a_file_that_is_no_plan_is_refused(content: str, published: tuple[Path, str]) -> None:
    folder, url = published
    (folder / "p.json").write_text(content)

    refused = kogda("publish", "--plan", "p.json", cwd=folder, KOGDA_DATABASE_URL=url)

    assert refused.returncode == 2
    assert "p.json is no plan of `kogda plan`" in refused.stderr


async def test_a_replay_compares_messages_and_tells_who_crosses_the_border_of_a_segment(
    published: tuple[Path, str],
) -> None:
    folder, url = published
    (folder / "rules/fans.rules").write_text(
        "segment fans means count of order_placed in last 90 days >= 2\n\n"
        'rule "Fan"\n  when customer enters fans\n  add tag "fan"\n'
    )
    assert kogda("publish", cwd=folder, KOGDA_DATABASE_URL=url).returncode == 0
    async with open_runtime(Settings(database_url=SecretStr(url), waker="null"), waker=NullWaker()) as runtime:
        shop = Shop(runtime)
        await shop.post(
            *(shop.identify(user, email=f"{user}@example.com") for user in ("1", "2")),
            *(shop.event(user, "order_placed", order_id=user, total="20 EUR") for user in ("1", "2", "2")),
            shop.event("1", "cart_updated", cart_id="c1", total="40 EUR", ago=timedelta(minutes=45)),
        )
        await shop.advance()
    edit(folder, "after 1h", "after 30 min")
    (folder / "rules/fans.rules").write_text((folder / "rules/fans.rules").read_text().replace(">= 2", ">= 1"))

    told = kogda("plan", "--replay", "1d", cwd=folder, KOGDA_DATABASE_URL=url)

    assert told.returncode == 0, told.stderr
    assert "1 enter, 0 leave; the edit itself starts nothing" in told.stdout
    assert "All rules in the replay: 2 -> 2 (+0) messages" in told.stdout


def test_a_running_server_is_planned_against(published: tuple[Path, str]) -> None:
    folder, url = published
    edit(folder, "after 1h", "after 30 min")
    with live(api_settings(url)) as server:
        refused = kogda("plan", "--against", server.url, cwd=folder, KOGDA_ADMIN_KEY="wrong")
        told = kogda("plan", "--against", server.url, cwd=folder, KOGDA_ADMIN_KEY=ADMIN_KEY)

    assert refused.returncode == 2
    assert f"{server.url} answers 401; set KOGDA_ADMIN_KEY" in refused.stderr
    assert told.returncode == 0, told.stderr
    assert "Starts [1 hour -> 30 minutes] after this" in told.stdout
