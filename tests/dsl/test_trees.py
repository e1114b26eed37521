"""What each construct of the language becomes in the syntax tree."""

from __future__ import annotations

from typing import Any

import pytest

from dsl import syntax as s
from tests.dsl.trees import (
    clause,
    clock,
    condition,
    day,
    events,
    items,
    length,
    money,
    name,
    node,
    number,
    pair,
    path,
    percent,
    rule,
    step,
    text,
    to,
    trigger,
    truth,
)

VIP = node(s.OneOf, value=path("customer"), group=name("vip"), negated=False)
SEND_X = node(s.Send, first=to("email", "x"))

TRIGGERS: dict[str, Any] = {
    "when a": node(s.EventTrigger, events=events("a")),
    "when a or b where event.kind is unknown": node(
        s.EventTrigger,
        events=events("a", "b", where=node(s.IsKnown, value=path("event.kind"), known=False)),
    ),
    "when a then not b or c with same cart_id within 1h": node(
        s.SequenceTrigger,
        first=events("a"),
        then=(
            node(s.SequenceStep, negated=True, events=events("b", "c"), same=name("cart_id"), within=length(1, "hour")),
        ),
    ),
    "when a 3 times within 7 days with same sku": node(
        s.TimesTrigger, events=events("a"), times=3, within=length(7, "day"), same=name("sku")
    ),
    "when customer enters vip": node(s.SegmentTrigger, segment=name("vip"), enters=True),
    "when customer leaves vip": node(s.SegmentTrigger, segment=name("vip"), enters=False),
    "when customer.tier changes": node(s.ChangeTrigger, path=path("customer.tier"), to=None),
    'when customer.tier changes to "gold"': node(s.ChangeTrigger, path=path("customer.tier"), to=text("gold")),
    "when customer.blocked changes to yes": node(
        s.ChangeTrigger, path=path("customer.blocked"), to=node(s.Flag, value=True)
    ),
    "when 3 days before customer.birthday at 10:00": node(
        s.DateTrigger, path=path("customer.birthday"), at=clock(10), offset=length(3, "day"), before=True
    ),
    "when 1 week after customer.birthday at 9:30": node(
        s.DateTrigger, path=path("customer.birthday"), at=clock(9, 30), offset=length(1, "week"), before=False
    ),
    "when customer.birthday at 10:00": node(s.DateTrigger, path=path("customer.birthday"), at=clock(10)),
    "when no order_placed for 30 days": node(s.InactivityTrigger, event=name("order_placed"), during=length(30, "day")),
    "every day at 9:00 for everyone": node(
        s.ScheduleTrigger, schedule=node(s.Weekdays, days=(1, 2, 3, 4, 5, 6, 7)), at=clock(9), audience=None
    ),
    "every weekday at 9:00 for customer in vip": node(
        s.ScheduleTrigger, schedule=node(s.Weekdays, days=(1, 2, 3, 4, 5)), at=clock(9), audience=VIP
    ),
    "every thursday, monday at 9:00 for everyone": node(
        s.ScheduleTrigger, schedule=node(s.Weekdays, days=(1, 4)), at=clock(9), audience=None
    ),
    "every 2 weeks on monday at 9:00 for everyone": node(
        s.ScheduleTrigger, schedule=node(s.Weekdays, days=(1,), every_weeks=2), at=clock(9), audience=None
    ),
    "every month on 31 at 9:00 for everyone": node(
        s.ScheduleTrigger, schedule=node(s.Monthly, day=31), at=clock(9), audience=None
    ),
    "every month on last day at 9:00 for everyone": node(
        s.ScheduleTrigger, schedule=node(s.Monthly, day=None), at=clock(9), audience=None
    ),
    "every year on 25 december at 9:00 for everyone": node(
        s.ScheduleTrigger, schedule=node(s.Yearly, day=25, month=12), at=clock(9), audience=None
    ),
    "on 2026-12-31 at 10:00 for everyone": node(
        s.ScheduleTrigger, schedule=node(s.OnDate, date=day("2026-12-31")), at=clock(10), audience=None
    ),
}


