"""Indexes that tell who was held out: see 0015_people_of_a_split.sql."""

from pathlib import Path

from engine.storage.migrations.scripts import run_script

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
