from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """Like tmp_path, but the account that PostgreSQL runs as may pass: pytest closes its own folders to others."""
    made = Path(tempfile.mkdtemp(prefix="kogda-cli-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def module_folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="kogda-cli-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)
