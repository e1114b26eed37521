"""Where else customers can be reached: see 0007_channels.sql."""

from pathlib import Path

from engine.storage.migrations.scripts import run_script

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
