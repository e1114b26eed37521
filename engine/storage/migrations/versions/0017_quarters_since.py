"""Where quarters were counted by an earlier 0016: see 0017_quarters_since.sql."""

from pathlib import Path

from engine.storage.migrations.scripts import run_script

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
