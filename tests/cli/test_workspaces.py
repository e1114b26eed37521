"""The workspaces of this repository are what people read first: no mistake and no warning in them."""

from pathlib import Path

import pytest

from dsl.render import render_text
from engine.flow.load_workspace import load_workspace

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("folder", [".", "api/cli/starter", "examples/polka"])
def test_a_workspace_has_no_mistakes(folder: str):
    workspace = load_workspace(ROOT / folder)

    assert render_text(workspace.diagnostics) == ""
    assert workspace.plan is not None
    assert workspace.rules > 0
