"""Unknown words: typed in another layout, misspelt, left out, too many."""

from __future__ import annotations

import re

from dsl.alphabets import foreign_letters, in_one_alphabet, mixes_alphabets, swapped_layout
from dsl.diagnostics import Edit
from dsl.keywords import CHANNELS
from dsl.messages import say
from dsl.recovery.failure import Failure
from dsl.recovery.finding import Finding, context, replaced, speaks_russian
from dsl.source import Span
from dsl.suggestions import nearest
from dsl.words import ALL_WORDS, FORMS, ITEMS, one_of, shown

#: Words that are easily left out. Others would change the meaning, or there would be too many to choose from.
_EASILY_LEFT_OUT = (
    "AT", "AT_MOMENT", "TO", "SET_TO", "PER", "FOR", "FOR_TIME", "OF", "WITH", "THEN", "AFTER", "WITHIN", "UP_TO",
    "BY", "TAG", "PROMO", "POINTS", "MEANS", "EQUAL", "IS", "UNTIL", "FROM", "WHEN", "ON_DATE", "SEND", "CUSTOMERS",
    "BECAUSE", "EVERYONE", "COLON", "EXPECT", "TIMES", "CHANNEL", "RPAR",
)  # fmt: skip
_TITLED = frozenset(("TEST", "RULE", "DESCRIPTION"))
_PATHS = frozenset(("USE", "RULES", "TIMEZONE"))
_AFTER_TITLE = ("WHEN", "EVERY", "OPEN")
#: After these any word is taken for a name.
_BEFORE_NAMES = frozenset(
    ("WHEN", "WITH", "THEN", "FOR", "OF", "UNTIL", "SET_TO", "TO", "BY", "IS", "PER", "EQUAL", "EXPECT")
)
_WORTH_TRYING = 20_000  # characters: each word to put in or leave out costs another reading
#: `send email to anna`: no template is meant.
_TO_WHOM = frozenset(("to", "для", "на"))
_SIGNS = {"EQUAL": "=", "COLON": ":", "RPAR": ")"}
_BLANKS = re.compile(r"\s*")
_BARE_WORDS = re.compile(r"[^\W\d][\w-]*(?:[ \t]+[^\W\d][\w-]*)*")
_PIECE_AFTER = re.compile(r"[ \t\u00a0]*([\"«“]|[^\W\d]\w*)")
_WORD = re.compile(r"[^\W\d]\w*")
#: Of a template's file: its name is written without.
_ENDING = re.compile(r"\.(?:html?|mjml|txt|md|j2)\b")
_CLOSING = ('"', "»", "”", "“", "'")


def mixed_letters(failure: Failure) -> Finding | None:
    word = failure.word
    meant = in_one_alphabet(word) if mixes_alphabets(word) else None
    if meant is None or not failure.accepts_word(meant):
        return None
    return Finding(
        code="E202",
        message=say('"{word}" mixes Russian and Latin letters', word=word),
        where=failure.piece,
        label=foreign_letters(word, meant),
        fixes=(replaced(failure.piece, meant, safe=True),),
        repair=Edit(failure.piece, meant),
    )


def wrong_layout(failure: Failure) -> Finding | None:
    # Б, Ю, Ж, Э, Х, Ъ share their keys with signs, so the piece up to the next blank is looked at as well.
    end = failure.piece.end
    while end < len(failure.text) and not failure.text[end].isspace():
        end += 1
    for span in (failure.piece, Span(failure.position, end)):
        word = failure.text[span.start : span.end]
        meant = swapped_layout(word) if word[:1].isalpha() else None
        if meant is not None and failure.accepts_word(meant):
            return Finding(
                code="E122",
                message=say('"{word}" is "{meant}" typed in another keyboard layout', word=word, meant=meant.lower()),
                where=span,
                fixes=(replaced(span, meant.lower(), safe=True),),
                repair=Edit(span, meant.lower()),
            )
    return None


def misspelt(failure: Failure) -> Finding | None:
    if not failure.word[:1].isalpha():
        return None
    for span, candidates in _tries(failure):
        word = failure.text[span.start : span.end]
        similar = [form for form in nearest(word, candidates) if _each_is_near(word, form)]
        if not similar or similar[0] == word.lower():
            continue
        if one_of(similar[0], ITEMS) and not (failure.begins_line or failure.type_before(2) in ("", "RULE")):
            continue  # after any item another may begin: true, and seldom meant
        return Finding(
            code="E101",
            message=say('I do not know the word "{word}"', word=word),
            where=span,
            label="" if one_of(similar[0], ITEMS) else context(failure),
            fixes=tuple(replaced(span, meant, safe=len(similar) == 1) for meant in similar[:3]),
            repair=Edit(span, similar[0]),
            faithful=len(similar) == 1,
        )
    return None


