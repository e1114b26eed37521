"""Figures of messages, ready to be added up: see 0011_figures.sql."""

from pathlib import Path

from engine.storage.migrations.scripts import run_script

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
