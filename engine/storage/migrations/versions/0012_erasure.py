"""People who were erased: see 0012_erasure.sql."""

from pathlib import Path

from engine.storage.migrations.scripts import run_script

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