@pytest.mark.parametrize(("written", "meant"), TRIGGERS.items(), ids=TRIGGERS)
def test_a_trigger_says_what_starts_a_rule(written: str, meant: Any):
    assert trigger(written) == meant


CLAUSES: dict[str, Any] = {
    "only if customer in vip": node(s.OnlyIf, condition=VIP),
    "unless order_placed": node(s.Unless, condition=truth("order_placed")),
    "stop when b or c": node(s.StopWhen, events=events("b", "c")),
    "stop when b with same cart_id": node(s.StopWhen, events=events("b"), same=name("cart_id")),
    "goal b within 7 days": node(s.Goal, events=events("b"), within=length(7, "day")),
    "once per 7 days": node(s.OncePer, key=None, window=length(7, "day")),
    "once per day": node(s.OncePer, key=None, window=length(1, "day")),
    "once per customer": node(s.OncePer, key=path("customer"), window=None),
    "once per event.cart_id per 7 days": node(s.OncePer, key=path("event.cart_id"), window=length(7, "day")),
    "if repeated restart": node(s.IfRepeated, policy="restart"),
    "if repeated ignore": node(s.IfRepeated, policy="ignore"),
    "if repeated parallel": node(s.IfRepeated, policy="parallel"),
    "at most 2 messages per day": node(s.Cap, limit=2, channel=None, per=length(1, "day")),
    "at most 1 sms per 7 days": node(s.Cap, limit=1, channel="sms", per=length(7, "day")),
    "only first 50 customers": node(s.FirstCustomers, limit=50),
    "quiet hours 22:00 to 9:00": node(s.QuietHours, start=clock(22), end=clock(9)),
    "ignore quiet hours": node(s.IgnoreQuietHours),
    "transactional": node(s.Transactional),
    "catch up within 2h": node(s.CatchUp, within=length(2, "hour")),
    'timezone "Europe/Moscow"': node(s.Timezone, zone=text("Europe/Moscow")),
    "timezone customer": node(s.Timezone, zone=None),
    "priority 10": node(s.Priority, value=10),
    "active from 2026-11-01": node(s.Active, since=day("2026-11-01"), until=None),
    "active from 2026-11-01 until 2026-12-31": node(s.Active, since=day("2026-11-01"), until=day("2026-12-31")),
    'owner "anna"': node(s.Owner, name=text("anna")),
    'description "why"': node(s.Description, text=text("why")),
}


@pytest.mark.parametrize(("written", "meant"), CLAUSES.items(), ids=CLAUSES)
def test_a_clause_stands_between_the_trigger_and_the_steps(written: str, meant: Any):
    assert clause(written) == meant


