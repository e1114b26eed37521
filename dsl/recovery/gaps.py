"""Something is left out: an event, a condition, what starts a rule, the end of a sentence."""

from __future__ import annotations

import re

from lark import Token

from dsl.alphabets import is_russian
from dsl.diagnostics import Edit, Fix
from dsl.example_words import example_word
from dsl.keywords import ENGLISH
from dsl.messages import say
from dsl.recovery.failure import Failure
from dsl.recovery.finding import Finding, context, replaced, speaks_russian
from dsl.source import Span
from dsl.words import CLAUSES, FORMS, STEPS, TEST_LINES, one_of, shown

#: After these an event is named.
_BEFORE_EVENT = ("WHEN", "STOP_WHEN", "GOAL", "WAIT_FOR", "THEN", "EMIT", "OR", "NOT", "DAYS_SINCE", "NO")
_NOT_NAMES = (*STEPS, *CLAUSES, "AFTER", "WHERE", "THEN", "WITHIN", "UP_TO", "OR", "TIMES")

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


def missing_event(failure: Failure) -> Finding | None:
    """`when send email "x"`: the parser took `send` for an event."""
    name = failure.before
    in_timeline = failure.start == "testfile" and failure.type_before(2) in ("TIME", "DURATION")
    if name is None or name.type != "NAME" or not (in_timeline or failure.type_before(2) in _BEFORE_EVENT):
        return None
    not_names = TEST_LINES if in_timeline else _NOT_NAMES
    if one_of(str(name), not_names) is None and not _begins_long_keyword(failure, name):
        return None
    after = failure.tokens[-2]
    if after.type == "THEN" and one_of(str(name), STEPS):
        return _needless_then(after)
    start, end = after.end_pos or 0, name.start_pos or 0
    next_line = "\n" in failure.text[start:end]
    here = Span(start, start) if next_line else Span(end, end)
    event = example_word("AN_EVENT", "ru" if speaks_russian(failure) else "en")
    text = f" {event}" if next_line else f"{event} "
    taken = (
        say("the next line begins with a word of the language") if next_line else say("this is a word of the language")
    )
    return Finding(
        code="E102",
        message=say('the event is missing after "{after}"', after=after),
        where=here if next_line else Span(end, name.end_pos or 0),
        label=say("{taken}, so I did not take it for an event", taken=taken),
        fixes=(Fix(f"{after} {event}" + ("" if next_line else f" {name}"), (Edit(here, text),)),),
        repair=Edit(here, text),
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
        message=say('a condition is missing after "{after}"', after=after),
        where=Span(needless.start, after.end_pos or 0),
        label=say('"{name}" is a word of the language, so I did not take it for a name', name=name),
        fixes=(replaced(needless, "", title=say('leave out "{after}"', after=after)),) if joins else (),
        repair=Edit(needless, "") if joins else Edit(Span(needless.end, needless.end), "CONDITION "),
        faithful=False,
    )


def _needless_then(then: Token) -> Finding:
    """`when a then send email "x"`: steps follow a trigger without any word between."""
    where = Span(then.start_pos or 0, then.end_pos or 0)
    return Finding(
        code="E116",
        message=say('the word "{then}" is not needed before the first step', then=then),
        where=where,
        label=say('after "then" another event is expected'),
        fixes=(replaced(Span(where.start, where.end + 1), "", safe=True, title=say("leave it out")),),
        repair=Edit(where, ""),
    )


def _begins_long_keyword(failure: Failure, name: Token) -> bool:
    """`when only if …`: a keyword of two words, of which the first was taken for a name."""
    words = f"{name} {failure.word}".lower()
    return any(words == form or form.startswith(f"{words} ") for forms in FORMS.values() for form in forms)


def something_missing_before(failure: Failure) -> Finding | None:
    """`wait until monday send …`: a step or a guard begins while something is still to be said."""
    if failure.keyword((*STEPS, *CLAUSES)) is None or failure.before is None:
        return None
    if not failure.expected.isdisjoint((*STEPS, *CLAUSES)):
        return None
    end = failure.before.end_pos or 0
    filler = next((text for terminal, text in _FILLERS.items() if terminal in failure.expected), None)
    return Finding(
        code="E127",
        message=say('something is missing before "{word}"', word=failure.word),
        where=Span(end, end),
        label=context(failure),
        repair=None if filler is None else Edit(Span(end, end), f" {filler} "),
        faithful=False,
    )