def _each_is_near(written: str, meant: str) -> bool:
    """`has not` is no misspelt `is not`, nor `only to` an `only if`: each word that differs must be misspelt itself."""
    pairs = zip(written.lower().split(), meant.split(), strict=True)
    return all(one == other or sorted(one) == sorted(other) or nearest(one, [other]) for one, other in pairs)


def _tries(failure: Failure) -> list[tuple[Span, list[str]]]:
    """Keywords of three, two and one words against as many words of the text."""
    tries = []
    if failure.word.lower() in ALL_WORDS and not _begins_longer(failure):
        return []  # a word of the language in a wrong place is not a misspelt one
    for count in (3, 2, 1):
        pattern = r"[ \t\u00a0]+".join([r"[^\W\d]\w*"] * count)
        match = re.compile(pattern).match(failure.text, failure.position)
        candidates = [form for form in failure.expected_forms if form.count(" ") == count - 1]
        if match and candidates:
            tries.append((Span(*match.span()), candidates))
    return tries


def _begins_longer(failure: Failure) -> bool:
    return any(form.startswith(f"{failure.word.lower()} ") for form in failure.expected_forms)


def text_without_quotes(failure: Failure) -> Finding | None:
    """`send email cart`, `add tag vip customer`."""
    if "STRING" not in failure.expected or "NAME" in failure.expected or not failure.word[:1].isalpha():
        return None
    if failure.begins_line or (failure.word.lower() in ALL_WORDS and _word_follows(failure)):
        return None
    if failure.type_before() == "CHANNEL" and failure.word.lower() in _TO_WHOM:
        return None
    span = _bare_text(failure)
    text = f'"{failure.text[span.start : span.end]}"'
    ending = _ENDING.match(failure.text, span.end)
    end = ending.end() if ending else span.end
    span = Span(span.start, end + (failure.text[end : end + 1] in _CLOSING))
    fix = replaced(span, text, safe=" " not in text, title=text)
    return Finding(
        code="E103",
        message=say("text must be in quotes"),
        where=span,
        label=say("names of templates, tags and the like are text"),
        fixes=(fix,),
        repair=Edit(span, text),
    )


def _begins_keyword(word: str) -> bool:
    return word.lower() in ALL_WORDS or any(form.startswith(f"{word.lower()} ") for form in ALL_WORDS)


def _word_follows(failure: Failure) -> bool:
    """A quote or a word of the language: this word is more likely to be too many than to be text."""
    following = _PIECE_AFTER.match(failure.text, failure.piece.end)
    return following is not None and (not following[1][0].isalpha() or following[1].lower() in ALL_WORDS)


def _bare_text(failure: Failure) -> Span:
    """Words up to the next one that belongs to the language, at least one; a title goes on to the end of its line."""
    if failure.type_before() in _PATHS:
        return Span(failure.position, failure.position + len(failure.text[failure.position :].split(maxsplit=1)[0]))
    match = _BARE_WORDS.match(failure.text, failure.position)
    assert match is not None
    end = failure.piece.end
    for word in _WORD.finditer(failure.text, end, match.end()):
        if one_of(word[0], _AFTER_TITLE) or (failure.type_before() not in _TITLED and _begins_keyword(word[0])):
            break
        end = word.end()
    return Span(failure.position, end)


def missing_word(failure: Failure) -> Finding | None:
    """One word put in makes the next one fit."""
    if failure.at_end or not failure.word or len(failure.text) > _WORTH_TRYING:
        return None
    fitting = [(terminal, text) for terminal, text in _insertions(failure) if _fits(failure, terminal, text)]
    if not fitting:
        return None
    here = Span(failure.position, failure.position)
    words = [text.strip() for _, text in fitting]
    channel = all(terminal == "CHANNEL" for terminal, _ in fitting)
    return Finding(
        code="E115",
        message=say("the channel is missing") if channel else say('"{words}" is missing', words=words[0]),
        where=failure.piece,
        label=context(failure),
        fixes=tuple(
            replaced(here, text, title=say('put "{text}" before it', text=text.strip()), safe=len(fitting) == 1)
            for _, text in fitting[:3]
        ),
        repair=Edit(here, fitting[0][1]),
        faithful=len(fitting) == 1,
    )


def _fits(failure: Failure, terminal: str, text: str) -> bool:
    """With the word put in, the parser gets past the next word; past two when the first may be any name."""
    if terminal == "WHEN" and failure.tokens and failure.type_before(2) != "RULE":
        return False
    if terminal == "EXPECT" and failure.word.lower() not in (*ALL_WORDS, *CHANNELS):
        return False  # any word may begin a condition
    if terminal == "THEN" and not failure.in_head_of_if:
        return False
    if terminal == "IS" and failure.type_before() in ("CUSTOMER", "EVENT"):
        return False
    takes_name = terminal in _BEFORE_NAMES and failure.word[:1].isalpha()
    takes_name = takes_name and not (terminal == "THEN" and "WHERE" not in failure.expected)
    if takes_name and failure.word.lower() in ALL_WORDS:
        return False
    goal = _next_piece(failure.text, failure.piece.end)
    if takes_name:
        goal = _next_piece(failure.text, min(goal + 1, len(failure.text))) + 1
    changed = failure.text[: failure.position] + text + failure.text[failure.position :]
    return failure.reaches(changed) >= goal + len(text)


def _insertions(failure: Failure) -> list[tuple[str, str]]:
    russian = speaks_russian(failure)
    found = []
    for terminal in _EASILY_LEFT_OUT:
        if terminal not in failure.expected:
            continue
        words = (
            ("email", "sms", "push")
            if terminal == "CHANNEL"
            else (_SIGNS.get(terminal) or shown(terminal, russian=russian),)
        )
        found += [(terminal, f"{word} ") for word in words]
    return found


def _next_piece(text: str, position: int) -> int:
    """Where the next word begins: to reach it means to have read the one that ends at the position."""
    match = _BLANKS.match(text, position)
    return match.end() if match else position


def unneeded_word(failure: Failure) -> Finding | None:
    """Leaving out this word, or the one before it, makes the next one fit."""
    if failure.at_end or not failure.word[:1].isalpha() or failure.begins_line or len(failure.text) > _WORTH_TRYING:
        return None
    for span, replacement in _removals(failure):
        changed = failure.text[: span.start] + replacement + failure.text[span.end :]
        following = _next_piece(failure.text, max(span.end, failure.piece.end if span.start < failure.position else 0))
        goal = following + 1 - (span.end - span.start) + len(replacement)
        if failure.reaches(changed) < goal:
            continue
        word = failure.text[span.start : span.end].strip()
        if "_" in word:
            return None  # the name of something: it is meant
        return Finding(
            code="E116",
            message=say('the word "{word}" is not needed here', word=word),
            where=Span(span.start, span.start + len(word)),
            label=context(failure) if span.start == failure.position else "",
            fixes=(
                replaced(
                    span,
                    replacement,
                    title=say("leave it out")
                    if not replacement
                    else say('write "{replacement}"', replacement=replacement),
                ),
            ),
            repair=Edit(span, replacement),
            faithful=False,
        )
    return None


def _removals(failure: Failure) -> list[tuple[Span, str]]:
    before = failure.before
    removals = [(Span(failure.piece.start, _next_piece(failure.text, failure.piece.end)), "")]
    if before is not None and before.type in ("EVENT", "IS", "WITH", "FOR", "OF", "THEN", "AND", "AT"):
        removals.append((Span(before.start_pos or 0, failure.position), ""))
    return removals


def wait_for_duration(failure: Failure) -> Finding | None:
    """`wait for 1 day`: `wait for` names an event."""
    before = failure.before
    if before is None or before.type != "WAIT_FOR" or not failure.word[:1].isdigit():
        return None
    span = Span(before.start_pos or 0, before.end_pos or 0)
    meant = FORMS["WAIT"][0] if before.isascii() else "ждать"
    return Finding(
        code="E116",
        message=say('the word "for" is not needed here'),
        where=span,
        label=say('"wait for" waits for an event; "wait" waits for a time'),
        fixes=(replaced(span, meant, safe=True),),
        repair=Edit(span, meant),
    )


def unexpected_word(failure: Failure) -> Finding | None:
    """Nothing better is known."""
    word = failure.word if len(failure.word) <= 40 else f"{failure.word[:40]}…"
    quoted = word if word[:1] in '"«“' else say('"{words}"', words=word)
    unknown = word[:1].isalpha() and "_" not in word and failure.word.lower() not in ALL_WORDS
    return Finding(
        code="E101",
        message=say("I do not know the word {quoted}", quoted=quoted)
        if unknown
        else say("{quoted} cannot stand here", quoted=quoted),
        where=failure.piece,
        label=context(failure),
        faithful=False,
    )
