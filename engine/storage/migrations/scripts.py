"""Migrations are plain SQL scripts beside their revision."""

import re
from pathlib import Path

from alembic import op


def run_script(path: Path) -> None:
    without_comments = re.sub(r"--[^\n]*", "", path.read_text())
    for statement in without_comments.split(";"):
        if statement.strip():
            op.execute(statement)
