"""Whose phone it is that writes to us: see 0010_replies.sql."""

from pathlib import Path

from engine.storage.migrations.scripts import run_script

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
