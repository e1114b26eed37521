"""Whose a database is: see 0014_instance.sql."""

from pathlib import Path

from engine.storage.migrations.scripts import run_script

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
