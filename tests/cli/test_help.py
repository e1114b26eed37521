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
