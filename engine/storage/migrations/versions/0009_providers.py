"""How fast providers may be used: see 0009_providers.sql."""

from pathlib import Path

from engine.storage.migrations.scripts import run_script

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
