"""Variables that look like settings and are none: a typo here changes nothing, silently."""

from __future__ import annotations

from collections.abc import Mapping

from api.doctor.finding import Finding
from dsl.messages import say
from engine.config import unknown_variables


def check_variables(environment: Mapping[str, str]) -> list[Finding]:
    """`environment` holds the process's variables and those of `.env`."""
    unknown = unknown_variables(environment)
    if not unknown:
        return [Finding("good", "variables", say("every KOGDA_* variable is known"))]
    return [
        Finding(
            "problem",
            "variables",
            say("{name} is not a setting", name=name),
            say("did you mean {near}?", near=meant) if meant else "",
        )
        for name, meant in unknown.items()
    ]
