"""`kogda fmt` as a person, an editor and a pipeline run it: a new process."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from api.cli.rule_files import replace_text
from engine.errors import ConfigurationError

ROOT = Path(__file__).parents[2]

UNTIDY = "when a after 1 hours\nsend email «x»\n"
TIDY = 'when a after 1h send email "x"\n'
WRONG = "when a sned email\n"


def fmt(*arguments: str | Path, cwd: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", "from api.cli import main; main()", "fmt", *map(str, arguments)]
    variables = {"PYTHONPATH": str(ROOT), "PATH": "", "LANG": "C"}
    return subprocess.run(command, cwd=cwd, env=variables, input=stdin, capture_output=True, check=False, timeout=120)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for path, text in {
        "rules/a.rules": UNTIDY,
        "rules/b.rules": TIDY,
        "rules/b.test.rules": 'test "b" at 9:00 a expect nothing\n',
        "rules/notes.txt": UNTIDY,
        ".hidden/c.rules": UNTIDY,
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def test_all_rule_files_of_the_folder_are_written_in_style(shop: Path):
    done = fmt(cwd=shop)

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == (b"formatted rules/a.rules\nformatted rules/b.test.rules\n3 files: 2 formatted, 1 in style\n")
    assert (shop / "rules/a.rules").read_text() == TIDY
    assert (shop / "rules/b.test.rules").read_text() == 'test "b"\n  at 09:00 a\n  expect nothing\n'
    assert (shop / "rules/notes.txt").read_text() == UNTIDY
    assert (shop / ".hidden/c.rules").read_text() == UNTIDY


def test_in_a_workspace_its_rules_are_written_and_no_others(shop: Path):
    (shop / "kogda.yaml").touch()
    (shop / "odd").mkdir()
    (shop / "odd/c.rules").write_text(UNTIDY)

    done = fmt(cwd=shop)

    assert done.stdout.endswith(b"3 files: 2 formatted, 1 in style\n")
    assert (shop / "rules/a.rules").read_text() == TIDY
    assert (shop / "odd/c.rules").read_text() == UNTIDY


def test_check_writes_nothing_and_exits_with_1(shop: Path):
    done = fmt("--check", "rules/b.rules", "rules/a.rules", cwd=shop)

    assert done.returncode == 1
    assert done.stdout == b"not in style: rules/a.rules\n2 files: 1 not in style, 1 in style\n"
    assert (shop / "rules/a.rules").read_text() == UNTIDY


def test_check_of_files_in_style_exits_with_0(shop: Path):
    assert fmt("--check", "rules/b.rules", cwd=shop).returncode == 0


def test_diff_shows_what_would_change_and_writes_nothing(shop: Path):
    done = fmt("--diff", "rules/a.rules", cwd=shop)

    assert (done.returncode, done.stderr) == (0, b"1 file: 1 not in style\n")
    assert done.stdout.decode() == (
        "--- rules/a.rules\n+++ rules/a.rules\n@@ -1,2 +1 @@\n"
        '-when a after 1 hours\n-send email «x»\n+when a after 1h send email "x"\n'
    )
    assert (shop / "rules/a.rules").read_text() == UNTIDY


def test_diff_with_check_exits_with_1(shop: Path):
    assert fmt("--diff", "--check", cwd=shop).returncode == 1


def test_a_file_with_mistakes_is_reported_and_left_and_the_others_are_written(shop: Path):
    (shop / "rules/wrong.rules").write_text(WRONG)

    done = fmt(cwd=shop)

    assert done.returncode == 1
    assert b'rules/wrong.rules:1:8: error[E101]: I do not know the word "sned"' in done.stderr
    assert done.stdout.endswith(b"4 files: 2 formatted, 1 in style, 1 with mistakes, left as they are\n")
    assert (shop / "rules/wrong.rules").read_text() == WRONG
    assert (shop / "rules/a.rules").read_text() == TIDY


def test_keywords_are_translated_there_and_back(shop: Path):
    there = fmt("--language", "ru", "rules/b.rules", cwd=shop)
    russian = (shop / "rules/b.rules").read_text(encoding="utf-8")
    back = fmt("--language", "en", "rules/b.rules", cwd=shop)

    assert there.returncode == back.returncode == 0
    assert russian == '# language: ru\n\nкогда a через 1 час отправить письмо "x"\n'
    assert (shop / "rules/b.rules").read_text() == TIDY


def test_a_dash_formats_stdin_to_stdout_for_editors(tmp_path: Path):
    done = fmt("-", cwd=tmp_path, stdin=b"\xef\xbb\xbf" + UNTIDY.replace("\n", "\r\n").encode())

    assert (done.returncode, done.stdout, done.stderr) == (0, TIDY.encode(), b"")


def test_a_dash_knows_a_test_file_by_its_first_word(tmp_path: Path):
    done = fmt("-", cwd=tmp_path, stdin='тест "x" ожидаем ничего'.encode())

    assert done.stdout.decode() == '# language: ru\n\nтест "x"\n  ожидаем ничего\n'


def test_mistakes_on_stdin_write_nothing_to_stdout(tmp_path: Path):
    done = fmt("-", cwd=tmp_path, stdin=WRONG.encode())

    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"stdin:1:8: error[E101]")


def test_check_of_stdin_only_exits(tmp_path: Path):
    done = fmt("-", "--check", cwd=tmp_path, stdin=UNTIDY.encode())

    assert (done.returncode, done.stdout) == (1, b"")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["nowhere"], b"kogda: nowhere does not exist\n", id="no such path"),
        pytest.param(["notes.txt"], b"kogda: notes.txt is not a rule file: their names end in .rules\n", id="text"),
        pytest.param([], b"kogda: there are no rule files (*.rules) here\n", id="no rule files"),
        pytest.param(["empty"], b"kogda: there are no rule files (*.rules) in empty\n", id="an empty folder"),
        pytest.param(["-", "notes.txt"], b"kogda: - stands alone: it reads one text from stdin\n", id="stdin and more"),
    ],
)
def test_what_cannot_be_done_exits_with_2_and_one_sentence(tmp_path: Path, arguments: list[str], message: bytes):
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "empty").mkdir()

    done = fmt(*arguments, cwd=tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (2, b"", message)


def test_a_file_that_is_not_utf_8_exits_with_2_and_the_others_are_written(shop: Path):
    (shop / "rules/latin.rules").write_bytes(b'when a exit\nwhen b send email "caf\xe9"\n')

    done = fmt(cwd=shop)

    assert done.returncode == 2
    assert done.stderr == b"kogda fmt: rules/latin.rules is not a UTF-8 text (line 2); save it as UTF-8\n"
    assert (shop / "rules/a.rules").read_text() == TIDY


def test_permissions_stay_and_nothing_is_left_beside_the_file(shop: Path):
    os.chmod(shop / "rules/a.rules", 0o640)

    fmt("rules/a.rules", cwd=shop)

    assert stat.S_IMODE((shop / "rules/a.rules").stat().st_mode) == 0o640
    assert sorted(os.listdir(shop / "rules")) == ["a.rules", "b.rules", "b.test.rules", "notes.txt"]


def test_a_link_stays_a_link_and_its_target_is_written(shop: Path):
    (shop / "elsewhere").mkdir()
    (shop / "elsewhere/real.rules").write_text(UNTIDY)
    (shop / "rules/link.rules").symlink_to("../elsewhere/real.rules")

    done = fmt("rules/link.rules", "elsewhere", cwd=shop)

    assert done.stdout == b"formatted rules/link.rules\n1 file: 1 formatted\n"
    assert (shop / "rules/link.rules").is_symlink()
    assert (shop / "elsewhere/real.rules").read_text() == TIDY


def test_a_file_in_style_is_not_touched(shop: Path):
    os.utime(shop / "rules/b.rules", ns=(1, 1))

    fmt("rules/b.rules", cwd=shop)

    assert (shop / "rules/b.rules").stat().st_mtime_ns == 1


def test_a_file_that_cannot_be_written_says_so_and_is_whole(tmp_path: Path):
    missing = tmp_path / "gone" / "a.rules"

    with pytest.raises(ConfigurationError, match=r"a\.rules cannot be written"):
        replace_text(missing, TIDY)

    assert list(tmp_path.iterdir()) == []