def rule_without_trigger(failure: Failure) -> Finding | None:
    """`rule "x"` and then a guard, a step or nothing."""
    if failure.start != "file" or [token.type for token in failure.tokens[-2:]] != ["RULE", "STRING"]:
        return None
    if "WHEN" not in failure.expected or (failure.word and one_of(failure.word, ("WHEN", "EVERY", "ON_DATE"))):
        return None
    if not failure.at_end and failure.keyword((*CLAUSES, *STEPS)) is None:
        return None
    name = failure.tokens[-1]
    end = name.end_pos or 0
    later = re.compile(r"^[ \t]*when\b", re.MULTILINE | re.IGNORECASE).search(failure.text, end)
    notes = (say('"when" comes first, then owner, guards and the like, then the steps'),) if later else ()
    return Finding(
        code="E126",
        message=say("this rule does not say when"),
        where=Span(name.start_pos or 0, end),
        label=say('after its name I expected "when" and an event, or "every" and a time'),
        notes=notes,
        fixes=() if later else (Fix("when EVENT", (Edit(Span(end, end), "\n  when EVENT"),)),),
        repair=Edit(Span(end, later.start() if later else end), "" if later else " when EVENT"),
        faithful=False,
    )


def title_without_rule(failure: Failure) -> Finding | None:
    """`"Abandoned cart"` above `when …`."""
    if failure.start != "file" or failure.tokens or "RULE" not in failure.expected or failure.word[:1] not in '"«“':
        return None
    if one_of(failure.word[1:].split(maxsplit=1)[0] if failure.word[1:].strip() else "", ("WHEN", "EVERY")):
        return None  # a whole rule in quotes, as a table pastes it
    here, rule = Span(failure.position, failure.position), shown("RULE", russian=any(map(is_russian, failure.text)))
    return Finding(
        code="E115",
        message=say('"{words}" is missing', words=rule),
        where=failure.piece,
        label=say("the name of a rule stands behind it"),
        fixes=(replaced(here, f"{rule} ", safe=True, title=say('put "{text}" before it', text=rule)),),
        repair=Edit(here, f"{rule} "),
        faithful=False,
    )


def rule_begins_otherwise(failure: Failure) -> Finding | None:
    """`if order_placed then send …`, `send email "x" when …` where a rule should begin."""
    if failure.start != "file" or failure.tokens or not one_of(failure.word, ("IF", "AFTER", "UNLESS", *STEPS)):
        return None
    fixes: tuple[Fix, ...] = ()
    label = say("what starts it comes first, then the guards, then the steps")
    if one_of(failure.word, ("IF",)):
        label, fixes = say('"if" is a step: it chooses between steps of a rule'), (_when_for_if(failure),)
    elif one_of(failure.word, ("AFTER",)):
        fixes = (replaced(failure.piece, shown("WHEN", russian=speaks_russian(failure))),)
    return Finding(
        code="E126",
        message=say('a rule begins with "when", "every" or "on"'),
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
    if then:
        return Fix(say('replace with "{when}" and leave out "{then}"', when=when, then=then[0].strip()), edits)
    return Fix(say('replace with "{when}"', when=when), edits)


def then_at_the_end(failure: Failure) -> Finding | None:
    """`if customer.tier is "gold"`, and the steps on the next lines."""
    if "THEN" not in failure.expected or not failure.in_head_of_if or not failure.begins_line or failure.at_end:
        return None
    if failure.before is None or failure.keyword(STEPS) is None:
        return None
    end = failure.before.end_pos or 0
    then = shown("THEN", russian=speaks_russian(failure))
    return Finding(
        code="E115",
        message=say('"{words}" is missing', words=then),
        where=Span(end, end),
        label=context(failure),
        fixes=(replaced(Span(end, end), f" {then}", safe=True, title=say('add "{text}" here', text=then)),),
        repair=Edit(Span(end, end), f" {then}"),
    )


def ends_too_early(failure: Failure) -> Finding | None:
    """At the end of the text, or of a line after which a step begins while something is still to be said."""
    unfinished = failure.begins_line and failure.before is not None and failure.keyword(tuple(ENGLISH))
    if not failure.at_end and not unfinished:
        return None
    end = (failure.before.end_pos or 0) if failure.before is not None else 0
    filler = next((text for terminal, text in _FILLERS.items() if terminal in failure.expected), None)
    return Finding(
        code="E127",
        message=say("something is missing at the end of this line"),
        where=Span(end, end),
        label=context(failure),
        repair=None if filler is None else Edit(Span(end, end), f" {filler} "),
        faithful=False,
    )
