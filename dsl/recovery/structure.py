"""Words that are right, in a place that is not."""

from __future__ import annotations

import re
from itertools import pairwise

from lark import Token

from dsl.diagnostics import Edit, Fix
from dsl.keywords import CHANNELS
from dsl.messages import say
from dsl.recovery.failure import Failure
from dsl.recovery.finding import Finding, replaced
from dsl.source import Span
from dsl.suggestions import nearest
from dsl.words import FORMS, STEPS, one_of

#: `stop on order_placed` among the steps: not the verb.
_EVENT_FOLLOWS = re.compile(r"[ \t]+(?:if|on|once|upon|after|when|если|когда|после|при)\b", re.IGNORECASE)


def state_as_trigger(failure: Failure) -> Finding | None:
    """`when customer in vip`, `when customer.city is "Moscow"`: a state lasts, a rule starts at a moment."""
    if failure.start != "file" or failure.at_end or not _names_customer_after_when(failure):
        return None
    if failure.type_before() == "CUSTOMER" and one_of(failure.word, ("IN", "NOT_IN", "IS")):
        meant = "enters"
    elif one_of(failure.word, ("IS", "IS_KNOWN")) or failure.word in ("=", "=="):
        meant = "changes to"
    else:
        return None
    return Finding(
        code="E132",
        message=say("a rule starts when something happens, not while something is so"),
        where=failure.piece,
        label=say('"{word}" describes a state', word=failure.word),
        notes=(say("to look at a state when an event comes: when EVENT only if customer …"),),
        fixes=(replaced(failure.piece, meant),),
        repair=Edit(failure.piece, meant),
        faithful=False,
    )


def _names_customer_after_when(failure: Failure) -> bool:
    types = [token.type for token in failure.tokens]
    path = types[types.index("WHEN") + 1 :] if "WHEN" in types else []
    return path[:1] == ["CUSTOMER"] and set(path[1:]) <= {"DOT", "NAME"}


def joined_events(failure: Failure) -> Finding | None:
    """`when a and b`, `when a, b`."""
    joins = failure.type_before() == "NAME" and failure.type_before(2) in ("WHEN", "OR", "STOP_WHEN", "GOAL")
    if not joins or not (failure.word == "," or one_of(failure.word, ("AND",))):
        return None
    following = failure.text[failure.piece.end :].split(maxsplit=1)[:1]
    if following and one_of(following[0], (*STEPS, "AFTER")):
        return None  # `when a, after 1h, send …`: commas as in a letter
    return Finding(
        code="E133",
        message=say('several events are joined by "or"'),
        where=failure.piece,
        label=say("two things never happen at one moment"),
        notes=(say("one after the other: when a then b within 3 days"),) if failure.type_before(2) == "WHEN" else (),
        fixes=(replaced(failure.piece, " or" if failure.word == "," else "or", title=say('replace with "or"')),),
        repair=Edit(failure.piece, " or" if failure.word == "," else "or"),
        faithful=False,
    )


def needless_is(failure: Failure) -> Finding | None:
    """`is > 5`."""
    before = failure.before
    if before is None or before.type != "IS" or failure.word[:1] not in ("<", ">") or failure.at_end:
        return None
    span = Span(before.start_pos or 0, failure.position)
    return Finding(
        code="E116",
        message=say('the word "{before}" is not needed before "{word}"', before=before, word=failure.word),
        where=Span(span.start, before.end_pos or 0),
        fixes=(replaced(span, "", safe=True, title=say("leave it out")),),
        repair=Edit(span, ""),
    )


def second_else(failure: Failure) -> Finding | None:
    """An `else` after the `else` of an inner `if`: that one was to end before."""
    if not one_of(failure.word, ("ELSE", "ELSE_IF")) or "ELSE" in failure.expected or _channel_follows(failure):
        return None
    opened = _open_blocks(failure)
    if len(opened) < 2 or opened[-1].type != "IF" or "END" not in failure.expected:
        return None
    inner, last = opened[-1], failure.tokens[-1].end_pos or 0
    indent = _indent_of(failure.text, inner.start_pos or 0)
    return Finding(
        code="E118",
        message=say('this "{inner}" has no "end"', inner=inner),
        where=Span(inner.start_pos or 0, inner.end_pos or 0),
        label=say('its steps go on until "end"'),
        also=((failure.piece, say('it has had its "{word}", so this belongs to another', word=failure.word)),),
        fixes=(Fix(say('add "end" before it'), (Edit(Span(last, last), f"\n{indent}end"),)),),
        repair=Edit(Span(last, last), " end "),
    )


def else_with_channel(failure: Failure) -> Finding | None:
    word = failure.word.lower()
    if failure.type_before() == "ELSE" and word in CHANNELS:
        return _channel_after_else(failure)
    is_else = word in FORMS["ELSE"] or nearest(word, FORMS["ELSE"])
    if is_else and "ELSE" not in failure.expected and "OR" in failure.expected:
        return Finding(
            code="E106",
            message=say('"else" belongs to "if"; another channel follows after "or"'),
            where=failure.piece,
            fixes=(replaced(failure.piece, "or", safe=_channel_follows(failure)),),
            repair=Edit(failure.piece, "or"),
            faithful=_channel_follows(failure),
        )
    return None


