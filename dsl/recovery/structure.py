"""Words that are right, in a place that is not."""

from __future__ import annotations

import re
from itertools import pairwise

from lark import Token

from dsl.diagnostics import Edit, Fix
from dsl.keywords import CHANNELS, ENGLISH
from dsl.recovery.failure import Failure
from dsl.recovery.finding import Finding, context, replaced, speaks_russian
from dsl.source import Span
from dsl.suggestions import nearest
from dsl.words import CLAUSES, FORMS, STEPS, one_of, shown

#: After these an event is named.
_BEFORE_EVENT = ("WHEN", "STOP_WHEN", "GOAL", "WAIT_FOR", "THEN", "EMIT", "OR", "NOT", "DAYS_SINCE", "NO")
_NOT_NAMES = (*STEPS, *CLAUSES, "AFTER", "WHERE", "THEN", "WITHIN", "UP_TO", "OR", "TIMES")
_CLAUSE_TEXT = re.compile(r"[^\n#]*")


def missing_event(failure: Failure) -> Finding | None:
    """`when send email "x"`: the parser took `send` for an event."""
    name = failure.before
    if name is None or name.type != "NAME" or failure.type_before(2) not in _BEFORE_EVENT:
        return None
    if one_of(str(name), _NOT_NAMES) is None and not _begins_long_keyword(failure, name):
        return None
    after = failure.tokens[-2]
    if after.type == "THEN" and one_of(str(name), STEPS):
        return _needless_then(after)
    where = Span(name.start_pos or 0, name.end_pos or 0)
    return Finding(
        code="E102",
        message=f'the event is missing after "{after}"',
        where=where,
        label=f'"{name}" is a word of the language, so I did not take it for an event',
        fixes=(Fix(f"{after} EVENT {name}", (Edit(Span(where.start, where.start), "EVENT "),)),),
        repair=Edit(Span(where.start, where.start), "EVENT "),
        faithful=False,
    )


def missing_condition(failure: Failure) -> Finding | None:
    """`if then send …`, `where total > 5 and send …`: the parser took a keyword for a name."""
    name = failure.before
    if name is None or name.type != "NAME" or one_of(str(name), (*STEPS, *CLAUSES, "THEN")) is None:
        return None
    after = failure.tokens[-2] if len(failure.tokens) > 1 else None
    if after is None or after.type not in ("AND", "OR", "NOT", "WHERE", "IF", "ELSE_IF", "ONLY_IF", "UNLESS"):
        return None
    joins = after.type in ("AND", "OR")
    needless = Span(after.start_pos or 0, name.start_pos or 0)
    return Finding(
        code="E127",
        message=f'a condition is missing after "{after}"',
        where=Span(needless.start, after.end_pos or 0),
        label=f'"{name}" is a word of the language, so I did not take it for a name',
        fixes=(replaced(needless, "", title=f'leave out "{after}"'),) if joins else (),
        repair=Edit(needless, "") if joins else Edit(Span(needless.end, needless.end), "CONDITION "),
        faithful=False,
    )


def something_missing_before(failure: Failure) -> Finding | None:
    """`wait until monday send …`: a step or a guard begins while something is still to be said."""
    if _keyword_here(failure, (*STEPS, *CLAUSES)) is None or failure.before is None:
        return None
    if not failure.expected.isdisjoint((*STEPS, *CLAUSES)):
        return None
    end = failure.before.end_pos or 0
    filler = next((text for terminal, text in _FILLERS.items() if terminal in failure.expected), None)
    return Finding(
        code="E127",
        message=f'something is missing before "{failure.word}"',
        where=Span(end, end),
        label=context(failure),
        repair=None if filler is None else Edit(Span(end, end), f" {filler} "),
        faithful=False,
    )


def _needless_then(then: Token) -> Finding:
    """`when a then send email "x"`: steps follow a trigger without any word between."""
    where = Span(then.start_pos or 0, then.end_pos or 0)
    return Finding(
        code="E116",
        message=f'the word "{then}" is not needed before the first step',
        where=where,
        label='after "then" another event is expected',
        fixes=(replaced(Span(where.start, where.end + 1), "", safe=True, title="leave it out"),),
        repair=Edit(where, ""),
    )


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
        message="a rule starts when something happens, not while something is so",
        where=failure.piece,
        label=f'"{failure.word}" describes a state',
        notes=("to look at a state when an event comes: when EVENT only if customer …",),
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
    return Finding(
        code="E133",
        message='several events are joined by "or"',
        where=failure.piece,
        label="two things never happen at one moment",
        notes=("one after the other: when a then b within 3 days",) if failure.type_before(2) == "WHEN" else (),
        fixes=(replaced(failure.piece, " or" if failure.word == "," else "or", title='replace with "or"'),),
        repair=Edit(failure.piece, " or" if failure.word == "," else "or"),
        faithful=False,
    )


