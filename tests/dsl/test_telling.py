"""Rules read back in plain sentences."""

from __future__ import annotations

from typing import get_args

import pytest

from dsl import plan
from dsl.telling import tell_condition, tell_rule
from dsl.telling.deeds import tell_deed
from dsl.telling.triggers import tell_trigger

DAY = plan.Length(1, "day")
ORDERED = plan.EventMatch(events=("order_placed",))
TOTAL = plan.Property("total", "money")
RUB = plan.Constant("money", {"amount": "1500", "currency": "RUB"})
CITY = plan.Attribute("city", "text")
KAZAN = plan.Constant("text", "Kazan")
VIP = plan.InSegment("vip")

TRIGGERS: list[tuple[plan.Trigger, str]] = [
    (
        plan.EventTrigger(match=plan.EventMatch(events=("a", "b"), where=plan.Compare(TOTAL, ">", RUB)), delay=DAY),
        "Starts 1 day after this: a or b happens, where total of the event is over 1500 RUB.",
    ),
    (
        plan.SequenceTrigger(
            match=ORDERED,
            then=(
                plan.Then(match=plan.EventMatch(events=("paid",), same="order_id"), within=DAY),
                plan.Then(match=plan.EventMatch(events=("returned",)), within=plan.Length(2, "week"), negated=True),
            ),
        ),
        "Starts when order_placed happens, then paid with the same order_id within 1 day, "
        "then no returned within 2 weeks.",
    ),
    (
        plan.TimesTrigger(match=ORDERED, times=3, within=plan.Length(7, "day"), by="product_id"),
        "Starts when order_placed happens 3 times within 7 days with the same product_id.",
    ),
    (plan.SegmentTrigger(segment="vip", enters=False), "Starts when a customer leaves the segment vip."),
    (plan.ChangeTrigger(attribute=CITY, to=KAZAN), 'Starts when the customer\'s city changes to "Kazan".'),
    (
        plan.DateTrigger(
            attribute=plan.Attribute("birthday", "date", repeats=True),
            time="10:00",
            offset=plan.Length(3, "day"),
            before=True,
        ),
        "Starts when it is 10:00, 3 days before this day: the customer's birthday, every year.",
    ),
    (
        plan.InactivityTrigger(event="order_placed", length=plan.Length(30, "day")),
        "Starts when the last order_placed is 30 days ago.",
    ),
    (
        plan.ScheduleTrigger(time="9:00", weekdays=(1, 4), every_weeks=2, audience=VIP),
        "Starts every 2 weeks on Monday, on Thursday at 9:00, by each customer's clock, "
        "for everyone for whom the customer is in the segment vip.",
    ),
]


@pytest.mark.parametrize(("trigger", "told"), TRIGGERS, ids=[type(each).__name__ for each, _ in TRIGGERS])
def test_a_trigger_is_told_as_it_runs(trigger: plan.Trigger, told: str) -> None:
    assert tell_trigger(trigger) == told


def test_every_trigger_of_the_plan_is_told() -> None:
    assert {type(each) for each, _ in TRIGGERS} == set(get_args(plan.Trigger))


