from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.lsp.editor import Editor, editor

ROOT = Path(__file__).parents[2]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A copy of the shop at the root of the project."""
    folder = tmp_path / "my shop"  # a blank, as folders have them
    for name in ("rules", "templates"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("kogda.yaml", "schema.yaml"):
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture
async def desk(workspace: Path) -> AsyncIterator[Editor]:
    async with editor(workspace) as found:
        yield found