def rule_begins_otherwise(failure: Failure) -> Finding | None:
    """`if order_placed then send …`, `send email "x" when …` where a rule should begin."""
    if failure.start != "file" or failure.tokens or not one_of(failure.word, ("IF", "AFTER", "UNLESS", *STEPS)):
        return None
    fixes: tuple[Fix, ...] = ()
    label = "what starts it comes first, then the guards, then the steps"
    if one_of(failure.word, ("IF",)):
        label, fixes = '"if" is a step: it chooses between steps of a rule', (_when_for_if(failure),)
    return Finding(
        code="E126",
        message='a rule begins with "when", "every" or "on"',
        where=failure.piece,
        label=label,
        fixes=fixes,
        faithful=False,
    )


def _when_for_if(failure: Failure) -> Fix:
    then = re.compile(r"\b(?:then|то)[ \t]+", re.IGNORECASE).search(
        failure.text, failure.position, failure.rest_of_line.end
    )
    when = shown("WHEN", russian=speaks_russian(failure))
    edits = (Edit(failure.piece, when), *([Edit(Span(*then.span()), "")] if then else []))
    without = f' and leave out "{then[0].strip()}"' if then else ""
    return Fix(f'replace with "{when}"{without}', edits)


def needless_is(failure: Failure) -> Finding | None:
    """`is > 5`."""
    before = failure.before
    if before is None or before.type != "IS" or failure.word[:1] not in ("<", ">") or failure.at_end:
        return None
    span = Span(before.start_pos or 0, failure.position)
    return Finding(
        code="E116",
        message=f'the word "{before}" is not needed before "{failure.word}"',
        where=Span(span.start, before.end_pos or 0),
        fixes=(replaced(span, "", safe=True, title="leave it out"),),
        repair=Edit(span, ""),
    )


def _begins_long_keyword(failure: Failure, name: Token) -> bool:
    """`when only if …`: a keyword of two words, of which the first was taken for a name."""
    words = f"{name} {failure.word}".lower()
    return any(words == form or form.startswith(f"{words} ") for forms in FORMS.values() for form in forms)


def else_with_channel(failure: Failure) -> Finding | None:
    word = failure.word.lower()
    if failure.type_before() == "ELSE" and word in CHANNELS:
        return _channel_after_else(failure)
    is_else = word in FORMS["ELSE"] or nearest(word, FORMS["ELSE"])
    if is_else and "ELSE" not in failure.expected and "OR" in failure.expected:
        return Finding(
            code="E106",
            message='"else" belongs to "if"; another channel follows after "or"',
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
        message='after "else" I expected a verb, such as send',
        where=failure.piece,
        label=f'"{failure.word}" is a channel',
        fixes=(
            Fix(f"else send {shown}   (others get this)", (Edit(here, "send "),)),
            *([Fix(f"or {shown}   (when the first cannot be delivered)", (fallback,))] if two else []),
        ),
        repair=Edit(here, "send "),
        faithful=False,
    )


def _channel_follows(failure: Failure) -> bool:
    following = failure.text[failure.piece.end : failure.piece.end + 40].split()
    return bool(following) and following[0].lower() in CHANNELS


def guard_after_step(failure: Failure) -> Finding | None:
    clause = _keyword_here(failure, CLAUSES)
    step = next((token for token in failure.tokens if token.type in STEPS), None)
    if clause is None or step is None or clause[0] in failure.expected:
        return None
    rest = failure.rest_of_line
    text = _CLAUSE_TEXT.match(failure.text, rest.start)
    guard = text[0].rstrip() if text else ""
    moves = _move(failure, guard, step.start_pos or 0)
    where = Span(failure.position, clause[1])
    return Finding(
        code="E114",
        message=f'"{failure.text[where.start : where.end]}" must stand before the first step',
        where=where,
        also=((Span(step.start_pos or 0, step.end_pos or 0), "the first step"),),
        fixes=(Fix("move it above the first step", moves),) if moves else (),
        repair=Edit(Span(rest.start, rest.start + len(guard)), ""),
        faithful=False,
    )


def _move(failure: Failure, guard: str, step: int) -> tuple[Edit, ...]:
    """Only when the guard has its line to itself; the first step may share its line with the trigger."""
    if not failure.begins_line:
        return ()
    line = failure.text.rfind("\n", 0, failure.position)
    step_line = failure.text.rfind("\n", 0, step) + 1
    indent = failure.text[line + 1 : failure.position]
    alone = not failure.text[step_line:step].strip()
    moved = Edit(Span(step_line, step_line), f"{indent}{guard}\n") if alone else Edit(Span(step, step), f"{guard} ")
    return (moved, Edit(Span(max(line, 0), failure.position + len(guard)), ""))


