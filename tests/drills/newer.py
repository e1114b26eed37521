"""A newer version of the product: a copy of this one, with a plan format and a table of its own.

None has been released, and a shallow clone has no other: so here this version is the older of two.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
_FORMAT = "\nFORMAT = 1\n"
_SCRIPT = """
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{before}", None, None

def upgrade():
    op.execute("CREATE TABLE news (id bigint PRIMARY KEY)")
    op.execute("ALTER TABLE message ADD COLUMN news text NOT NULL DEFAULT 'none'")
    op.execute("ALTER TABLE run ADD COLUMN news text")
"""
WORK = ("-m", "engine.worker")
#: In one process, as an upgrade does it in two: what it costs is mostly to begin.
MIGRATE_AND_WORK = """
import asyncio
from engine.config import read_settings
from engine.storage.migrate import migrate
from engine.worker import run_worker
settings = read_settings()
asyncio.run(migrate(settings.database_url.get_secret_value()))
run_worker(settings)
"""
PUBLISH = """
import sys, asyncio
from pathlib import Path
from engine.flow.checking.load_workspace import load_workspace
from engine.flow.publishing.publish_rules import publish
from engine.storage.database import Database
async def main(url, folder):
    workspace, database = load_workspace(Path(folder)), Database(url)
    await database.open()
    await publish(database, workspace.plan, templates=workspace.templates, settings=workspace.settings)
    await database.close()
asyncio.run(main(*sys.argv[1:]))
"""


def make_newer(folder: Path) -> Path:
    """Where it is. Additive tables, as each version's are: the older one goes on with them."""
    for package in ("dsl", "engine"):
        shutil.copytree(ROOT / package, folder / package)  # and what was compiled, which fits by the times of the files
    rules = folder / "dsl/plan/rules.py"
    text = rules.read_text()
    assert _FORMAT in text
    rules.write_text(text.replace(_FORMAT, "\nFORMAT = 2\n"))
    scripts = folder / "engine/storage/migrations/versions"
    before = max(path.name.partition("_")[0] for path in scripts.glob("[0-9]*_*.py"))
    (scripts / "9999_news.py").write_text(_SCRIPT.format(before=before))
    return folder


def start(version: Path, log: Path, *command: str, **variables: str) -> subprocess.Popen[bytes]:
    """In that version's folder, where its code is found first."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("KOGDA_")}
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, *command], cwd=version, env=own | variables, stdout=output, stderr=subprocess.STDOUT
        )
