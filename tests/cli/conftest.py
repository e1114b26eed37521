from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def module_folder() -> Iterator[Path]:
    """Like `folder`, for all tests of a file."""
    made = Path(tempfile.mkdtemp(prefix="kogda-cli-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)
