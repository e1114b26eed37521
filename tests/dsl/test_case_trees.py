"""What each line of a test becomes in the syntax tree."""

from __future__ import annotations

from typing import Any

import pytest

from dsl import syntax as s
from tests.dsl.trees import (
    case,
    clock,
    day,
    length,
    line,
    money,
    name,
    node,
    number,
    pair,
    path,
    text,
)

VIP = node(s.OneOf, value=path("customer"), group=name("vip"), negated=False)

LINES: dict[str, Any] = {
    'customer anna with email = "a@b.c", subscribed = yes': node(
        s.GivenCustomer,
        name=name("anna"),
        attributes=(pair("email", text("a@b.c")), pair("subscribed", node(s.Flag, value=True))),
    ),
    "customer": node(s.GivenCustomer, name=None, attributes=()),
    "had 3 order_placed in last 90 days for anna with total = 5 RUB": node(
        s.GivenHistory,
        count=3,
        event=name("order_placed"),
        within=length(90, "day"),
        properties=(pair("total", money(5)),),
        customer=name("anna"),
    ),
    'split "T" takes "A"': node(s.GivenSplit, split=text("T"), takes=text("A")),
    'workspace with quiet_hours = "22:00 to 9:00"': node(
        s.GivenWorkspace, settings=(pair("quiet_hours", text("22:00 to 9:00")),)
    ),
    'template "cart" fails': node(s.GivenFailure, template=text("cart")),
    'promo "BACK10" runs dry': node(s.GivenPool, pool=text("BACK10")),
    'rules "cart.rules"': node(s.GivenRules, path=text("cart.rules")),
    "at 2026-03-02 10:00 a for anna with x = 1": node(
        s.AtEvent,
        at=node(s.Moment, date=day("2026-03-02"), time=clock(10)),
        event=name("a"),
        properties=(pair("x", number(1)),),
        customer=name("anna"),
    ),
    "at plus 40 min a": node(s.AtEvent, at=node(s.Moment, plus=length(40, "minute")), event=name("a"), properties=()),
    'at 10:05 customer.tier becomes "gold"': node(
        s.AtChange, at=node(s.Moment, time=clock(10, 5)), path=path("customer.tier"), value=text("gold")
    ),
    'expect email "x" at 10:00 for anna': node(
        s.ExpectMessage,
        channel="email",
        template=text("x"),
        at=node(s.Moment, time=clock(10)),
        customer=name("anna"),
    ),
    'expect sms "x" between 9:01 and 9:10': node(
        s.ExpectMessage,
        channel="sms",
        template=text("x"),
        between=(node(s.Moment, time=clock(9, 1)), node(s.Moment, time=clock(9, 10))),
    ),
    'expect no email "x"': node(s.ExpectNoMessage, channel="email", template=text("x")),
    "expect no email for boris": node(s.ExpectNoMessage, channel="email", customer=name("boris")),
    "expect no messages": node(s.ExpectNoMessage),
    "expect nothing until 2026-03-09 10:00": node(
        s.ExpectNothing, until=node(s.Moment, date=day("2026-03-09"), time=clock(10))
    ),
    'expect skipped email "x" because "quiet hours"': node(
        s.ExpectSkipped, channel="email", template=text("x"), reason=text("quiet hours")
    ),
    "expect exit because order_placed": node(s.ExpectExit, reason=name("order_placed")),
    'expect exit because "once per"': node(s.ExpectExit, reason=text("once per")),
    'expect tag "buyer"': node(s.ExpectTag, tag=text("buyer")),
    'expect call "crm_sync" at 10:00 for boris with id = "42"': node(
        s.ExpectTold,
        to="call",
        name=text("crm_sync"),
        at=node(s.Moment, time=clock(10)),
        properties=(pair("id", text("42")),),
        customer=name("boris"),
    ),
    'expect notify "managers" "VIP left" between 10:00 and 11:00': node(
        s.ExpectTold,
        to="notify",
        name=text("managers"),
        message=text("VIP left"),
        between=(node(s.Moment, time=clock(10)), node(s.Moment, time=clock(11))),
    ),
    'expect no call "crm_sync"': node(s.ExpectNotTold, to="call", name=text("crm_sync")),
    "expect no notify for boris": node(s.ExpectNotTold, to="notify", customer=name("boris")),
    "expect customer in vip": node(s.ExpectValue, condition=VIP),
}


@pytest.mark.parametrize(("written", "meant"), LINES.items(), ids=LINES)
def test_a_line_of_a_test_says_what_is_given_what_happens_or_what_is_expected(written: str, meant: Any):
    assert line(written) == meant


def test_a_test_has_a_title_a_table_and_may_be_open():
    table = case('test "t" open\n expect email "<t>" at 10:00\n examples\n  tier, t\n  "gold", 1\n  "new", yes')

    assert (table.title, table.open, table.todo) == (text("t"), True, False)
    assert table.examples == node(
        s.Examples, columns=("tier", "t"), rows=((text("gold"), number(1)), (text("new"), node(s.Flag, value=True)))
    )


def test_a_todo_needs_no_lines():
    later = case('todo test "later"')

    assert later == node(s.TestCase, title=text("later"), lines=(), todo=True)


def test_a_placeholder_stands_for_a_column():
    given = line("customer with tier = <tier>")

    assert given.attributes == (pair("tier", node(s.Placeholder, column="tier")),)
