"""`kogda explain`, as a person runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.codes import CODES
from tests.cli.running import kogda

ROOT = Path(__file__).parents[2]


def test_a_rule_is_read_back_by_a_part_of_its_name(tmp_path: Path) -> None:
    told = kogda("explain", "abandoned", "--workspace", ROOT, cwd=tmp_path)

    assert told.returncode == 0
    assert "Starts 1 hour after this: cart_updated happens, where total of the event is at least 15 EUR." in told.stdout
    assert '1. Send the email "cart".' in told.stdout


def test_a_rule_is_read_back_in_russian(tmp_path: Path) -> None:
    told = kogda("explain", "abandoned", "--workspace", ROOT, cwd=tmp_path, KOGDA_LANGUAGE="ru")

    assert "Начинается через 1 час" in told.stdout


def test_a_code_shows_its_page(tmp_path: Path) -> None:
    told = kogda("explain", "e204", cwd=tmp_path)

    assert told.stdout.startswith("# E204: unknown template")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("E999",), "there is no code E999"),
        (("Abandoned carts", "--workspace", ROOT), 'there is no rule called "Abandoned carts"; did you mean'),
        (("order", "--workspace", ROOT), '"order" is in the name of several rules: "First order"'),
        (("x",), "there is no kogda.yaml in ."),
    ],
)  # fmt: skip
def test_what_cannot_be_explained_is_said_in_one_sentence(
    arguments: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    told = kogda("explain", *arguments, cwd=tmp_path)

    assert told.returncode == 2
    assert told.stderr.startswith(f"kogda: {sentence}")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("explain", "--customer", "42"), id="explain"),
        pytest.param(("report",), id="report"),
        pytest.param(("export", "42"), id="export"),
    ],
)
def test_where_there_is_no_server_nothing_is_started_and_what_is_missing_is_said(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    told = kogda(*arguments, cwd=tmp_path)

    assert told.returncode == 2
    assert told.stderr.startswith(f"kogda: there is no database in {tmp_path.resolve()}")
    assert "`kogda up`" in told.stderr and "KOGDA_DATA," in told.stderr and "KOGDA_DATABASE_URL" in told.stderr
    assert list(tmp_path.iterdir()) == []


def test_every_code_has_its_page_in_the_package() -> None:
    pages = {path.stem for path in (ROOT / "api/cli/pages").glob("*.md")}

    assert pages >= set(CODES)
