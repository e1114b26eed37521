"""Points, promo codes, calls and notices: see 0005_deeds.sql."""

from pathlib import Path

from engine.storage.migrations.scripts import run_script

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
