"""`kogda promo`, on a database of its own."""

from __future__ import annotations

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from api.promo_files import ALPHABET, new_codes, read_codes, shortest_length
from engine.storage.migrate import migrate
from tests.cli.running import kogda

UTC = ZoneInfo("UTC")
WORKSPACE = """
language: 1
timezone: Europe/Berlin
promos:
  BACK10: {discount: 10%, expires: 2027-12-31, low: 3}
  GIFT: {}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "kogda.yaml").write_text(WORKSPACE)
    (tmp_path / "schema.yaml").write_text("events: {}")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        pytest.param("A1\nA2\n", ["A1", "A2"], id="a code a line"),
        pytest.param("\ufeffcode;expires\r\nA1;2027-01-31\r\n\r\nA2;\r\n", ["A1", "A2"], id="a table of Excel"),
        pytest.param("код\nСКИДКА-1\n", ["СКИДКА-1"], id="Russian"),
        pytest.param("A1\tx-is-not-read\n", [], id="not a day"),
    ],
)
def test_codes_are_read_from_what_people_export(text, codes):
    assert [code for code, _ in read_codes(text, UTC).codes] == codes


def test_the_last_day_of_a_code_belongs_to_it_in_the_zone_of_the_workspace():
    berlin = ZoneInfo("Europe/Berlin")

    [(_, until)] = read_codes("A1,2027-03-27", berlin).codes

    assert until is not None
    assert until.isoformat() == "2027-03-27T23:00:00+00:00"


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        pytest.param("A 1", 'line 1: "A 1" cannot be a code: no blanks or quotes, at most 64 characters', id="blank"),
        pytest.param("A1\na1", 'line 2: "a1" stands in line 1 already', id="twice"),
        pytest.param("A1,soon", 'line 1: "soon" is not a day, such as 2026-12-31', id="day"),
        pytest.param(
            "x" * 65, f'line 1: "{"x" * 65}" cannot be a code: no blanks or quotes, at most 64 characters', id="long"
        ),
    ],
)
def test_a_line_that_is_wrong_is_named(text, mistake):
    assert read_codes(text, UTC).mistakes == [mistake]


def test_made_codes_are_different_and_hard_to_guess():
    codes = new_codes(1000, length=shortest_length(1000), prefix="B-")

    assert len(set(codes)) == 1000
    assert all(re.fullmatch(f"B-[{ALPHABET}]{{5}}", code) for code in codes)
    assert len(ALPHABET) ** 5 >= 1000 * 10_000


async def test_codes_are_imported_made_and_listed(shop: Path, database_url: str):
    await migrate(database_url)
    (shop / "codes.csv").write_text("code,expires\nA1,2027-12-31\nA2,\n")

    def run(*arguments: str) -> str:
        done = kogda("promo", *arguments, cwd=shop, KOGDA_DATABASE_URL=database_url)
        assert done.returncode == 0, done.stderr
        return done.stdout

    imported, again = run("import", "BACK10", "codes.csv"), run("import", "BACK10", "codes.csv")
    made = run("generate", "GIFT", "--count", "5", "--length", "8", "--prefix", "G-")
    listed = [line.split() for line in run("list").splitlines()]

    assert imported == "2 codes imported into BACK10\n"
    assert again == "0 codes imported into BACK10; 2 were known already\n"
    assert made == "5 codes made in GIFT\n"
    assert ["│", "BACK10", "│", "10%", "│", "2027-12-31", "│", "2", "│", "0", "│", "0", "│", "low", "│"] in listed
    assert run("list", "--codes", "BACK10") == "A1\nA2\n"
    assert [code[:2] for code in run("list", "--codes", "GIFT").split()] == ["G-"] * 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(
            ("import", "BAK10", "codes.csv"), "there is no promo pool `BAK10`; did you mean BACK10?", id="pool"
        ),
        pytest.param(
            ("import", "BACK10", "none.csv"), "none.csv cannot be read: No such file or directory", id="no file"
        ),
        pytest.param(("import", "BACK10", "latin.csv"), "latin.csv is not UTF-8", id="encoding"),
        pytest.param(("generate", "GIFT", "--count", "100000", "--length", "4"), "use --length 6", id="guessable"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(shop: Path, arguments, said):
    (shop / "latin.csv").write_bytes(b"\xe4\xf6")
    (shop / "codes.csv").write_text("A1")

    done = kogda("promo", *arguments, cwd=shop, KOGDA_DATABASE_URL="postgresql://nobody@127.0.0.1:9/none")

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_file_with_a_mistake_imports_nothing(shop: Path, database_url: str):
    await migrate(database_url)
    (shop / "codes.csv").write_text("A1\nA 2\n")

    done = kogda("promo", "import", "BACK10", "codes.csv", cwd=shop, KOGDA_DATABASE_URL=database_url)
    listed = kogda("promo", "list", "--codes", "BACK10", cwd=shop, KOGDA_DATABASE_URL=database_url)

    assert done.returncode == 1
    assert "codes.csv: line 2" in done.stderr
    assert listed.stdout == ""
