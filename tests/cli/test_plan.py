"""`kogda plan` and `kogda publish --plan`, as a person runs them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import kogda

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
