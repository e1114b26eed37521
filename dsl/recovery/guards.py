"""Guards and conditions behind the steps that they are about."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lark import Token

from dsl.diagnostics import Edit, Fix
from dsl.messages import say
from dsl.recovery.failure import Failure
from dsl.recovery.finding import Finding, speaks_russian
from dsl.recovery.order import next_part
from dsl.source import Span
from dsl.words import CLAUSES, STEPS, one_of, shown

_COMMENT = re.compile(r"[ \t]*#[^\n]*")
#: How often, to the end of the line: `only once`, `max 1 per week`; not `once per week`, which is only elsewhere.
_LIMIT = re.compile(
    r"(?!once[ ]+per\b|один[ ]+раз[ ]+(?:в|на|за)\b)"
    r"(?:(?:but[ ]+)?(?:only|just)[ ]+|max(?:imum)?\.?[ ]+|at[ ]+most[ ]+|(?:no|not)[ ]+more(?:[ ]+often)?[ ]+than[ ]+"
    r"|(?:но[ ]+)?только[ ]+|максимум[ ]+|не[ ]+(?:более|больше|чаще)(?:[ ]+чем)?[ ]+)?"
    r"(?:once|one[ ]+time|(?:один|одного)[ ]+раза?|однажды|раза?|"
    r"(?P<times>[1-9]\d{0,2})(?:[ ]*(?:x|times?|раза?))?(?!\w))"
    r"(?:[ ]+(?:per|an?|every|each|in[ ]+an?|в|на|за)[ ]+(?P<period>[^\W\d]+))?(?=[ ]*(?:#|\n|\Z))".replace(
        "[ ]", r"[ \t\u00a0]"
    ),
    re.IGNORECASE,
)


def guard_after_step(failure: Failure) -> Finding | None:
    clause = failure.keyword(CLAUSES)
    step = next((token for token in failure.tokens if token.type in STEPS), None)
    if clause is None or step is None or clause[0] in failure.expected:
        return None
    guard = Span(failure.position, _end_of(failure, clause[1]))
    fixes = (*_move(failure, guard, step), *_ask_here(failure, guard, clause))
    return _too_late(failure, Span(failure.position, clause[1]), step, guard=guard, fixes=fixes)


def _too_late(failure: Failure, where: Span, step: Token, *, guard: Span, fixes: tuple[Fix, ...]) -> Finding:
    return Finding(
        code="E114",
        message=say('"{failure}" must stand before the first step', failure=failure.text[where.start : where.end]),
        where=where,
        also=((Span(step.start_pos or 0, step.end_pos or 0), say("the first step")),),
        fixes=fixes,
        repair=Edit(guard, ""),
        faithful=False,
    )


def _end_of(failure: Failure, behind: int) -> int:
    """Where the guard ends: before the next step or guard, and before a comment."""
    text = failure.text[: next_part(failure, behind)]
    comment = _COMMENT.search(text, failure.position)
    return len(text[: comment.start() if comment else len(text)].rstrip())


def limit_behind_step(failure: Failure) -> Finding | None:
    """`send email "x" only once`, `send email "x" max 1 per week`."""
    match = None if failure.at_end else _LIMIT.match(failure.text, failure.position)
    step = next((token for token in failure.tokens if token.type in STEPS), None)
    is_behind = "SEND" in failure.expected and "ONCE" not in failure.expected and failure.start == "file"
    if match is None or step is None or not is_behind or match[0].isdigit():
        return None
    meant = _limit(match, russian=speaks_russian(failure))
    if meant is None:
        return None
    guard = Span(*match.span())
    title = say('put "{text}" before "{split}"', text=meant, split=step)
    fixes = tuple(Fix(title, fix.edits) for fix in _move(failure, guard, step, meant))
    return _too_late(failure, guard, step, guard=guard, fixes=fixes)


def _limit(match: re.Match[str], *, russian: bool) -> str | None:
    """How the language says it, if the words behind the number are of the language."""
    times, per = int(match["times"] or 1), match["period"] or ("клиента" if russian else "customer")
    of = one_of(per, ("PERIOD", "CUSTOMER"))
    if of is None or (times > 1 and of == "CUSTOMER"):
        return None
    if times > 1:
        return f"не больше {times} сообщений в {per}" if russian else f"at most {times} messages per {per}"
    return f"один раз {'в' if of == 'PERIOD' else 'на'} {per}" if russian else f"once per {per}"


def _move(failure: Failure, guard: Span, before: Token, words: str = "") -> Iterator[Fix]:
    """A line to itself, where both have one."""
    text, step = failure.text, before.start_pos or 0
    words = words or text[guard.start : guard.end]
    step_line = text.rfind("\n", 0, step) + 1
    if failure.begins_line and not text[step_line:step].strip():
        line = text.rfind("\n", 0, guard.start)
        indent = text[line + 1 : guard.start]
        moved, left = Edit(Span(step_line, step_line), f"{indent}{words}\n"), Span(max(line, 0), guard.end)
        title = say("move it above the first step")
    else:
        moved, left = Edit(Span(step, step), f"{words} "), Span(len(text[: guard.start].rstrip()), guard.end)
        title = say("move it before the first step")
    read = text[: moved.span.start] + moved.text + text[moved.span.start : left.start]
    if failure.reaches(read + text[left.end :]) >= len(read):
        yield Fix(title, (moved, Edit(left, "")))


def _ask_here(failure: Failure, guard: Span, clause: tuple[str, int]) -> Iterator[Fix]:
    """`wait 1 day unless …`: what is meant may be the moment after the wait."""
    waits = any(token.type in ("WAIT", "WAIT_FOR") for token in failure.tokens)
    if clause[0] not in ("ONLY_IF", "UNLESS") or not waits or guard.end == len(failure.text.rstrip()):
        return
    russian = speaks_russian(failure)
    if_, not_, then, exit_, end = (shown(each, russian=russian) for each in ("IF", "NOT", "THEN", "EXIT", "END"))
    condition = failure.text[clause[1] : guard.end].strip()
    asked = condition if clause[0] == "UNLESS" else f"{not_} ({condition})"
    meant = f"{if_} {asked} {then} {exit_} {end}"
    if failure.reaches(failure.text[: guard.start] + meant + failure.text[guard.end :]) >= guard.start + len(meant):
        yield Fix(say("ask it here: {meant}", meant=" ".join(meant.split())), (Edit(guard, meant),))


def condition_behind_step(failure: Failure) -> Finding | None:
    """`send email "x" if customer.city is "Moscow"`."""
    asked = _asked_behind(failure)
    if asked is None or "THEN" not in failure.expected or not (failure.at_end or failure.begins_line):
        return None
    step, if_ = asked
    span = Span(step.start_pos or 0, failure.tokens[-1].end_pos or 0)
    done = failure.text[span.start : if_.start_pos or 0].rstrip()
    condition = failure.text[if_.end_pos or 0 : span.end].strip()
    then, end, only_if = (shown(each, russian=speaks_russian(failure)) for each in ("THEN", "END", "ONLY_IF"))
    meant = f"{if_} {condition} {then} {done} {end}"
    fixes = [Fix(meant, (Edit(span, meant),))]
    if failure.at_end and not any(
        token.type in STEPS for token in failure.tokens if token is not step and token is not if_
    ):
        guarded = f"{only_if} {condition} {done}"
        fixes.insert(0, Fix(guarded, (Edit(span, guarded),)))
    return Finding(
        code="E135",
        message=say("a condition stands before the step that it is about"),
        where=Span(if_.start_pos or 0, span.end),
        fixes=tuple(fixes),
        repair=Edit(span, meant),
    )


def _asked_behind(failure: Failure) -> tuple[Token, Token] | None:
    """The step and the `if` that stands behind it on its line. Behind a wait, the next line says what it is about."""
    tokens = failure.tokens
    place = next((place for place in reversed(range(len(tokens))) if tokens[place].type == "IF"), 0)
    step = next((token for token in reversed(tokens[:place]) if token.type in STEPS), None)
    if step is None or step.type in ("WAIT", "WAIT_FOR", "IF", "SPLIT"):
        return None
    start, if_ = step.start_pos or 0, tokens[place]
    is_whole = tokens[place - 1].type not in ("THEN", "COLON")
    line = failure.text[start : tokens[-1].end_pos or 0]
    return (step, if_) if is_whole and "\n" not in line else None
