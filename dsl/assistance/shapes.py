"""Whole rules, tests and steps with places to fill: what one begins with before one knows the words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dsl.assistance.cursor import Cursor
from dsl.assistance.proposals import LIKELY, POSSIBLE, WANTED, Proposal


@dataclass(frozen=True, slots=True)
class Shape:
    """`needs`: the terminal that must be accepted. `en` and `ru`: the title and the lines."""

    needs: str
    en: tuple[str, str]
    ru: tuple[str, str]


RULE_SHAPES = (
    Shape(
        "RULE",
        (
            "rule: reminder after a delay",
            'rule "${1:Abandoned cart}"\n  when ${2:cart_updated} after ${3:1h}\n  stop when ${4:order_placed}\n'
            '  once per ${5:7 days}\n  send email "${6:cart}"',
        ),
        (
            "правило: напоминание с задержкой",
            'правило "${1:Брошенная корзина}"\n  когда ${2:cart_updated} через ${3:1 час}\n'
            '  прекратить при ${4:order_placed}\n  один раз за ${5:7 дней}\n  отправить письмо "${6:cart}"',
        ),
    ),
    Shape(
        "RULE",
        (
            "rule: series of messages",
            'rule "${1:Welcome}"\n  when ${2:registered}\n  stop when ${3:order_placed}\n  send email "${4:welcome}"\n'
            '  wait ${5:3 days}\n  send email "${6:tips}"',
        ),
        (
            "правило: серия писем",
            'правило "${1:Знакомство}"\n  когда ${2:registered}\n  прекратить при ${3:order_placed}\n'
            '  отправить письмо "${4:privet}"\n  ждать ${5:3 дня}\n  отправить письмо "${6:podborka}"',
        ),
    ),
    Shape(
        "EVERY",
        (
            "every …: mailing on a schedule",
            'every ${1:monday} at ${2:9:00} for customer in ${3:segment}\n  send email "${4:digest}"',
        ),
        (
            "каждый …: рассылка по расписанию",
            'каждый ${1:понедельник} в ${2:9:00} для клиент в ${3:сегмент_клиентов}\n  отправить письмо "${4:digest}"',
        ),
    ),
    Shape(
        "SEGMENT",
        ("segment … means …", 'segment ${1:vip} means ${2:customer.city} is "${3:Berlin}"'),
        ("сегмент … это …", 'сегмент ${1:vip} это ${2:клиент.city} равно "${3:Москва}"'),
    ),
    Shape(
        "DEFINE",
        ("define … means …", "define ${1:reachable} means ${2:customer.email} is known"),
        ("условие … это …", "условие ${1:можно_написать} это ${2:клиент.email} известен"),
    ),
)

STEP_SHAPES = (
    Shape(
        "IF",
        ("if … then … else … end", "if ${1:customer.email} is known then\n  ${2:exit}\nelse\n  ${3:exit}\nend"),
        (
            "если … то … иначе … конец",
            "если ${1:клиент.email} известен то\n  ${2:выйти}\nиначе\n  ${3:выйти}\nконец",
        ),
    ),
    Shape(
        "SPLIT",
        (
            "split … end: A/B test with a hold-out",
            'split "${1:Subject}"\n  45% "${2:A}": ${3:exit}\n  45% "${4:B}": ${5:exit}\n  10% holdout\nend',
        ),
        (
            "разделить … конец: A/B-тест с контролем",
            'разделить "${1:Тема}"\n  45% "${2:А}": ${3:выйти}\n  45% "${4:Б}": ${5:выйти}\n  10% контроль\nконец',
        ),
    ),
    Shape(
        "WAIT_FOR",
        (
            "wait for … up to …, if arrived",
            "wait for ${1:order_placed} up to ${2:2 days}\nif arrived then\n  ${3:exit}\nelse\n  ${4:exit}\nend",
        ),
        (
            "дождаться … не дольше …, если пришло",
            "дождаться ${1:order_placed} не дольше ${2:2 дней}\nесли пришло то\n  ${3:выйти}\n"
            "иначе\n  ${4:выйти}\nконец",
        ),
    ),
)

TEST_SHAPES = (
    Shape(
        "TEST",
        (
            "test: a message is sent",
            'test "${1:an hour later}"\n  customer ${2:anna} with email = "${2:anna}@example.com"\n'
            '  at ${3:2026-03-02 10:00} ${4:cart_updated}\n  expect email "${5:cart}" at ${6:2026-03-02 11:00}',
        ),
        (
            "тест: письмо отправлено",
            'тест "${1:через час}"\n  клиент ${2:анна} с email = "anna@example.ru"\n'
            '  в момент ${3:2026-03-02 10:00} ${4:cart_updated}\n  ожидаем письмо "${5:cart}" в ${6:2026-03-02 11:00}',
        ),
    ),
    Shape(
        "TEST",
        (
            "test: nothing is sent",
            'test "${1:bought meanwhile}"\n  customer ${2:anna} with email = "${2:anna}@example.com"\n'
            "  at ${3:2026-03-02 10:00} ${4:cart_updated}\n  at plus ${5:40 min} ${6:order_placed}\n  expect nothing",
        ),
        (
            "тест: ничего не отправлено",
            'тест "${1:успели купить}"\n  клиент ${2:анна} с email = "anna@example.ru"\n'
            "  в момент ${3:2026-03-02 10:00} ${4:cart_updated}\n  в момент спустя ${5:40 минут} ${6:order_placed}\n"
            "  ожидаем ничего",
        ),
    ),
)


def propose_shapes(cursor: Cursor) -> Iterator[Proposal]:
    """At the beginning of a line only: in the middle of one they would be noise."""
    if cursor.in_quotes or not cursor.begins_line:
        return
    shapes = TEST_SHAPES if cursor.document.kind == "tests" else (*RULE_SHAPES, *STEP_SHAPES)
    for shape in shapes:
        if shape.needs in cursor.accepted:
            title, text = shape.ru if cursor.language == "ru" else shape.en
            begins_item = shape not in STEP_SHAPES
            rank = WANTED + 5 if cursor.is_at_margin and begins_item else POSSIBLE - 1 if begins_item else LIKELY + 8
            yield Proposal(label=title, text=text, kind="snippet", rank=rank, is_snippet=True)
