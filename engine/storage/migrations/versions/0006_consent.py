"""What customers agreed to, and who said so: see 0006_consent.sql."""

from pathlib import Path

from engine.storage.migrations.scripts import run_script

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
