"""What conditions on history and repeated events read: see 0002_history.sql."""

from pathlib import Path

from engine.storage.migrations.scripts import run_script

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
