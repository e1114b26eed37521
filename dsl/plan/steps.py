"""What a run does, in a flat row with jumps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneWord
from typing import TypeAlias

from dsl.plan.conditions import EventMatch, Expression
from dsl.plan.operands import Constant, Length, Operand


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One way to say it. `channel` None: the best of `best_of`, which is never empty then.

    Where nothing is known of the customer, the channels are tried in the order of `best_of`: the author's, or that of
    the workspace.
    """

    channel: str | None
    template: str
    best_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    channel: str  # of the first way; for `send best`, see `best_of`
    template: str
    best_of: tuple[str, ...] = ()  # `send best of email, push "cart"`: `channel` is then "best"
    fallbacks: tuple[Recipient, ...] = ()  # tried in order when it cannot be delivered (S19)
    variables: tuple[tuple[str, Operand], ...] = ()
    unless: Expression | None = None  # a step guard: true skips this send, and the run goes on
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    length: Length
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitUntil:
    """The next `time` strictly after now (on `weekdays`, or tomorrow); or the day `date`; or a moment: `base`
    (None: the start of the run) moved by `offset`, at `time` if given."""

    mode: OneWord["clock", "date", "moment"]
    time: str | None = None  # "10:00"
    weekdays: tuple[int, ...] = ()  # ISO numbers
    tomorrow: bool = False
    date: str | None = None
    base: Operand | None = None
    offset: Length | None = None
    before: bool = False
    or_now: bool = False
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitFor:
    match: EventMatch
    up_to: Length
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JumpUnless:
    """Goes on at `at` when the condition does not hold."""

    condition: Expression
    at: int
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    label: str  # "holdout" for the hold-out
    share: int  # of 10,000
    at: int | None  # None: the hold-out; the run ends and is recorded as held out


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Arms are ranges of hash(rule, split name, customer) over 0-9999, in order (S20)."""

    name: str
    arms: tuple[Arm, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAttribute:
    name: str
    value: Operand
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTag:
    tag: str
    add: bool
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Emit:
    event: str
    properties: tuple[tuple[str, Operand], ...] = ()
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeNumber:
    """`increase customer.visits by 1`; a missing number counts as 0."""

    name: str
    by: Operand
    sign: OneWord[1, -1]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """`add 100 points`; `add 1 point per 100 RUB of event.total`, rounded down (D15)."""

    amount: int
    add: bool
    per: Constant | None = None
    of: Operand | None = None
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuePromo:
    """A code of the pool for this customer, unique; what `issued` asks about, and `promo` in templates."""

    pool: str
    valid: Length | None = None  # from the moment of issue, in the customer's zone
    until: str | None = None  # ISO date: the pool's own last day, in the workspace's zone
    discount: str | None = None  # as the pool says it
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A webhook target of kogda.yaml."""

    target: str
    properties: tuple[tuple[str, Operand], ...] = ()
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """A staff group of kogda.yaml."""

    group: str
    message: str
    line: int


#: What changes something or tells somebody, and is done at once.
Doing: TypeAlias = SetAttribute | ChangeNumber | SetTag | Points | Emit | Call | Notify

Step: TypeAlias = Send | Wait | WaitUntil | WaitFor | JumpUnless | Jump | Split | Doing | IssuePromo | Exit
