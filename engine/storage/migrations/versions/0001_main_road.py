"""The tables of the main road: see 0001_main_road.sql."""

from pathlib import Path

from engine.storage.migrations.scripts import run_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
