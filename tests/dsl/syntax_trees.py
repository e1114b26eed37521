"""Hypothesis strategies for every node of dsl.syntax, as the parser could have built it."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from dsl import syntax
from dsl.currencies import CURRENCIES
from dsl.formatting.values import QUOTES
from dsl.keywords import CHANNELS, PERIODS, WEEKDAYS
from dsl.source import Span
from dsl.words import ALL_WORDS, FORMS

NOWHERE = Span(0, 0)

Strategy = st.SearchStrategy[Any]


def node(kind: type, **fields: Strategy) -> Strategy:
    @st.composite
    def built(draw: st.DrawFn) -> Any:  # its repr is short; that of st.builds holds all the strategies below it
        return kind(span=NOWHERE, **{field: draw(strategy) for field, strategy in fields.items()})

    return built()


def forms(*terminals: str) -> set[str]:
    return {form for terminal in terminals for form in FORMS[terminal]}


def many(strategy: Strategy, least: int, most: int) -> Strategy:
    @st.composite
    def drawn(draw: st.DrawFn) -> Any:
        return tuple(draw(st.lists(strategy, min_size=least, max_size=most)))

    return drawn()


# Names: where only a name may stand, every word of the language is one

KEYWORDS = sorted(word for word in ALL_WORDS if " " not in word)
_plain = st.one_of(st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True), st.from_regex(r"[а-я]{1,6}", fullmatch=True))
WORDS = st.one_of(_plain, st.sampled_from(KEYWORDS))


def word(*reserved: str) -> Strategy:
    """A name where the words of the terminals in `reserved` are none."""
    taken = forms(*reserved)
    return WORDS.filter(lambda text: text not in taken)


def name(*reserved: str) -> Strategy:
    return node(syntax.Name, text=word(*reserved))


_ROOTS = ("CUSTOMER", "EVENT")
_OPERANDS = ("NOT", "YES", "NO", "ARRIVED", "ISSUED", "COUNT", "SUM", "AVERAGE", "LAST", "DAYS_SINCE")


def path(*reserved: str) -> Strategy:
    root = st.one_of(name(*_ROOTS, *reserved), node(syntax.Name, text=st.sampled_from(["customer", "event"])))
    return node(syntax.Path, parts=st.builds(lambda first, rest: (first, *rest), root, many(name(), 0, 2)))


event_path = node(syntax.Path, parts=many(name(), 1, 2))

# Values

_letters = st.characters(exclude_categories=["Cs"], exclude_characters="\r\n")
_printable = st.one_of(st.text(_letters, max_size=8), st.text('ab#"«»“”„ ', max_size=8))
text = node(syntax.Text, text=_printable.filter(lambda found: any(closing not in found for closing in QUOTES.values())))


def decimals(most: int, *, negative: bool) -> Strategy:
    whole = st.integers(-(10**most) + 1 if negative else 0, 10**9 - 1).map(Decimal)
    fraction = st.tuples(st.integers(0, 10**most - 1), st.integers(0, 10**9 - 1)).map(
        lambda parts: Decimal(f"{parts[0]}.{parts[1]:09}")
    )
    return whole | fraction


number = node(syntax.Number, value=decimals(15, negative=True))
percent = node(syntax.Percent, value=decimals(9, negative=False))
money = node(syntax.Money, amount=decimals(15, negative=True), currency=st.sampled_from(sorted(CURRENCIES)))
flag = node(syntax.Flag, value=st.booleans())
day = node(syntax.Date, value=st.dates())
clock = node(syntax.ClockTime, value=st.builds(time, st.integers(0, 23), st.integers(0, 59)))
units = st.sampled_from(["second", "minute", "hour", "day", "week", "month", "year"])
duration = node(syntax.Duration, amount=st.integers(0, 30) | st.integers(0, 999_999), unit=units)
count = st.integers(0, 30) | st.integers(0, 999_999_999)
channel = st.sampled_from(sorted(set(CHANNELS.values())))
placeholder = node(syntax.Placeholder, column=WORDS)

condition: Strategy = st.deferred(lambda: rule_condition)
aggregate = node(
    syntax.Aggregate,
    function=st.sampled_from(["count", "sum", "average"]),
    path=event_path,
    where=st.none() | condition,
    within=st.none() | duration,
)
operand = st.one_of(
    path(*_OPERANDS), number, money, text, day, clock, duration, percent, aggregate,
    node(syntax.LastValue, path=event_path), node(syntax.DaysSince, event=name()),
)  # fmt: skip
value = operand | flag
pair = node(syntax.Pair, name=name(), value=value)
pairs = many(pair, 0, 3)


def _conditions(operands: Strategy) -> Strategy:
    atoms = st.one_of(
        node(
            syntax.Comparison,
            left=operands,
            comparison=st.sampled_from(["is", "is not", ">", "<", ">=", "<="]),
            right=operands,
        ),
        node(syntax.IsFlag, value=operands, yes=st.booleans()),
        node(syntax.IsKnown, value=operands, known=st.booleans()),
        node(syntax.Between, value=operands, low=operands, high=operands),
        node(syntax.OneOf, value=operands, group=many(operands | flag, 1, 3) | name(), negated=st.booleans()),
        node(syntax.Contains, value=operands, part=operands),
        node(syntax.StartsWith, value=operands, part=operands),
        node(syntax.InLast, path=path(*_OPERANDS), within=duration),
        node(syntax.Arrived),
        node(syntax.Issued),
        node(syntax.Truth, value=operands),
    )
    return st.recursive(
        atoms,
        lambda inner: st.one_of(
            node(syntax.And, operands=many(inner, 2, 3)),
            node(syntax.Or, operands=many(inner, 2, 3)),
            node(syntax.Not, operand=inner),
        ),
        max_leaves=4,
    )


rule_condition = _conditions(operand)

# Triggers


def events(*reserved: str) -> Strategy:
    names = st.builds(lambda first, rest: (first, *rest), name(*reserved), many(name(), 0, 2))
    return node(syntax.Events, names=names, where=st.none() | condition)


_STARTS = ("NO", *_ROOTS)
same = st.none() | name()
weekday_sets = st.sets(st.integers(1, 7), min_size=1).map(lambda days: tuple(sorted(days)))
month_days = st.sampled_from([(day_, month) for month in range(1, 13) for day_ in (1, 28, 29)])
schedule = st.one_of(
    node(syntax.Weekdays, days=weekday_sets, every_weeks=st.integers(1, 30)),
    node(syntax.Monthly, day=st.none() | st.integers(1, 31)),
    month_days.map(lambda found: syntax.Yearly(span=NOWHERE, day=found[0], month=found[1])),
    node(syntax.OnDate, date=day),
)
sequence_step = st.booleans().flatmap(
    lambda negated: node(
        syntax.SequenceStep,
        negated=st.just(negated),
        events=events() if negated else events("NOT"),
        same=same,
        within=duration,
    )
)


def moment_before_or_after(kind: type, **fields: Strategy) -> Strategy:
    return node(kind, offset=duration, before=st.booleans(), **fields) | node(kind, offset=st.none(), **fields)


undelayed = node(syntax.ScheduleTrigger, schedule=schedule, at=clock, audience=st.none() | condition)
trigger = st.one_of(
    node(syntax.EventTrigger, events=events(*_STARTS)),
    node(syntax.SequenceTrigger, first=events(*_STARTS), then=many(sequence_step, 1, 2)),
    node(syntax.TimesTrigger, events=events(*_STARTS), times=count, within=duration, same=same),
    node(syntax.SegmentTrigger, segment=name(), enters=st.booleans()),
    node(syntax.ChangeTrigger, path=path(*_STARTS), to=st.none() | value),
    moment_before_or_after(syntax.DateTrigger, path=path(*_STARTS), at=clock),
    node(syntax.InactivityTrigger, event=name(), during=duration),
)

# Clauses

period = st.builds(
    lambda unit: syntax.Duration(span=NOWHERE, amount=1, unit=unit), st.sampled_from(sorted(set(PERIODS.values())))
)
once_key = path("PERIOD")
clause = st.one_of(
    node(syntax.OnlyIf, condition=condition),
    node(syntax.Unless, condition=condition),
    node(syntax.StopWhen, events=events(), same=same),
    node(syntax.Goal, events=events(), within=duration),
    node(syntax.OncePer, key=once_key, window=st.none() | duration | period),
    node(syntax.OncePer, key=st.none(), window=duration | period),
    node(syntax.IfRepeated, policy=st.sampled_from(["restart", "ignore", "parallel"])),
    node(syntax.Cap, limit=count, channel=st.none() | channel, per=duration | period),
    node(syntax.FirstCustomers, limit=count),
    node(syntax.QuietHours, start=clock, end=clock),
    node(syntax.IgnoreQuietHours),
    node(syntax.Transactional),
    node(syntax.CatchUp, within=duration),
    node(syntax.Timezone, zone=st.none() | text),
    node(syntax.Priority, value=count),
    node(syntax.Active, since=day, until=st.none() | day),
    node(syntax.Owner, name=text),
    node(syntax.Description, text=text),
)

# Steps

recipient = st.one_of(
    node(syntax.Recipient, channel=channel, template=text),
    node(syntax.Recipient, channel=st.none(), template=text, best_of=many(channel, 0, 3)),
)
one_weekday = st.sampled_from(sorted(set(WEEKDAYS.values())))
simple_step = st.one_of(
    node(
        syntax.Send,
        first=recipient,
        variables=pairs,
        fallbacks=many(recipient, 0, 2),
        unless=st.none() | condition,
    ),
    node(syntax.Wait, duration=duration),
    node(syntax.WaitUntilClock, at=clock),
    node(syntax.WaitUntilClock, at=clock, weekdays=one_weekday),
    node(syntax.WaitUntilClock, at=clock, tomorrow=st.just(True)),
    node(syntax.WaitUntilDate, date=day, at=st.none() | clock),
    moment_before_or_after(
        syntax.WaitUntilMoment,
        path=st.none() | path("START", "TOMORROW", "WEEKDAY"),
        at=st.none() | clock,
        or_now=st.booleans(),
    ),
    node(syntax.WaitFor, events=events(), same=same, up_to=duration),
    node(syntax.Exit),
    node(syntax.SetAttribute, path=path(), value=value),
    node(syntax.ChangeNumber, path=path(), by=value, sign=st.sampled_from([1, -1])),
    node(syntax.Tag, tag=text, add=st.booleans()),
    node(syntax.Points, amount=count, add=st.booleans()),
    node(syntax.Points, amount=count, add=st.just(True), per=money, of=path()),
    node(syntax.IssuePromo, pool=text, valid=st.none() | duration),
    node(syntax.Emit, event=name(), properties=pairs),
    node(syntax.Call, target=text, properties=pairs),
    node(syntax.Notify, group=text, message=text),
)


def _blocks(inner: Strategy) -> Strategy:
    steps = many(inner, 1, 3)
    arm = node(syntax.Arm, condition=condition, steps=steps)
    split_arm = st.one_of(
        node(syntax.SplitArm, share=percent, label=st.none() | text, steps=steps),
        node(syntax.SplitArm, share=percent, label=st.none(), steps=st.just(()), holdout=st.just(True)),
    )
    return st.one_of(
        node(syntax.Branch, arms=many(arm, 1, 2), otherwise=st.none() | steps),
        node(syntax.Split, name=st.none() | text, arms=many(split_arm, 1, 3)),
    )


step = st.recursive(simple_step, _blocks, max_leaves=5)

# Files

_rule = {"name": st.none() | text, "clauses": many(clause, 0, 3), "steps": many(step, 1, 3)}
rule = st.one_of(
    node(syntax.Rule, trigger=trigger, delay=st.none() | duration, **_rule),
    node(syntax.Rule, trigger=undelayed, delay=st.none(), **_rule),
)
item = st.one_of(
    rule,
    node(syntax.Use, path=text),
    node(syntax.Let, name=name(), value=value | many(value, 1, 4)),
    node(syntax.Define, name=name(), condition=condition),
    node(syntax.Segment, name=name(), condition=condition),
)
rule_items = many(item, 0, 3)

# Test files

test_operand = operand | placeholder
test_condition = _conditions(test_operand)
test_pairs = node(syntax.Pair, name=name(), value=test_operand | flag)
moment = st.one_of(
    node(syntax.Moment, time=clock),
    node(syntax.Moment, date=day, time=clock),
    node(syntax.Moment, plus=duration),
)
whose = st.none() | name()
_LINES = (
    "WITH",
    "HAD",
    "SPLIT",
    "WORKSPACE",
    "TEMPLATE",
    "PROMO",
    "RULES",
    "AT_MOMENT",
    "EXPECT",
    "EXAMPLES",
    "TEST",
    "TODO",
)
given_line = st.one_of(
    node(syntax.GivenCustomer, name=st.none() | name(*_LINES, "CUSTOMER"), attributes=many(test_pairs, 0, 3)),
    node(
        syntax.GivenHistory,
        count=count,
        event=name(),
        within=duration,
        properties=many(test_pairs, 0, 2),
        customer=whose,
    ),
    node(syntax.GivenSplit, split=text, takes=text),
    node(syntax.GivenWorkspace, settings=many(test_pairs, 1, 2)),
    node(syntax.GivenFailure, template=text),
    node(syntax.GivenPool, pool=text),
    node(syntax.GivenRules, path=text),
    node(syntax.AtEvent, at=moment, event=name(*_ROOTS), properties=many(test_pairs, 0, 3), customer=whose),
    node(syntax.AtChange, at=moment, path=path(), value=test_operand | flag, customer=whose),
)
message = {"channel": channel, "template": text, "customer": whose}
expectation = st.one_of(
    node(syntax.ExpectMessage, at=moment, **message),
    node(syntax.ExpectMessage, between=st.tuples(moment, moment), **message),
    node(syntax.ExpectNoMessage, channel=channel, template=st.none() | text, customer=whose),
    node(syntax.ExpectNoMessage, customer=whose),
    node(syntax.ExpectNothing, until=st.none() | moment),
    node(syntax.ExpectSkipped, reason=text, **message),
    node(syntax.ExpectExit, reason=text | name(), customer=whose),
    node(syntax.ExpectValue, condition=test_condition, customer=whose),
    node(syntax.ExpectTag, tag=text, customer=whose),
    node(
        syntax.ExpectTold, to=st.just("call"), name=text, at=moment, properties=many(test_pairs, 0, 2), customer=whose
    ),
    node(
        syntax.ExpectTold,
        to=st.just("notify"),
        name=text,
        message=st.none() | text,
        between=st.tuples(moment, moment),
        customer=whose,
    ),
    node(syntax.ExpectNotTold, to=st.sampled_from(["call", "notify"]), name=st.none() | text, customer=whose),
)
cell = st.one_of(text, number, money, day, clock, duration, percent, flag)
examples = st.integers(1, 3).flatmap(
    lambda width: node(syntax.Examples, columns=many(WORDS, width, width), rows=many(many(cell, width, width), 1, 3))
)
lines = st.builds(lambda given, last: (*given, last), many(given_line | expectation, 0, 4), expectation)
case = st.one_of(
    node(syntax.TestCase, title=text, lines=lines, open=st.booleans(), examples=st.none() | examples),
    node(syntax.TestCase, title=text, lines=many(given_line, 0, 2), todo=st.just(True), examples=st.none() | examples),
)
test_cases = many(case, 0, 2)
