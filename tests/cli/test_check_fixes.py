"""`kogda check --fix`, `--diff`, `--strict`, `--format`, `--against`, and files that nobody should have written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_check import check, shop

__all__ = ["shop"]

WRONG = 'rule "B" when order_placed sned email "b"\n'


def write(shop: Path, content: bytes | str, name: str = "b.rules") -> Path:
    path = shop / "rules" / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_fix_writes_safe_fixes_and_reports_the_rest(shop: Path):
    path = write(shop, "rule B when order_placed add tag b\nwhen order_placd add tag 'c'\n")

    done = check("--fix", "--format", "short", cwd=shop)

    assert path.read_text() == 'rule "B" when order_placed add tag "b"\nwhen order_placd add tag "c"\n'
    assert done.returncode == 1
    assert done.stderr == "mended 3 places in 1 file\n"
    assert done.stdout.startswith("rules/b.rules:2:6: error[E201]")


def test_fix_keeps_the_mark_and_line_breaks_of_windows(shop: Path):
    path = write(shop, b'\xef\xbb\xbf# note\r\nrule B when order_placed add tag "b"\r\n')

    done = check("--fix", cwd=shop)

    assert done.returncode == 0
    assert path.read_bytes() == b'\xef\xbb\xbf# note\r\nrule "B" when order_placed add tag "b"\r\n'


def test_diff_shows_and_writes_nothing(shop: Path):
    path = write(shop, "rule B when order_placed add tag b\n")

    done = check("--diff", cwd=shop)

    assert path.read_text() == "rule B when order_placed add tag b\n"
    assert '-rule B when order_placed add tag b\n+rule "B" when order_placed add tag "b"\n' in done.stdout
    assert done.returncode == 1


def test_fix_of_a_clean_workspace_changes_nothing(shop: Path):
    before = {path: path.read_bytes() for path in shop.rglob("*.*")}

    done = check("--fix", cwd=shop)

    assert (done.returncode, done.stderr) == (0, "mended 0 places in 0 files\n")
    assert {path: path.read_bytes() for path in shop.rglob("*.*")} == before


@pytest.mark.parametrize(("arguments", "code"), [([], 0), (["--strict"], 1)])
def test_strict_lets_warnings_fail(shop: Path, arguments: list[str], code: int):
    write(shop, 'rule "B" when order_placed exit add tag "b"\n')

    assert check(*arguments, cwd=shop).returncode == code


def test_several_formats_at_once(shop: Path):
    write(shop, "when order_placd exit\n")

    done = check(
        *("--format", "short", "--format", "sarif=out.sarif", "--format", "gitlab=out.json"),
        *("--format", "junit=out.xml"),
        cwd=shop,
    )

    assert done.stdout.startswith("rules/b.rules:1:6: error[E201]")
    assert json.loads((shop / "out.sarif").read_text())["version"] == "2.1.0"
    assert len(json.loads((shop / "out.json").read_text())) == 1
    assert (shop / "out.xml").read_text().startswith("<?xml")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["--format", "text", "--format", "json"], "one format goes to stdout", id="two on stdout"),
        pytest.param(["--format", "sarif="], "names no file", id="no file"),
        pytest.param(["--format", "sarif=no/such/out.sarif"], "cannot be written", id="a folder that is not there"),
        pytest.param(["--against", "nowhere.ndjson"], "nowhere.ndjson cannot be read", id="no export"),
        pytest.param(["--against", "http://127.0.0.1:9"], "no numbers from http://127.0.0.1:9", id="no server"),
    ],
)
def test_what_cannot_be_done_exits_with_2_in_one_line(shop: Path, arguments: list[str], says: str):
    done = check(*arguments, cwd=shop)

    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_an_export_of_events_gives_the_lints_numbers(shop: Path):
    event = {"type": "track", "event": "order_shipped", "userId": "u1"}
    lines = [json.dumps({**event, "timestamp": f"2026-11-{day:02}T10:00:00Z"}) for day in range(1, 20)]
    (shop / "events.ndjson").write_text("\n".join(lines))

    done = check("--against", "events.ndjson", "--format", "short", cwd=shop)

    assert done.returncode == 0
    assert done.stdout.count("warning[W524]: order_placed did not happen in the last 30 days") == 2


def test_an_export_that_is_none_is_refused(shop: Path):
    (shop / "events.ndjson").write_text('{"event": "order_placed"}\n')

    done = check("--against", "events.ndjson", cwd=shop)

    assert done.returncode == 2
    assert "events.ndjson:1 is no event" in done.stderr


BAD = [
    pytest.param(b"when order_placed exit\n" * 450_000, "larger than 5 MB", id="ten megabytes"),
    pytest.param(bytes(range(256)) * 40, "is not a UTF-8 text", id="random bytes"),
    pytest.param("когда order_placed выйти\n".encode("cp1251"), "saved as Windows-1251", id="the encoding of Windows"),
    pytest.param("# Grüße\n".encode("latin-1"), "this byte is no UTF-8", id="the encoding of old mails"),
    pytest.param("when order_placed exit\n".encode("utf-16"), "saved as UTF-16", id="UTF-16"),
    pytest.param("# ok ✓\n".encode() + "# привет\n".encode("cp1251"), "this byte is no UTF-8", id="two encodings"),
    pytest.param(b"\x00" * 3000, "error[E", id="zeros"),
    pytest.param(b"(" * 100_000, "error[E", id="brackets"),
    pytest.param(b'when order_placed add tag "' + b"x" * 300_000, "error[E109]", id="an endless text"),
    pytest.param(b'use "b.rules"\n', "error[E209]", id="a file that uses itself"),
]


@pytest.mark.parametrize(("content", "says"), BAD)
def test_what_is_no_rule_file_is_refused_in_plain_words(shop: Path, content: bytes, says: str):
    write(shop, content)

    done = check("--format", "text", cwd=shop)

    assert done.returncode == 1
    assert says in done.stdout
    assert "Traceback" not in done.stderr
    assert len(done.stdout) < 1_000_000


def test_a_circle_of_files_is_refused(shop: Path):
    write(shop, 'use "c.rules"\n')
    write(shop, 'use "b.rules"\n', "c.rules")

    done = check("--format", "short", cwd=shop)

    assert done.returncode == 1
    assert "error[E209]: these files use each other in a circle" in done.stdout


def test_a_link_out_of_the_workspace_is_not_followed(shop: Path, tmp_path_factory: pytest.TempPathFactory):
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.rules"
    secret.write_text("when order_placed exit\n")
    os.symlink(secret, shop / "rules" / "linked.rules")

    done = check("--format", "short", cwd=shop)

    assert done.returncode == 1
    assert "rules/linked.rules:1:1: error[E515]" in done.stdout


@pytest.mark.parametrize(
    "content",
    [
        pytest.param('\ufeffrule "B" when order_placed add tag "b"\n', id="a byte order mark"),
        pytest.param('rule "B"\r\n  when order_placed\r\n  add tag "b"\r\n', id="line breaks of Windows"),
        pytest.param('rule\u00a0"B" when\u00a0order_placed add\u00a0tag "b"\n', id="blanks that do not break"),
    ],
)
def test_what_editors_leave_behind_is_no_mistake(shop: Path, content: str):
    write(shop, content)

    done = check(cwd=shop)

    assert (done.returncode, done.stdout) == (0, "2 rules in 2 files: no mistakes\n")


def test_in_a_repository_machines_get_paths_from_its_top(shop: Path, tmp_path: Path):
    write(shop, "when order_placd exit\n")
    top = shop.parent
    (top / ".git").mkdir()

    done: subprocess.CompletedProcess[str] = check("--format", "github", "--workspace", shop, cwd=top)

    assert f"file={shop.name}/rules/b.rules,line=1," in done.stdout


def test_a_reader_that_has_seen_enough_is_no_fault(shop: Path):
    write(shop, "when nothing_known exit\n" * 3000)
    command = [sys.executable, "-m", "api.cli", "check"]

    with subprocess.Popen(command, cwd=shop, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        said = running.stderr.read().decode()

    assert running.returncode == 1
    assert "Traceback" not in said
    assert "BrokenPipe" not in said
