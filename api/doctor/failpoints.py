"""Failpoints end a server on purpose: a drill arms them, a real server never."""

from __future__ import annotations

from collections.abc import Mapping

from api.doctor.finding import Finding
from dsl.messages import say
from engine.failpoints import DRILL_VARIABLE, VARIABLE


def check_failpoints(environment: Mapping[str, str]) -> list[Finding]:
    """Nothing to say where none is set: that is so everywhere but in drills."""
    found = [name for name in (VARIABLE, DRILL_VARIABLE) if environment.get(name)]
    advice = say("unset it: with it, drills may end a server in the middle of its work")
    return [Finding("warning", "variables", say("{name} is set", name=name), advice) for name in found]
