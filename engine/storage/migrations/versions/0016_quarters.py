"""Figures by the quarter of an hour: see 0016_quarters.sql."""

from pathlib import Path

from engine.storage.migrations.scripts import run_script

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
