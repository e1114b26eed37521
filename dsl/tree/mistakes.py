"""Mistakes of texts that do parse: found while the tree is built, because the words are at hand."""

from __future__ import annotations

from dsl import syntax
from dsl.diagnostics import Edit, Fix, Label
from dsl.example_words import example_word, language_of_fixes
from dsl.messages import say
from dsl.parse_tree import Token
from dsl.source import Span
from dsl.tree.builder import Builder, Parts, tokens


def words_for(b: Builder, *names: str) -> str:
    """Words of the language as this file writes them, for a fix."""
    language = language_of_fixes(b.problems.source.text)
    return " ".join(example_word(name, language) or name for name in names)


def report_missing_audience(b: Builder, parts: Parts) -> None:
    at = b.span(tokens(parts, "TIME")[0])
    here = Span(at.end, at.end)
    everyone, some = (
        words_for(b, "FOR", "EVERYONE"),
        f"{words_for(b, 'FOR', 'CUSTOMER', 'IN')} {words_for(b, 'A_SEGMENT')}",
    )
    b.problems.error(
        "E113",
        say("say who this mailing is for"),
        Label(at, say("after the time I expected: for everyone, or for and a condition")),
        fixes=[
            Fix(everyone, (Edit(here, f" {everyone}"),)),
            Fix(some, (Edit(here, f" {some}"),)),
        ],
    )


def report_other_everyone(b: Builder, span: Span) -> None:
    everyone = "everyone" if b.problems.source.slice(span).isascii() else "всех"
    fix = Fix(say('replace with "{everyone}"', everyone=everyone), (Edit(span, everyone),), "safe")
    b.problems.error(
        "E113",
        say('here we write "{everyone}"', everyone=everyone),
        Label(span, say("every customer must be meant")),
        fixes=[fix],
    )


def report_rule_without_steps(b: Builder, parts: Parts) -> None:
    first, last = b.span(parts[0]), b.span(parts[-1])
    named = isinstance(parts[0], Token) and parts[0].type == "RULE"
    where = b.span(parts[1]) if named else first
    end = Span(last.end, last.end)
    send = f'{words_for(b, "SEND", "EMAIL")} "{words_for(b, "A_TEMPLATE")}"'
    b.problems.error(
        "E107",
        say("this rule does nothing yet"),
        Label(where, say("no step follows, such as send, wait, add tag")),
        fixes=[Fix(send, (Edit(end, f" {send}"),))],
    )


def report_period_of_schedule(b: Builder, period: syntax.Duration) -> None:
    b.problems.error(
        "E129",
        say("this schedule cannot be read"),
        Label(period.span, say("only weeks can be counted here")),
        notes=[say("you can write: every 2 weeks on monday, every day, every month on 1, every year on 25 december")],
    )


def report_day_of_month(b: Builder, span: Span, last: int) -> None:
    label = Label(span, say("the days of this month go from 1 to {last}", last=last))
    b.problems.error("E119", say("this date does not exist"), label)


def report_test_without_expectations(b: Builder, title: Token) -> None:
    b.problems.error(
        "E130",
        say("this test expects nothing yet"),
        Label(b.span(title), say("no line begins with expect")),
        notes=[say('say "expect nothing" when nothing must be sent, or put "todo" before "test"')],
    )


def report_uneven_row(b: Builder, span: Span, cells: int, columns: int) -> None:
    label = Label(
        span, say("{cells} {cells:value|values} for {columns} {columns:column|columns}", cells=cells, columns=columns)
    )
    b.problems.error("E131", say("this row does not fit its table"), label)
