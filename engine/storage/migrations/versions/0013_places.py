"""Notes of a run keep their order: see 0013_places.sql."""

from pathlib import Path

from engine.storage.migrations.scripts import run_script

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