CONDITIONS: list[tuple[plan.Expression, str]] = [
    (
        plan.All((plan.Any((VIP, plan.Arrived())), plan.Not(plan.IsKnown(CITY)))),
        "(the customer is in the segment vip or what was waited for has come) and the customer's city is unknown",
    ),
    (
        plan.Not(plan.All((VIP, plan.Issued()))),
        "it is not so that (the customer is in the segment vip and a promo code was found)",
    ),
    (
        plan.Between(plan.DaysSince("order_placed"), plan.Constant("number", 1), plan.Constant("number", 5)),
        "the days since the last order_placed is from 1 to 5",
    ),
    (plan.OneOf(CITY, (KAZAN, plan.Constant("text", "Moscow"))), 'the customer\'s city is one of "Kazan", "Moscow"'),
    (
        plan.Contains(plan.LastValue("order_placed", "items", "list of text"), KAZAN),
        'items of the last order_placed contains "Kazan"',
    ),
    (plan.StartsWith(CITY, KAZAN), 'the customer\'s city starts with "Kazan"'),
    (plan.Happened("order_placed", DAY), "order_placed has happened in the last 1 day"),
    (plan.InLast(plan.Attribute("last_visit", "moment"), DAY), "the customer's last_visit lies in the last 1 day"),
    (
        plan.Compare(
            plan.Tally("sum", "order_placed", "money", "total", plan.Compare(TOTAL, ">=", RUB), DAY, "RUB"),
            "is not",
            RUB,
        ),
        "the sum of total over order_placed with total of the event is at least 1500 RUB in the last 1 day "
        "is not 1500 RUB, or is unknown",
    ),
]


@pytest.mark.parametrize(("condition", "told"), CONDITIONS, ids=[type(each).__name__ for each, _ in CONDITIONS])
def test_a_condition_is_told_with_brackets_where_it_has_two_readings(condition: plan.Expression, told: str) -> None:
    assert tell_condition(condition) == told


def test_every_step_that_does_something_is_told() -> None:
    samples: list[plan.Step] = [
        plan.Send(channel="email", template="a", line=1),
        plan.Wait(length=DAY, line=1),
        plan.WaitUntil(mode="clock", time="10:00", line=1),
        plan.WaitFor(match=ORDERED, up_to=DAY, line=1),
        plan.SetAttribute(name="stage", value=KAZAN, line=1),
        plan.ChangeNumber(name="visits", by=plan.Constant("number", 1), sign=-1, line=1),
        plan.SetTag(tag="buyer", add=True, line=1),
        plan.Points(amount=1, add=True, per=RUB, of=TOTAL, line=1),
        plan.IssuePromo(pool="BACK10", valid=DAY, line=1),
        plan.Emit(event="reminded", properties=(("total", TOTAL),), line=1),
        plan.Call(target="crm", line=1),
        plan.Notify(group="managers", message="VIP left", line=1),
        plan.Exit(line=1),
    ]

    told = [tell_deed(step) for step in samples]

    assert all(each.endswith(".") for each in told)
    assert {type(step) for step in samples} == set(get_args(plan.Step)) - {plan.JumpUnless, plan.Jump, plan.Split}


def test_a_send_tells_its_other_ways_and_when_it_is_skipped() -> None:
    step = plan.Send(
        channel="email",
        template="cart",
        fallbacks=(
            plan.Recipient(channel="sms", template="cart_sms"),
            plan.Recipient(channel=None, template="cart", best_of=("push", "telegram")),
        ),
        variables=(("discount", plan.Constant("percent", 10)),),
        unless=VIP,
        line=1,
    )

    assert tell_deed(step) == (
        'Send the email "cart" with discount = 10%. If that cannot be delivered: sms "cart_sms". '
        'If that cannot be delivered: the best of push, telegram "cart". '
        "Skipped if the customer is in the segment vip."
    )


def _deed(name: str) -> plan.Step:
    return plan.SetTag(tag=name, add=True, line=1)


def _outline(*steps: plan.Step) -> list[str]:
    rule = plan.Rule(name="r", file="a.rules", line=1, trigger=plan.EventTrigger(match=ORDERED), steps=steps)
    return ["  " * line.depth + f"{line.number} {line.text}".strip() for line in tell_rule(rule)][1:]


