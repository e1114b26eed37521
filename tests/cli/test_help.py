"""`--help`, and what commands say before anything runs, in the language of the shell."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import kogda


@pytest.mark.parametrize(
    ("arguments", "russian"),
    [
        pytest.param((), ("Запуск: kogda", "Команды", "Опубликовать рабочую папку"), id="all commands"),
        pytest.param(("explain",), ("Параметры", "Пересказать правило", "шаг за шагом", "эту справку"), id="one"),
        pytest.param(("keys",), ("Ключи записи", "Показать все ключи без их секретов"), id="a group"),
        pytest.param(
            ("keys", "revoke"), ("Больше не принимать ключ", "Номер из `kogda keys list`"), id="one of a group"
        ),
        pytest.param(("check",), ("Проверить правила", "предупреждения тоже считать ошибками"), id="check"),
    ],
)
def test_help_is_russian_where_the_shell_is(tmp_path: Path, arguments: tuple[str, ...], russian: tuple[str, ...]):
    told = kogda(*arguments, "--help", cwd=tmp_path, KOGDA_LANGUAGE="ru")

    assert told.returncode == 0
    assert [words for words in russian if words not in told.stdout] == []


def test_help_is_english_where_nothing_is_said(tmp_path: Path):
    told = kogda("--help", cwd=tmp_path)

    assert "Usage: kogda" in told.stdout and "Publish the workspace" in told.stdout
    assert "Запуск" not in told.stdout


def test_the_demo_speaks_the_language_of_the_shell(tmp_path: Path):
    (tmp_path / "mine.txt").write_text("not of a demo")

    told = kogda("demo", "--once", "--data", tmp_path, cwd=tmp_path, KOGDA_LANGUAGE="ru")

    assert told.returncode == 2
    assert "не пуста и осталась не от показа" in told.stderr


@pytest.mark.parametrize(
    ("arguments", "russian"),
    [
        pytest.param(("chek",), "нет команды chek; может быть, check?", id="no command"),
        pytest.param(("keys", "creat"), "нет команды creat; может быть, create?", id="no command of a group"),
        pytest.param(("up", "--prot", "3"), "нет параметра --prot; может быть, --host, --port?", id="no option"),
        pytest.param(("init",), "не указано: DIR", id="missing argument"),
        pytest.param(("send-test", "email", "cart"), "не указано: --to", id="missing option"),
        pytest.param(("up", "--port", "x"), "--port: нужно целое число", id="no number"),
        pytest.param(("report", "--days", "0"), "--days: не меньше 1", id="too little"),
        pytest.param(("report", "--days"), "--days: нужно значение", id="no value"),
        pytest.param(("up", "--watch=3"), "--watch: значение не нужно", id="a value too many"),
        pytest.param(("init", "shop", "--language", "de"), "--language: 'de' не из числа 'en', 'ru'", id="no choice"),
        pytest.param(("up", "extra"), "лишнее: extra", id="too much"),
        pytest.param(("check", "--port"), "лишнее: --port", id="check"),
    ],
)
def test_a_wrong_command_line_is_told_in_the_language_of_the_shell(
    tmp_path: Path, arguments: tuple[str, ...], russian: str
):
    told = kogda(*arguments, cwd=tmp_path, KOGDA_LANGUAGE="ru")

    assert told.returncode == 2
    assert russian in " ".join(told.stderr.replace("│", " ").split())
    assert "Try" not in told.stderr


def test_a_mistyped_command_is_told_with_the_one_that_was_meant(tmp_path: Path):
    assert "there is no command chek; did you mean check?" in kogda("chek", cwd=tmp_path).stderr


def test_h_asks_for_help_as_well(tmp_path: Path):
    assert kogda("up", "-h", cwd=tmp_path).stdout == kogda("up", "--help", cwd=tmp_path).stdout != ""
