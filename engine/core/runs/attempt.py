"""A unit of work of the core that is all or nothing: one rule's fault is not another's."""

from __future__ import annotations

import traceback
from operator import attrgetter
from types import TracebackType
from typing import TYPE_CHECKING
from uuid import UUID

from engine.core.effects import Failure

if TYPE_CHECKING:
    from engine.core.runs.draft import Draft

#: Of a draft: what is replaced, and never changed in place, so that to remember it is enough.
_REPLACED = (
    *("messages", "withdrawals", "notes", "emitted", "points", "issued", "consents"),
    *("customer", "once", "marks", "released", "last_messages", "counted", "codes"),
    *("memberships", "appointments", "to_plan", "to_look"),
)
_replaced = attrgetter(*_REPLACED)


class Attempt:
    """Undoes what its block did to a draft when that raises, and reports it. A class, since there is one for every
    rule that an event touches, and a generator costs twice as much."""

    __slots__ = ("_about", "_draft", "_queued", "_values")

    def __init__(self, draft: Draft, rule: str, rule_set: int, event: UUID | None, run: UUID | None) -> None:
        self._draft = draft
        self._about = (rule, rule_set, event, run)

    def __enter__(self) -> None:
        draft = self._draft
        self._values = _replaced(draft)
        self._queued = len(draft.queue)
        draft.begin_undo()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        self._undo()
        self._draft.failures += (_failure(error, self._about),)
        return True

    def _undo(self) -> None:
        draft = self._draft
        for name, value in zip(_REPLACED, self._values, strict=True):
            setattr(draft, name, value)
        while len(draft.queue) > self._queued:
            draft.queue.pop()
        draft.put_back()


def _failure(error: Exception, about: tuple[str, int, UUID | None, UUID | None]) -> Failure:
    rule, rule_set, event, run = about
    return Failure(
        rule=rule,
        rule_set=rule_set,
        event=event,
        run=run,
        error=f"{type(error).__name__}: {error}",
        detail="".join(traceback.format_exception(error)),
    )
