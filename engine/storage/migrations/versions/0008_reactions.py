"""What became of messages after they were sent: see 0008_reactions.sql."""

from pathlib import Path

from engine.storage.migrations.scripts import run_script

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
