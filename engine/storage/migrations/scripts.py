"""Migrations are plain SQL scripts beside their revision."""

import re
from pathlib import Path

from alembic import op

#: Up to a semicolon that is not within the body of a function.
_STATEMENT = re.compile(r"(?:\$\$.*?\$\$|[^;])+", re.DOTALL)


def run_script(path: Path) -> None:
    without_comments = re.sub(r"--[^\n]*", "", path.read_text())
    for statement in _STATEMENT.findall(without_comments):
        if statement.strip():
            op.execute(statement)
