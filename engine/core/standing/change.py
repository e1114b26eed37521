"""A customer's data have changed: by an event, or by a step of a run."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from engine.core.model import Cause, Customer
from engine.core.record import record


@record()
class Occasion:
    """Why rules may start now. `id` tells occasions apart, so that a replay starts nothing twice."""

    id: str
    at: datetime  # the time of the run that starts
    starts: bool = True  # False: imported, too old, or too deeply caused: what it changes is only noted
    cause: Cause | None = None
    event: UUID | None = None  # the event that is decided, for the record of failures


@record()
class Change:
    before: Customer
    after: Customer
    occasion: Occasion
