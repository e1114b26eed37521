from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class Live(BaseModel):
    status: Literal["live"] = "live"


class Ready(BaseModel):
    status: Literal["ready"] = "ready"
    rule_set: int  # the one that is live
    workers: int  # with a fresh heartbeat; 0: events are accepted and wait
    backlog_age_s: float  # of the oldest undecided event
