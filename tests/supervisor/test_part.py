"""How soon a part of `kogda up` is there again after it was killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_servers_start_without_the_libraries_that_only_publishing_migrating_and_drawing_need() -> None:
    program = (
        "import sys\n"
        "from engine.without_terminals import leave_terminals_out\n"
        "leave_terminals_out()\n"
        "import api.server.process, engine.worker\n"
        "print(sorted({'sqlalchemy', 'sqlmodel', 'alembic', 'typer', 'rich', 'pygments'} & set(sys.modules)))\n"
        "import rich.console"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )

    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr
