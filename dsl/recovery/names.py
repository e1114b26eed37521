"""Names written as several words: `Order Placed`, `order-placed`, `customer.first name`, `"cart left"`."""

from __future__ import annotations

import re

from dsl.diagnostics import Edit
from dsl.fixes import with_edits
from dsl.messages import say
from dsl.recovery.failure import Failure
from dsl.recovery.finding import Finding, replaced, speaks_russian
from dsl.recovery.spelling import misspelt
from dsl.source import Span
from dsl.words import ALL_WORDS, FORMS, shown

#: After these an event is named.
BEFORE_EVENT = ("WHEN", "STOP_WHEN", "GOAL", "WAIT_FOR", "EMIT", "OR")
#: After these an event may be asked for.
_BEFORE_CONDITION = ("ONLY_IF", "UNLESS", "IF", "ELSE_IF", "NOT", "AND")
#: After these something gets its name, up to what it means.
_BEFORE_NEW_NAME = ("SEGMENT", "DEFINE", "LET")
_MOST_WORDS = 5
_MORE_OR_LESS = ("больше", "меньше", "более", "менее", "more", "less")
_WORD = re.compile(r"[^\W\d]\w*")
_JOINT = re.compile(r"[ \t\u00a0]*[-–‑][ \t\u00a0]*(?=[^\W\d])|[ \t\u00a0]+(?=\w)")
_MEANS = "|".join(FORMS["MEANS"])
_NEW_NAME = re.compile(
    rf"[^\W\d]\w*(?:[ \t\u00a0-]+\w+){{1,{_MOST_WORDS - 1}}}?(?=[ \t\u00a0]+(?:{_MEANS})(?!\w)|[ \t\u00a0]*=)"
)
_TITLE = re.compile(r'["“«„]([^"”»“\r\n]+)["”»“]')
_BETWEEN_WORDS = re.compile(r"[\W_]+")


def name_of_several_words(failure: Failure) -> Finding | None:
    """Only when the text reads on better so than with the next word taken for a misspelt one."""
    of_event = failure.type_before(2) in (*BEFORE_EVENT, *_BEFORE_CONDITION)
    if failure.at_end or failure.type_before() != "NAME" or not (of_event or failure.type_before(2) == "DOT"):
        return None
    span = _words(failure, failure.tokens[-1].start_pos or 0)
    if span is None:
        return None
    written = failure.text[span.start : span.end]
    name = _joined(written).lower() if of_event else _joined(written)
    read, following = _reads_to(failure, Edit(span, name)), _next_piece(failure.text, span.end)
    is_comma = failure.text[following : following + 1] == ","  # as in a letter: `When Order placed, send …`
    other = misspelt(failure)
    if read < following + (not is_comma) or (other and other.repair and _reads_to(failure, other.repair) >= read):
        return None
    return _finding(span, name, say("a name is one word"))


def new_name_of_several_words(failure: Failure) -> Finding | None:
    """`segment VIP customers means …`, `let new points = …`."""
    if failure.at_end or failure.type_before() != "NAME" or failure.type_before(2) not in _BEFORE_NEW_NAME:
        return None
    match = _NEW_NAME.match(failure.text, failure.tokens[-1].start_pos or 0)
    if match is None or match.end() <= failure.position:
        return None
    return _finding(Span(*match.span()), _joined(match[0]).lower(), say("a name is one word"))


def title_in_quotes(failure: Failure) -> Finding | None:
    """`when "cart left"`."""
    match = None if failure.at_end else _TITLE.match(failure.text, failure.position)
    if match is None or failure.type_before() not in BEFORE_EVENT or "NAME" not in failure.expected:
        return None
    name = _joined(match[1]).lower()
    if not name.isidentifier():
        return None
    return _finding(Span(*match.span()), name, say("the name of an event is one word, without quotes"))


def _finding(span: Span, name: str, message: str) -> Finding:
    return Finding(
        code="E138",
        message=message,
        where=span,
        label=say("its words are joined by _"),
        fixes=(replaced(span, name, title=name),),
        repair=Edit(span, name),
    )


def _words(failure: Failure, start: int) -> Span | None:
    """Two to five words up to the next one that belongs to the language."""
    first = _WORD.match(failure.text, start)
    end, words = first.end() if first else start, 1
    while joint := _JOINT.match(failure.text, end):
        word = _WORD.match(failure.text, joint.end())
        if word is None or (_is_of_language(word[0]) and not joint[0].strip()):
            break
        end, words = word.end(), words + 1
    return Span(start, end) if 2 <= words <= _MOST_WORDS and end > failure.position else None


def _is_of_language(word: str) -> bool:
    return word.lower() in ALL_WORDS or any(form.startswith(f"{word.lower()} ") for form in ALL_WORDS)


def _joined(words: str) -> str:
    return _BETWEEN_WORDS.sub("_", words).strip("_")


def _reads_to(failure: Failure, edit: Edit) -> int:
    """How far one gets with the edit, as a place in the text without it."""
    reached = failure.reaches(with_edits(failure.text, [edit]))
    return reached - len(edit.text) + edit.span.end - edit.span.start


def _next_piece(text: str, position: int) -> int:
    return position + len(text[position:]) - len(text[position:].lstrip())


def word_for_property(failure: Failure) -> Finding | None:
    """`where сумма > 1000 RUB`: the word for `sum of` was read, and a property meant."""
    before, compared = failure.before, failure.word[:1] in ("<", ">", "=")
    if before is not None and before.type == "NAME" and before.lower() in _MORE_OR_LESS:
        before, compared = failure.tokens[-2], True  # `сумма больше 1000 рублей`
    elif before is not None and before.type in ("INT", "NUMBER") and failure.type_before(2) == "NAME":
        is_said = len(failure.tokens) > 2 and failure.tokens[-2].lower() in _MORE_OR_LESS
        before, compared = (failure.tokens[-3], True) if is_said else (before, False)
    if before is None or not compared or before.type not in ("SUM", "COUNT", "AVERAGE", "LAST"):
        return None
    return Finding(
        code="E101",
        message=say('"{before}" is a word of the language, and no property of the event', before=before),
        where=Span(before.start_pos or 0, before.end_pos or 0),
        label=say("after it I expected an event, whose history it sums up"),
        notes=(
            say("a property has its event before it: {word}.…", word=shown("EVENT", russian=speaks_russian(failure))),
        ),
        faithful=False,
    )
