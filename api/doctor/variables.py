"""Variables that look like settings and are none: a typo here changes nothing, silently."""

from __future__ import annotations

from collections.abc import Mapping

from api.doctor.finding import Finding
from dsl.suggestions import nearest
from engine.config import Settings, variable

#: Of the tests and their machines.
_NOT_SETTINGS = ("KOGDA_TEST_", "KOGDA_TESTS_")


def check_variables(environment: Mapping[str, str]) -> list[Finding]:
    """`environment` holds the process's variables and those of `.env`."""
    unknown = unknown_variables(environment)
    if not unknown:
        return [Finding("good", "variables", "every KOGDA_* variable is a setting")]
    return [Finding("problem", "variables", f"{name} is not a setting", _advice(name)) for name in unknown]


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    known = {variable(field) for field in Settings.model_fields}
    ours = (name for name in environment if name.upper().startswith("KOGDA_"))
    return sorted(name for name in ours if name.upper() not in known and not name.upper().startswith(_NOT_SETTINGS))


def _advice(name: str) -> str:
    near = nearest(name.upper(), [variable(field) for field in Settings.model_fields])
    return f"did you mean {near[0]}?" if near else "the settings are listed above"
