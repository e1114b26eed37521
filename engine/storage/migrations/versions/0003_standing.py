"""Segments, appointments: what holds for a customer without a run: see 0003_standing.sql."""

from pathlib import Path

from engine.storage.migrations.scripts import run_script

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
