"""What deploy/ starts exists, and what it sets is read."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from api.cli import COMMANDS
from engine.config import Settings, variable

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
KNOWN = {variable(field) for field in Settings.model_fields}


def commands_of(text: str) -> list[str]:
    return re.findall(r"^Exec\w+=/opt/kogda/bin/kogda (\w+)$", text, re.MULTILINE)


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_of_systemd_starts_commands_that_exist(unit: Path) -> None:
    commands = commands_of(unit.read_text())

    assert commands and set(commands) <= COMMANDS.keys()


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_of_systemd_outlives_a_database_that_is_long_away(unit: Path) -> None:
    assert "StartLimitIntervalSec=0" in unit.read_text().partition("[Service]")[0]


def test_a_migration_may_take_longer_than_systemd_waits_by_itself() -> None:
    units = [unit.read_text() for unit in UNITS if "kogda migrate" in unit.read_text()]

    assert units and all("TimeoutStartSec=infinity" in unit for unit in units)


def test_a_shell_reads_the_file_of_variables_as_systemd_does() -> None:
    written = (DEPLOY / "systemd/kogda.env").read_text()
    shell = subprocess.run(["sh", "-c", f"set -a\n{written}\nenv"], capture_output=True, text=True, check=True)

    assert not shell.stderr
    assert "KOGDA_MAIL_FROM=Shop <hello@example.com>" in shell.stdout.splitlines()


def test_the_file_of_variables_for_systemd_sets_what_is_read() -> None:
    names = re.findall(r"^(\w+)=", (DEPLOY / "systemd/kogda.env").read_text(), re.MULTILINE)

    assert names and set(names) <= KNOWN


def test_the_composition_starts_commands_that_exist_with_settings_that_are_read() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    ours = {name: service for name, service in services.items() if service.get("image") == "kogda"}

    assert {service["command"][0] for service in ours.values()} <= COMMANDS.keys()
    assert {name for service in ours.values() for name in service["environment"]} <= KNOWN
    assert "/health/ready" in ours["api"]["healthcheck"]["test"][-1]


def test_the_image_holds_the_packages_of_the_wheel() -> None:
    copied = re.findall(r"^COPY (\w+) \1$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)

    assert sorted(copied) == ["api", "dsl", "engine"]