STEPS: dict[str, Any] = {
    'send email "cart"': node(s.Send, first=to("email", "cart")),
    'send email "a" with discount = 10%, big = yes or sms "b" or push "c" unless order_placed': node(
        s.Send,
        first=to("email", "a"),
        variables=(pair("discount", percent(10)), pair("big", node(s.Flag, value=True))),
        fallbacks=(to("sms", "b"), to("push", "c")),
        unless=truth("order_placed"),
    ),
    'send best "a"': node(s.Send, first=node(s.Recipient, channel=None, template=text("a"))),
    'send best of email, push "a"': node(
        s.Send, first=node(s.Recipient, channel=None, template=text("a"), best_of=("email", "push"))
    ),
    "wait 1 day": node(s.Wait, duration=length(1, "day")),
    "wait 5s": node(s.Wait, duration=length(5, "second")),
    "wait until 10:00": node(s.WaitUntilClock, at=clock(10)),
    "wait until friday 10:00": node(s.WaitUntilClock, at=clock(10), weekdays=(5,)),
    "wait until tomorrow 10:00": node(s.WaitUntilClock, at=clock(10), tomorrow=True),
    "wait until 2026-12-31": node(s.WaitUntilDate, date=day("2026-12-31"), at=None),
    "wait until 2026-12-31 10:00": node(s.WaitUntilDate, date=day("2026-12-31"), at=clock(10)),
    "wait until customer.next_visit": node(s.WaitUntilMoment, path=path("customer.next_visit")),
    "wait until 2 days before event.visit_at at 10:00 or now": node(
        s.WaitUntilMoment,
        path=path("event.visit_at"),
        offset=length(2, "day"),
        before=True,
        at=clock(10),
        or_now=True,
    ),
    "wait until 2 months after start at 10:00": node(
        s.WaitUntilMoment, path=None, offset=length(2, "month"), at=clock(10)
    ),
    "wait for b or c with same id up to 2 days": node(
        s.WaitFor, events=events("b", "c"), same=name("id"), up_to=length(2, "day")
    ),
    'if customer in vip then send email "x" else if arrived then exit else send email "x" exit end': node(
        s.Branch,
        arms=(
            node(s.Arm, condition=VIP, steps=(SEND_X,)),
            node(s.Arm, condition=node(s.Arrived), steps=(node(s.Exit),)),
        ),
        otherwise=(SEND_X, node(s.Exit)),
    ),
    'if issued then send email "x" end': node(
        s.Branch, arms=(node(s.Arm, condition=node(s.Issued), steps=(SEND_X,)),), otherwise=None
    ),
    'split "T" 45% "A": send email "x" 45%: exit 10% holdout end': node(
        s.Split,
        name=text("T"),
        arms=(
            node(s.SplitArm, share=percent(45), label=text("A"), steps=(SEND_X,)),
            node(s.SplitArm, share=percent(45), label=None, steps=(node(s.Exit),)),
            node(s.SplitArm, share=percent(10), label=None, steps=(), holdout=True),
        ),
    ),
    "exit": node(s.Exit),
    'set customer.stage to "warm"': node(s.SetAttribute, path=path("customer.stage"), value=text("warm")),
    "set customer.subscribed to no": node(
        s.SetAttribute, path=path("customer.subscribed"), value=node(s.Flag, value=False)
    ),
    "increase customer.visits by 1": node(s.ChangeNumber, path=path("customer.visits"), by=number(1), sign=1),
    "decrease customer.visits by 2": node(s.ChangeNumber, path=path("customer.visits"), by=number(2), sign=-1),
    'add tag "buyer"': node(s.Tag, tag=text("buyer"), add=True),
    'remove tag "lead"': node(s.Tag, tag=text("lead"), add=False),
    "add 100 points": node(s.Points, amount=100, add=True),
    "remove 5 points": node(s.Points, amount=5, add=False),
    "add 1 point per 100 RUB of event.total": node(
        s.Points, amount=1, add=True, per=money(100), of=path("event.total")
    ),
    'issue promo "P" valid 7 days': node(s.IssuePromo, pool=text("P"), valid=length(7, "day")),
    'issue promo "P"': node(s.IssuePromo, pool=text("P"), valid=None),
    "emit thanked with order_id = event.order_id": node(
        s.Emit, event=name("thanked"), properties=(pair("order_id", path("event.order_id")),)
    ),
    'call "crm" with id = customer.id': node(s.Call, target=text("crm"), properties=(pair("id", path("customer.id")),)),
    'notify "managers" "VIP left"': node(s.Notify, group=text("managers"), message=text("VIP left")),
}


@pytest.mark.parametrize(("written", "meant"), STEPS.items(), ids=STEPS)
def test_a_step_says_what_is_done(written: str, meant: Any):
    assert step(written) == meant


