"""`kogda worker`: one worker alone."""

from __future__ import annotations

from api.supervisor.part import PARTS
from api.supervisor.services import connected
from engine.config import read_settings


def worker() -> None:
    """Decide events, fire timers, deliver messages; start as many as you like, anywhere."""
    with connected(read_settings(), needs_redis=True) as settings:
        PARTS["worker"](settings)
