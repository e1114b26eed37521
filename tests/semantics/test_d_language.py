"""The decisions that the language itself keeps: D1, D2, D4, D5, D13-D15, D18, D19 and D21; and S13, S14, S19 so far."""

from __future__ import annotations

import pytest

from dsl import syntax
from dsl.compiler import compile_rules
from dsl.diagnostics import Diagnostic
from dsl.fixes import with_fixes
from dsl.parser import parse_file
from dsl.source import Source
from tests.semantics.conftest import catalog_of


def findings(text: str) -> list[Diagnostic]:
    file, found = parse_file(Source("shop.rules", text))
    return found or compile_rules([file], catalog_of(text))[1]


def codes(text: str) -> list[str]:
    return [diagnostic.code for diagnostic in findings(text)]


def steps_of(text: str) -> tuple[syntax.Step, ...]:
    file, found = parse_file(Source("shop.rules", text))
    assert found == []
    [rule] = file.items
    assert isinstance(rule, syntax.Rule)
    return rule.steps


def repaired(text: str) -> str:
    [diagnostic] = findings(text)
    [fix] = diagnostic.fixes
    return with_fixes(text, [fix])


def test_d01_a_fallback_is_said_with_or():
    [send] = steps_of('when registered send email "a" or sms "b"')

    assert isinstance(send, syntax.Send)
    assert [(each.channel, each.template.text) for each in send.fallbacks] == [("sms", "b")]


def test_d01_else_belongs_to_if_alone():
    assert codes('when registered send email "a" else sms "b"') == ["E106"]


def test_d02_a_mailing_to_everybody_is_always_written_out():
    assert codes('every monday at 9:00 send email "digest"') == ["E113"]


@pytest.mark.parametrize("sign", ["=", "==", "!=", "<>"])
def test_d04_equality_is_said_with_is(sign):
    word = "is" if sign.startswith("=") else "is not"

    assert repaired(f'when registered only if customer.city {sign} "Kazan" send email "a"') == (
        f'when registered only if customer.city {word} "Kazan" send email "a"'
    )


def test_d05_a_new_item_starts_on_a_new_line():
    glued = 'when registered send email "a" when order_placed send email "b"'

    assert codes(glued) == ["E117"]
    assert repaired(glued) == 'when registered send email "a"\nwhen order_placed send email "b"'


def test_d05_otherwise_layout_has_no_meaning():
    apart = 'when\nregistered\n\n   send\nemail "a"\nwait\n1 day\n     send email "b"'

    assert steps_of(apart) == steps_of('when registered send email "a" wait 1 day send email "b"')


def test_d19_event_is_refused_where_no_event_starts_the_rule():
    assert "E314" in codes('every monday at 9:00 for everyone only if event.total > 5 RUB send email "a"')


@pytest.mark.parametrize(
    ("english", "russian"),
    [
        (
            'when cart_abandoned after 1h send email "cart"',
            'когда cart_abandoned через 1ч отправить письмо "cart"',
        ),
        (
            'rule "a" when order_placed where event.total > 1500 RUB once per 7 days wait until friday 10:00 exit',
            'правило "a" когда order_placed где событие.total > 1500 ₽ один раз за 7 дней ждать до пятницы 10:00 выйти',
        ),
        (
            'when registered if customer.email is known then send email "a" else exit end',
            'когда registered если клиент.email известен то отправить письмо "a" иначе выйти конец',
        ),
    ],
)
def test_d21_a_russian_rule_is_the_same_rule(english, russian):
    ours, theirs = (parse_file(Source("shop.rules", text)) for text in (english, russian))

    assert ours[1] == theirs[1] == []
    assert ours[0].items == theirs[0].items