CONDITIONS: dict[str, Any] = {
    'customer.city is "Moscow"': node(s.Comparison, left=path("customer.city"), comparison="is", right=text("Moscow")),
    'event.kind is not "x"': node(s.Comparison, left=path("event.kind"), comparison="is not", right=text("x")),
    "event.total > 5000 RUB": node(s.Comparison, left=path("event.total"), comparison=">", right=money(5000)),
    "event.total <= $9.99": node(s.Comparison, left=path("event.total"), comparison="<=", right=money("9.99", "USD")),
    "event.total >= 1.5 €": node(s.Comparison, left=path("event.total"), comparison=">=", right=money("1.5", "EUR")),
    "event.n < -5": node(s.Comparison, left=path("event.n"), comparison="<", right=number(-5)),
    "event.n < 2.50": node(s.Comparison, left=path("event.n"), comparison="<", right=number("2.50")),
    "customer.registered_at < 2026-01-01": node(
        s.Comparison, left=path("customer.registered_at"), comparison="<", right=day("2026-01-01")
    ),
    "customer.subscribed is yes": node(s.IsFlag, value=path("customer.subscribed"), yes=True),
    "customer.subscribed is no": node(s.IsFlag, value=path("customer.subscribed"), yes=False),
    "customer.email is known": node(s.IsKnown, value=path("customer.email"), known=True),
    "customer.age between 18 and 25 and a": node(
        s.And,
        operands=(node(s.Between, value=path("customer.age"), low=number(18), high=number(25)), truth("a")),
    ),
    'customer.city in ("Moscow", "Kazan")': node(
        s.OneOf, value=path("customer.city"), group=(text("Moscow"), text("Kazan")), negated=False
    ),
    "customer.city not in big_cities": node(
        s.OneOf, value=path("customer.city"), group=name("big_cities"), negated=True
    ),
    'customer.email contains "@"': node(s.Contains, value=path("customer.email"), part=text("@")),
    'customer.email starts with "a"': node(s.StartsWith, value=path("customer.email"), part=text("a")),
    "order_placed in last 3 days": node(s.InLast, path=path("order_placed"), within=length(3, "day")),
    "not a": node(s.Not, operand=truth("a")),
    "a or b and c": node(s.Or, operands=(truth("a"), node(s.And, operands=(truth("b"), truth("c"))))),
    "(a or b) and c": node(s.And, operands=(node(s.Or, operands=(truth("a"), truth("b"))), truth("c"))),
    "a or b or c": node(s.Or, operands=(truth("a"), truth("b"), truth("c"))),
    "count of order_placed where (total > 1000 RUB) in last 90 days >= 3": node(
        s.Comparison,
        left=node(
            s.Aggregate,
            function="count",
            path=path("order_placed"),
            where=node(s.Comparison, left=path("total"), comparison=">", right=money(1000)),
            within=length(90, "day"),
        ),
        comparison=">=",
        right=number(3),
    ),
    "sum of order_placed.total > 5": node(
        s.Comparison,
        left=node(s.Aggregate, function="sum", path=path("order_placed.total")),
        comparison=">",
        right=number(5),
    ),
    "average of order_placed.total > 5": node(
        s.Comparison,
        left=node(s.Aggregate, function="average", path=path("order_placed.total")),
        comparison=">",
        right=number(5),
    ),
    "last order_placed.total > 5": node(
        s.Comparison, left=node(s.LastValue, path=path("order_placed.total")), comparison=">", right=number(5)
    ),
    "days since last order_placed > 30": node(
        s.Comparison, left=node(s.DaysSince, event=name("order_placed")), comparison=">", right=number(30)
    ),
}


@pytest.mark.parametrize(("written", "meant"), CONDITIONS.items(), ids=CONDITIONS)
def test_a_condition_keeps_its_words_and_their_binding(written: str, meant: Any):
    assert condition(written) == meant


ITEMS: dict[str, Any] = {
    'use "common.rules"': node(s.Use, path=text("common.rules")),
    "let free_delivery = 3000 RUB": node(s.Let, name=name("free_delivery"), value=money(3000)),
    'let cities = ("Moscow", "Kazan")': node(s.Let, name=name("cities"), value=(text("Moscow"), text("Kazan"))),
    "define reachable means customer.email is known": node(
        s.Define, name=name("reachable"), condition=node(s.IsKnown, value=path("customer.email"), known=True)
    ),
    "segment vip means a": node(s.Segment, name=name("vip"), condition=truth("a")),
}


@pytest.mark.parametrize(("written", "meant"), ITEMS.items(), ids=ITEMS)
def test_an_item_stands_for_itself(written: str, meant: Any):
    assert items(written) == (meant,)


def test_a_rule_keeps_its_name_delay_clauses_and_steps_in_order():
    whole = rule('rule "R" when a after 30 min priority 1 owner "anna" send email "x" exit')

    assert whole == node(
        s.Rule,
        name=text("R"),
        trigger=node(s.EventTrigger, events=events("a")),
        delay=length(30, "minute"),
        clauses=(node(s.Priority, value=1), node(s.Owner, name=text("anna"))),
        steps=(SEND_X, node(s.Exit)),
    )