def _channel_after_else(failure: Failure) -> Finding:
    rest = " ".join(failure.text[failure.position : failure.rest_of_line.end].split())
    message = re.match(r'\S+\s+(?:"[^"]*"|\S+)', rest)
    shown = message[0] if message else rest
    here = Span(failure.position, failure.position)
    fallback = Edit(Span(failure.tokens[-1].start_pos or 0, failure.position), "or ")
    sent = next((token for token in reversed(failure.tokens) if token.type == "STRING"), None)
    two = failure.type_before(2) == "STRING" and sent is not None
    return Finding(
        code="E106",
        message=say('after "else" I expected a verb, such as send'),
        where=failure.piece,
        label=say('"{word}" is a channel', word=failure.word),
        fixes=(
            Fix(say("else send {word}   (others get this)", word=shown), (Edit(here, "send "),)),
            *([Fix(say("or {word}   (when the first cannot be delivered)", word=shown), (fallback,))] if two else []),
        ),
        repair=Edit(here, "send "),
        faithful=False,
    )


def _channel_follows(failure: Failure) -> bool:
    following = failure.text[failure.piece.end : failure.piece.end + 40].split()
    return bool(following) and following[0].lower() in CHANNELS


def stop_as_verb(failure: Failure) -> Finding | None:
    if failure.word.lower() not in ("stop", "остановить", "стоп", "return", "break") or "EXIT" not in failure.expected:
        return None
    return Finding(
        code="E121",
        message=say('the step that ends a run is "exit"'),
        where=failure.piece,
        label=say('"stop when" is a guard: it stands before the first step and names an event'),
        fixes=()
        if _EVENT_FOLLOWS.match(failure.text, failure.piece.end)
        else (replaced(failure.piece, "exit", safe=True),),
        repair=Edit(failure.piece, "exit"),
    )


def end_with_its_word(failure: Failure) -> Finding | None:
    """`end if`: the parser took `if` for the next one."""
    if failure.type_before() not in ("IF", "SPLIT") or failure.type_before(2) != "END":
        return None
    end, word = failure.tokens[-2:]
    span = Span(end.end_pos or 0, word.end_pos or 0)
    if "\n" in failure.text[span.start : span.end] or not (failure.at_end or failure.begins_line):
        return None
    return Finding(
        code="E116",
        message=say('the word "{word}" is not needed after "{end}"', word=word, end=end),
        where=Span(word.start_pos or 0, span.end),
        fixes=(replaced(span, "", safe=True, title=say("leave it out")),),
        repair=Edit(span, ""),
    )


def missing_end(failure: Failure) -> Finding | None:
    """The text ends, or a new item begins, inside an `if` or a `split`."""
    if "END" not in failure.expected or not (failure.at_end or failure.keyword(("WHEN", "EVERY", "RULE"))):
        return None
    opened = _open_blocks(failure)
    if not opened:
        return None
    block = opened[-1]
    last = failure.tokens[-1].end_pos or 0
    where = Span(block.start_pos or 0, block.end_pos or 0)
    for before, inner in pairwise(failure.tokens):
        if before.type == "ELSE" and inner.type == "IF" and (inner.start_pos or 0) >= where.start:
            return _else_if_on_two_lines(before, inner, last)
    indent = _indent_of(failure.text, where.start)
    return Finding(
        code="E118",
        message=say('this "{block}" has no "end"', block=block),
        where=where,
        label=say('its steps go on until "end"'),
        fixes=(Fix(say('add "end" after the last step'), (Edit(Span(last, last), f"\n{indent}end"),)),),
        repair=Edit(Span(last, last), " end "),
    )


def _else_if_on_two_lines(before: Token, inner: Token, last: int) -> Finding:
    between = Span(before.start_pos or 0, inner.end_pos or 0)
    return Finding(
        code="E123",
        message=say('"else" and "if" on two lines begin a second "if", which needs its own "end"'),
        where=Span(inner.start_pos or 0, inner.end_pos or 0),
        label=say('there is an "end" for one "if" only'),
        fixes=(
            replaced(between, "else if", safe=True, title=say('write "else if" on one line')),
            Fix(say('add a second "end"'), (Edit(Span(last, last), "\nend"),)),
        ),
        repair=Edit(Span(last, last), " end "),
    )


def _open_blocks(failure: Failure) -> list[Token]:
    """The beginnings of blocks without an end."""
    opened: list[Token] = []
    for token in failure.tokens:
        if token.type in ("IF", "SPLIT"):
            opened.append(token)
        elif token.type == "END" and opened:
            opened.pop()
    return opened


def _indent_of(text: str, position: int) -> str:
    line = text[text.rfind("\n", 0, position) + 1 : position]
    return line[: len(line) - len(line.lstrip())]


def end_too_many(failure: Failure) -> Finding | None:
    if failure.word.lower() not in FORMS["END"] or "END" in failure.expected or failure.expected.isdisjoint(STEPS):
        return None
    return Finding(
        code="E116",
        message=say('there is nothing here that this "end" could close'),
        where=failure.piece,
        label=say('only "if" and "split" have an "end"'),
        fixes=(replaced(failure.piece, "", title=say("leave it out")),),
        repair=Edit(failure.piece, ""),
    )