def test_nested_branches_and_splits_are_read_back_as_they_were_written() -> None:
    # if vip then split 50% "A": a  50% holdout end else if vip then b end else c end  d
    told = _outline(
        plan.JumpUnless(condition=VIP, at=5, line=1),
        plan.Split(
            name="s",
            arms=(plan.Arm(label="A", share=5000, at=2), plan.Arm(label="holdout", share=5000, at=None)),
            line=2,
        ),
        _deed("a"),
        plan.Jump(at=4),
        plan.Jump(at=9),
        plan.JumpUnless(condition=VIP, at=8, line=3),
        _deed("b"),
        plan.Jump(at=9),
        _deed("c"),
        _deed("d"),
    )

    assert told == [
        "1 If the customer is in the segment vip:",
        '  1 Split "s", always the same arm for the same customer:',
        '    50% "A":',
        '      1 Add the tag "a".',
        "    50% are held out: they get nothing, for comparison",
        "Otherwise:",
        "  1 If the customer is in the segment vip:",
        '    1 Add the tag "b".',
        "  Otherwise:",
        '    1 Add the tag "c".',
        '2 Add the tag "d".',
    ]


def test_a_branch_that_ends_an_arm_of_a_split_does_not_swallow_the_next_arm() -> None:
    # split 50% "A": if vip then a end  50% "B": b end  c
    told = _outline(
        plan.Split(
            name="s", arms=(plan.Arm(label="A", share=5000, at=1), plan.Arm(label="B", share=5000, at=4)), line=1
        ),
        plan.JumpUnless(condition=VIP, at=3, line=2),
        _deed("a"),
        plan.Jump(at=6),
        _deed("b"),
        plan.Jump(at=6),
        _deed("c"),
    )

    assert told == [
        '1 Split "s", always the same arm for the same customer:',
        '  50% "A":',
        "    1 If the customer is in the segment vip:",
        '      1 Add the tag "a".',
        '  50% "B":',
        '    1 Add the tag "b".',
        '2 Add the tag "c".',
    ]


def test_what_the_schema_cancels_is_told_of_the_rules_that_its_event_starts() -> None:
    carts = plan.EventTrigger(match=plan.EventMatch(events=("cart_updated", "registered")))
    paid = plan.Stop(match=plan.EventMatch(events=("paid",)), text="stop when paid", line=1)
    rule = plan.Rule(name="r", file="a.rules", line=1, trigger=carts, stops=(paid,))
    facts = {
        "cart_updated": plan.EventFacts(key="cart_id", cancelled_by=("paid", "order_placed")),
        "registered": plan.EventFacts(cancelled_by=("unregistered",)),
        "viewed": plan.EventFacts(cancelled_by=("left",)),
    }

    told = [line.text for line in tell_rule(rule, facts)]

    assert told[1:-1] == [
        "Ends at once when paid happens.",
        "Ends at once when order_placed with the same cart_id happens, as the schema says.",
        "Ends at once when unregistered happens, as the schema says.",
    ]


def test_a_stop_for_the_same_key_is_not_told_again_as_the_schema_says_it() -> None:
    carts = plan.EventTrigger(match=plan.EventMatch(events=("cart_updated",)))
    paid = plan.Stop(match=plan.EventMatch(events=("paid",), same="cart_id"), text="stop when paid", line=1)
    rule = plan.Rule(name="r", file="a.rules", line=1, trigger=carts, stops=(paid,))

    told = [
        line.text for line in tell_rule(rule, {"cart_updated": plan.EventFacts(key="cart_id", cancelled_by=("paid",))})
    ]

    assert told[1:-1] == ["Ends at once when paid with the same cart_id happens."]


def test_a_wait_from_the_start_says_that_the_run_began() -> None:
    month = plan.Length(1, "month")

    told = tell_deed(plan.WaitUntil(mode="moment", offset=month, time="10:00", line=1))

    assert told == "Wait until 1 month after the run began, at 10:00; the run ends if that is past."


def test_a_filter_of_history_says_whose_property_is_compared() -> None:
    same = plan.Compare(plan.Property("sku", "text"), "is", plan.Property("sku", "text", outside=True))
    tally = plan.Tally(function="count", event="viewed", kind="number", where=same)

    told = tell_condition(plan.Compare(tally, ">=", plan.Constant("number", 1)))

    assert told == ("the number of viewed with sku of the event is sku of the event that began the run is at least 1")
