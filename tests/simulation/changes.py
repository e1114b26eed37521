"""How a message or a run may change between two looks, each of which follows one commit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

#: An attempt that was taken for dead may still report its true end.
_WAYS = {
    "queued": {"queued", "sending", "suppressed", "failed", "postponed", "sent"},
    "sending": {"sending", "sent", "failed", "unknown", "queued"},
    "unknown": {"unknown", "sent", "failed"},
    "sent": {"sent"},
    "failed": {"failed"},
    "suppressed": {"suppressed"},
    "postponed": {"postponed"},
}
_FIRST = {"queued", "suppressed", "sending"}


class Message(NamedTuple):
    state: str
    attempt: UUID | None
    deadline: datetime | None
    due_at: datetime
    customer: UUID
    run: UUID
    channel: str
    transactional: bool


class Run(NamedTuple):
    state: str
    wake_at: datetime | None
    activation: int  # raised when it begins anew


class Look(NamedTuple):
    messages: Mapping[UUID, Message]
    runs: Mapping[UUID, Run]
    due: datetime | None = None  # what is to be done next; long ago: something waits to be decided


NOTHING = Look({}, {})
SQL = """
    SELECT 0, id, state, attempt, deadline, due_at, customer, run, channel, transactional FROM message
    UNION ALL
    SELECT 1, id, state, NULL, NULL, wake_at, customer, id, coalesce(body ->> 'activation', '0'), false FROM run
    UNION ALL
    SELECT 2, NULL, NULL, NULL, NULL, min(at), NULL, NULL, NULL, NULL FROM (
        SELECT '2000-01-01Z'::timestamptz WHERE EXISTS (SELECT FROM outcome)
        UNION ALL
        SELECT '2000-01-01Z' WHERE EXISTS (
            SELECT FROM event e JOIN partition_cursor c USING (partition) WHERE (e.xid, e.seq) > (c.xid, c.seq)
        )
        UNION ALL
        SELECT '2000-01-01Z' WHERE EXISTS (
            SELECT FROM partition_cursor c WHERE c.filled_to IS NOT NULL OR c.standing <> (
                SELECT r.standing FROM publication p JOIN rule_set r ON r.id = p.rule_set ORDER BY p.id DESC LIMIT 1
            )
        )
        UNION ALL
        SELECT at FROM appointment WHERE at IS NOT NULL
    ) AS waiting (at)
"""


def look_of(rows: Iterable[Sequence[Any]]) -> Look:
    messages: dict[UUID, Message] = {}
    runs: dict[UUID, Run] = {}
    moments: list[datetime | None] = []
    for kind, name, state, *more in rows:
        if kind == 0:
            messages[name] = found = Message(state, *more)
            moments.append(found.due_at if state == "queued" else found.deadline if state == "sending" else None)
        elif kind == 1:
            runs[name] = Run(state, more[2], int(more[5]))
            moments.append(more[2])
        else:
            moments.append(more[2])
    return Look(messages, runs, min((each for each in moments if each is not None), default=None))


def what_is_wrong(before: Look, after: Look, now: datetime) -> list[str]:
    """In words. `now`: when the later look was taken."""
    wrong = [f"messages are gone: {each}" for each in before.messages.keys() - after.messages.keys()]
    for name, message in after.messages.items():
        was = before.messages.get(name)
        if was == message:
            continue
        if was is None:
            wrong += [f"message {name} {said}" for said in _wrong_with_new(message, before, after, now)]
        else:
            wrong += [f"message {name} {said}" for said in _wrong_with_changed(was, message, now)]
    return wrong


def _wrong_with_new(message: Message, before: Look, after: Look, now: datetime) -> list[str]:
    wrong = []
    was, run = before.runs.get(message.run), after.runs[message.run]
    if message.state not in _FIRST:
        wrong.append(f"begins as {message.state}")
    if was and was.state == "waiting" and was.wake_at and was.wake_at > now and was.activation == run.activation:
        wrong.append(f"was made at {now}, and its run waits until {was.wake_at}")
    return wrong


def _wrong_with_changed(was: Message, message: Message, now: datetime) -> list[str]:
    wrong = []
    if message.state not in _WAYS[was.state]:
        wrong.append(f"was {was.state} and is {message.state}")
    if message.state == "sending" and was.state == "queued" and was.due_at > now:
        wrong.append(f"is due at {was.due_at}, and was claimed at {now}")
    if message.state == was.state == "sending" and was.attempt != message.attempt and was.deadline > now:  # type: ignore[operator]
        wrong.append("was claimed twice at once")
    return wrong
