"""`kogda suppress`: lists as people export them, and a database of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.suppression_files import read_addresses
from engine.storage.migrate import migrate
from tests.cli.running import kogda


@pytest.mark.parametrize(
    ("content", "addresses"),
    [
        pytest.param(b"a@b.example\nc@d.example\n", ["a@b.example", "c@d.example"], id="an address a line"),
        pytest.param(b"Email;Reason\r\nA@B.example;left\r\n", ["a@b.example"], id="a table of Excel"),
        pytest.param("\ufeffпочта,причина\na@b.example,ушла\n".encode(), ["a@b.example"], id="UTF-8 with its mark"),
        pytest.param("email\na@b.example\n".encode("utf-16"), ["a@b.example"], id="UTF-16"),
        pytest.param("a@b.example;größe\nc@d.example;x".encode("cp1252"), ["a@b.example", "c@d.example"], id="Latin"),
        pytest.param("a@b.example;причина".encode("cp1251"), ["a@b.example"], id="Russian of Windows"),
        pytest.param("почта;причина\na@b.example;-".encode("cp1251"), ["a@b.example"], id="Russian titles, a dash"),
        pytest.param(b"a@b.example\n\n \nA@B.EXAMPLE\n", ["a@b.example"], id="twice, and blank lines"),
        pytest.param(b'"a@b.example","no, thanks"\n', ["a@b.example"], id="quotes"),
        pytest.param(b"", [], id="nothing"),
    ],
)
def test_addresses_are_read_from_what_people_export(content: bytes, addresses: list[str]):
    read = read_addresses(content, "email")

    assert (list(read.addresses), read.mistakes) == (addresses, [])


@pytest.mark.parametrize(
    ("reason", "encoding"),
    [
        ("попросила по телефону", "cp1251"),
        ("Ёлка, и я ушёл", "cp1251"),
        ("möchte größere Abstände", "cp1252"),
        ("n'a plus envie, à très bientôt", "cp1252"),
    ],
)
def test_reasons_are_kept_in_the_letters_they_were_written_in(reason: str, encoding: str):
    read = read_addresses(f"a@b.example;{reason}".encode(encoding), "email")

    assert read.addresses == {"a@b.example": reason}


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        pytest.param("=cmd|' /C calc'!A0", "is a formula, not text", id="a formula"),
        pytest.param("c@d.example,=HYPERLINK(0)", '"=HYPERLINK(0)" is a formula, not text', id="beside an address"),
        pytest.param("+1+1", "is a formula, not text", id="plus"),
        pytest.param("@SUM(1)", "is a formula, not text", id="at"),
        pytest.param("not an address", '"not an address" is not an address', id="words"),
        pytest.param("a@b.example\x00c", "is not an address", id="NUL"),
        pytest.param("a@b.example>\rBcc: x", "is not an address", id="a header"),
        pytest.param("иван@почта", '"иван@почта" is not an address', id="not for SMTP"),
        pytest.param('"a@b.example', "cannot be read", id="an open quote"),
        pytest.param("x" * 5000, "cannot be read", id="endless"),
        pytest.param("\x1b[31mred\x1b[0m", '"�[31mred�[0m" is not an address', id="colours of a terminal"),
    ],
)
def test_a_wrong_line_is_named_and_the_others_count(line: str, mistake: str):
    content = f"first@b.example\n{line}\nlast@b.example\n".encode()

    read = read_addresses(content, "email")

    assert list(read.addresses) == ["first@b.example", "last@b.example"]
    assert read.mistakes
    assert read.mistakes[0].startswith("line 2: ")
    assert mistake in read.mistakes[0]


def test_phone_numbers_begin_with_a_plus_and_are_written_in_one_way():
    read = read_addresses(b"phone\n+49 (170) 123-45-67\n00491701234568\n0170 5\n=1+1\n", "sms")

    assert list(read.addresses) == ["+491701234567", "+491701234568"]
    assert read.mistakes == [
        'line 4: "0170 5" is not a number with its country, such as +491701234567',
        'line 5: "=1+1" is a formula, not text',
    ]


@given(st.binary(max_size=200))
def test_no_file_whatever_its_bytes_is_a_reason_to_fail(content: bytes):
    read = read_addresses(content, "email")

    assert all(address.isascii() for address in read.addresses)


async def test_a_list_is_imported_shown_and_taken_from(tmp_path: Path, database_url: str):
    await migrate(database_url)
    (tmp_path / "left.csv").write_bytes("email;why\nOlga@b.example;geht\nx\nivan@b.example;größer".encode("cp1252"))

    def run(*arguments: str) -> tuple[int, str, str]:
        done = kogda("suppress", *arguments, cwd=tmp_path, KOGDA_DATABASE_URL=database_url)
        return done.returncode, done.stdout, done.stderr

    imported, again = run("import", "left.csv"), run("import", "left.csv")
    in_russian = kogda(
        "suppress", "import", "left.csv", cwd=tmp_path, KOGDA_DATABASE_URL=database_url, KOGDA_LANGUAGE="ru"
    )
    added = run("add", "Petra@b.example", "--reason", "asked on the phone")
    listed = run("list")[1]
    removed, gone = run("remove", "olga@B.example"), run("remove", "olga@b.example")

    assert imported == (
        1,
        "2 addresses imported; 0 were known already; 1 line left out\n",
        'left.csv: line 3: "x" is not an address\n',
    )
    assert again[1] == "0 addresses imported; 2 were known already; 1 line left out\n"
    assert in_russian.stderr == 'left.csv: строка 3: "x" — не адрес\n'
    assert in_russian.stdout == "Добавлено 0 адресов; 2 уже были в списке; пропущена 1 строка\n"
    assert added == (0, "petra@b.example is suppressed\n", "")
    assert [word in listed for word in ("petra@b.example", "manual", "import", "größer")] == [True] * 4
    assert removed == (0, "olga@b.example may be written to again\n", "")
    assert (gone[0], "not on the list" in gone[2]) == (2, True)
