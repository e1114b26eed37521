"""Limits of sending: see 0004_policy.sql."""

from pathlib import Path

from engine.storage.migrations.scripts import run_script

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