def _keyword_here(failure: Failure, terminals: tuple[str, ...]) -> tuple[str, int] | None:
    """The keyword at the position, of however many words, and where it ends."""
    if failure.at_end:
        return None
    found = []
    for terminal in terminals:
        for form in FORMS[terminal]:
            pattern = form.replace(" ", r"[ \t\u00a0]+") + r"\b"
            if match := re.compile(pattern, re.IGNORECASE).match(failure.text, failure.position):
                found.append((match.end(), terminal))
    return (max(found)[1], max(found)[0]) if found else None


def stop_as_verb(failure: Failure) -> Finding | None:
    if failure.word.lower() not in ("stop", "остановить", "стоп", "return", "break") or "EXIT" not in failure.expected:
        return None
    return Finding(
        code="E121",
        message='the step that ends a run is "exit"',
        where=failure.piece,
        label='"stop when" is a guard: it stands before the first step and names an event',
        fixes=(replaced(failure.piece, "exit", safe=True),),
        repair=Edit(failure.piece, "exit"),
    )


def missing_end(failure: Failure) -> Finding | None:
    """The text ends, or a new item begins, inside an `if` or a `split`."""
    if "END" not in failure.expected or not (failure.at_end or _keyword_here(failure, ("WHEN", "EVERY", "RULE"))):
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
        message=f'this "{block}" has no "end"',
        where=where,
        label='its steps go on until "end"',
        fixes=(Fix('add "end" after the last step', (Edit(Span(last, last), f"\n{indent}end"),)),),
        repair=Edit(Span(last, last), " end "),
    )


def _else_if_on_two_lines(before: Token, inner: Token, last: int) -> Finding:
    between = Span(before.start_pos or 0, inner.end_pos or 0)
    return Finding(
        code="E123",
        message='"else" and "if" on two lines begin a second "if", which needs its own "end"',
        where=Span(inner.start_pos or 0, inner.end_pos or 0),
        label='there is an "end" for one "if" only',
        fixes=(
            replaced(between, "else if", safe=True, title='write "else if" on one line'),
            Fix('add a second "end"', (Edit(Span(last, last), "\nend"),)),
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
        message='there is nothing here that this "end" could close',
        where=failure.piece,
        label='only "if" and "split" have an "end"',
        fixes=(replaced(failure.piece, "", title="leave it out"),),
        repair=Edit(failure.piece, ""),
    )


def rule_without_trigger(failure: Failure) -> Finding | None:
    """`rule "x"` and then a guard, a step or nothing."""
    if failure.start != "file" or [token.type for token in failure.tokens[-2:]] != ["RULE", "STRING"]:
        return None
    if "WHEN" not in failure.expected or (failure.word and one_of(failure.word, ("WHEN", "EVERY", "ON_DATE"))):
        return None
    if not failure.at_end and _keyword_here(failure, (*CLAUSES, *STEPS)) is None:
        return None
    name = failure.tokens[-1]
    end = name.end_pos or 0
    later = re.compile(r"^[ \t]*when\b", re.MULTILINE | re.IGNORECASE).search(failure.text, end)
    notes = ('"when" comes first, then owner, guards and the like, then the steps',) if later else ()
    return Finding(
        code="E126",
        message="this rule does not say when",
        where=Span(name.start_pos or 0, end),
        label='after its name I expected "when" and an event, or "every" and a time',
        notes=notes,
        fixes=() if later else (Fix("when EVENT", (Edit(Span(end, end), "\n  when EVENT"),)),),
        repair=Edit(Span(end, later.start() if later else end), "" if later else " when EVENT"),
        faithful=False,
    )


def ends_too_early(failure: Failure) -> Finding | None:
    """At the end of the text, or of a line after which a step begins while something is still to be said."""
    unfinished = failure.begins_line and failure.before is not None and _keyword_here(failure, tuple(ENGLISH))
    if not failure.at_end and not unfinished:
        return None
    end = (failure.before.end_pos or 0) if failure.before is not None else 0
    filler = next((text for terminal, text in _FILLERS.items() if terminal in failure.expected), None)
    return Finding(
        code="E127",
        message="something is missing at the end of this line",
        where=Span(end, end),
        label=context(failure),
        repair=None if filler is None else Edit(Span(end, end), f" {filler} "),
        faithful=False,
    )


#: Something to go on with where a value was left out.
_FILLERS = {
    "STRING": '"?"',
    "TIME": "0:00",
    "DATE": "2000-01-01",
    "DURATION": "1 day",
    "CHANNEL": 'email "?"',
    "TAG": 'tag "?"',
    "PROMO": 'promo "?"',
    "NAME": "unknown",
    "INT": "1",
    "EQUAL": "= 1",
    "END": "end",
}
