"""Saved files of a workspace: noticed whenever they were saved, and whoever tells of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.supervisor.watcher import Watcher
from tests.cli.running import save, until


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for name in ("rules", "templates/parts"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "kogda.yaml").write_text("name: Shop\n")
    (tmp_path / "rules" / "first.rules").write_text("# nothing yet\n")
    return tmp_path


@pytest.fixture
def watcher(workspace: Path) -> Iterator[Watcher]:
    made = Watcher(workspace, lambda: None)
    yield made
    made.stop()


def test_what_was_saved_before_the_watching_began_is_noticed(workspace: Path, watcher: Watcher):
    save(workspace / "rules" / "first.rules", "# saved while the workspace was published\n")

    watcher.start()

    until(watcher.take)


@pytest.mark.parametrize("name", ["kogda.yaml", "schema.yaml", "rules/new.rules", "templates/parts/foot.mjml"])
def test_a_saved_file_is_noticed_once(workspace: Path, watcher: Watcher, name: str):
    watcher.start()

    save(workspace / name, "saved")

    until(watcher.take)
    assert not watcher.take()


def test_a_file_that_is_gone_is_noticed(workspace: Path, watcher: Watcher):
    watcher.start()

    (workspace / "rules" / "first.rules").unlink()

    until(watcher.take)


def test_files_of_others_are_none_of_ours(workspace: Path, watcher: Watcher):
    watcher.start()

    (workspace / "rules" / "notes.md").write_text("a note")
    (workspace / "rules" / "first.rules~").write_text("an editor's copy")
    save(workspace / "rules" / "last.rules", "# ours\n")

    until(watcher.take)
    assert not watcher.take()
