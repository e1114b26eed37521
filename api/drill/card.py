"""The report card of a drill, for a terminal, for a page and for a program."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from textwrap import wrap
from typing import Any

from api.drill.stories import Due
from api.drill.verdict import Verdict
from dsl.messages import Message, say

#: Says a text in the reader's language.
Tell = Callable[[object], str]

_SHOWN = 10  # of each kind of mistake
_COLUMNS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    minutes: float
    seed: int
    machine: str
    events: int  # acknowledged
    events_lost: int
    events_twice: int
    repeated: int  # batches that were sent again after they had been acknowledged
    refused: int  # requests that had to be made again
    faults: Mapping[str, int]
    deaths: int  # processes that ended by themselves and were started again
    unsettled: int  # what had not come to rest when patience ended
    recovery_s: float | None  # the longest from a fault to a mail about an event sent after it
    verdict: Verdict

    @property
    def lost(self) -> int:
        return self.events_lost + self.verdict.lost

    @property
    def doubled(self) -> int:
        return self.events_twice + self.verdict.twice

    @property
    def is_good(self) -> bool:
        """A drill in which nothing was told has proved nothing."""
        return bool(self.events) and not self.lost and not self.doubled and not self.unsettled

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "lost": self.lost, "doubled": self.doubled, "is_good": self.is_good}


def rows_of(card: Card) -> list[tuple[Message, str | Message]]:
    """What a card says, a line each."""
    verdict, faults = card.verdict, card.faults
    kills = say(
        "{workers} {workers:worker|workers}, {senders} of them in the middle of a mail; "
        "{apis} {apis:time|times} the API",
        workers=faults.get("worker", 0) + faults.get("sender", 0),
        senders=faults.get("sender", 0),
        apis=faults.get("api", 0),
    )
    marked = say("{n}, all marked; {twice} of them came twice", n=verdict.marked, twice=verdict.came_twice)
    unknown = say("{n}, listed and not sent again; {arrived} of them arrived", n=verdict.unknown,
                  arrived=verdict.unknown_arrived)  # fmt: skip
    recovery = say("{n} s", n=f"{card.recovery_s:.1f}") if card.recovery_s is not None else say("not measured")
    return [
        (say("events acknowledged"), f"{card.events:,}"),
        (say("mails due"), f"{verdict.due:,}"),
        (say("killed (SIGKILL)"), kills),
        (say("stopped (SIGSTOP)"), f"{faults.get('stop', 0) + faults.get('long stop', 0)}"),
        (say("Redis flushed, killed"), f"{faults.get('flush', 0)}, {faults.get('redis', 0)}"),
        (say("database connections ended"), say("{n} {n:time|times}", n=faults.get("connections", 0))),
        (say("database crashed"), say("{n} {n:time|times}", n=faults.get("database", 0))),
        (say("lost"), f"{card.lost}"),
        (say("doubled"), f"{card.doubled}"),
        (say("sent again, perhaps twice"), marked),
        (say("unknown"), unknown),
        (say("longest recovery"), recovery),
    ]


def text_of(card: Card, tell: Tell) -> str:
    rows = [(tell(name), tell(value)) for name, value in rows_of(card)]
    width = max(len(name) for name, _ in rows) + 4
    lines = [*wrap(tell(_title(card)), _COLUMNS), ""]
    for name, value in rows:
        lines += wrap(value, _COLUMNS, initial_indent=f"  {name}".ljust(width), subsequent_indent=" " * width)
    return "\n".join([*lines, "", *(tell(each) for each in _wrong(card)), *wrap(tell(_ending(card)), _COLUMNS)])


def markdown_of(card: Card, tell: Tell) -> str:
    rows = "\n".join(f"| {tell(name)} | {tell(value)} |" for name, value in rows_of(card))
    return f"{tell(_title(card))}\n\n| | |\n|---|---|\n{rows}"


def _title(card: Card) -> Message:
    return say(
        "{minutes} {minutes:minute|minutes} on {machine}, seed {seed}. What a killed worker had in its hands was sent "
        "again with a mark, or listed as unknown, as the policy says.",
        minutes=f"{card.minutes:g}",
        machine=card.machine,
        seed=card.seed,
    )


def _wrong(card: Card) -> Sequence[Message]:
    verdict = card.verdict
    return [
        *_listed(verdict.missing, lambda names: say("never made: {names}", names=names)),
        *_listed(verdict.not_arrived, lambda names: say("sent, and never arrived: {names}", names=names)),
        *_listed(verdict.unasked, lambda names: say("asked for by nobody, or made twice: {names}", names=names)),
        *_listed(verdict.doubled, lambda names: say("arrived twice without a mark: {names}", names=names)),
    ]


def _listed(found: Sequence[Due], title: Callable[[str], Message]) -> list[Message]:
    return [title(", ".join(f"{due.template} {due.user_id}" for due in found[:_SHOWN]))] if found else []


def _ending(card: Card) -> Message:
    if card.is_good:
        return say("Nothing was lost and nothing was doubled.")
    if not card.events:
        return say("No event was acknowledged, so nothing was proved; the servers' words say why.")
    if card.unsettled:
        return say("{n} {n:thing|things} had not come to rest when the time was over.", n=card.unsettled)
    return say("This must not happen. The seed makes the same faults again: --seed {seed}", seed=card.seed)
