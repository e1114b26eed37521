"""Publishes the workspace in a process of its own, so that `kogda up` stays small while it runs."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import ConfigurationError, KogdaError


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What the database serves after an attempt to publish."""

    workspace: str  # its name
    rule_set: int | None  # the live one; None: nothing was ever published
    rules: int  # of the live one
    has_mistakes: bool  # the workspace was refused, and said why on the terminal
    keys: int  # write keys that are not revoked


def publish_in_child(environment: dict[str, str], *, folder: Path, migrate: bool) -> Published:
    """Diagnostics and changes go straight to the terminal. Raises ConfigurationError when it could not even try."""
    command = [sys.executable, "-m", "api.supervisor.publish_part", *(["--migrate"] if migrate else [])]
    finished = subprocess.run(
        command, env=environment, cwd=folder, stdout=subprocess.PIPE, text=True, check=False, start_new_session=True
    )
    if finished.returncode == 0:
        return Published(**_last_line(finished.stdout))
    if finished.returncode == 2:
        raise ConfigurationError(_last_line(finished.stdout)["error"])
    raise KogdaError("publishing stopped in the middle; nothing has changed")


def _last_line(output: str) -> dict[str, Any]:
    lines = output.strip().splitlines()
    found: dict[str, Any] = json.loads(lines[-1]) if lines else {"error": "publishing gave no answer"}
    return found
