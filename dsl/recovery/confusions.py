"""What people write who have not learnt the language yet: other words, another order, habits of other notations."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from dsl.diagnostics import Edit, Fix
from dsl.keywords import CHANNELS, MONTHS, WEEKDAYS
from dsl.messages import say
from dsl.recovery.failure import Failure
from dsl.recovery.finding import Finding, replaced, speaks_russian, with_blanks
from dsl.source import Span
from dsl.words import CLAUSES, ITEMS, STEPS, one_of, shown

#: The message about what was `written` where something else is `meant`.
Wording: TypeAlias = Callable[[str, str], str]


def _not_as_written(meant: str, written: str) -> str:
    return say('here we write "{meant}", not "{written}"', meant=meant, written=written)


def _here(meant: str, written: str) -> str:
    return say('here we write "{meant}"', meant=meant)


def _needless(meant: str, written: str) -> str:
    return say('the word "{written}" is not needed here', written=written)


def _first_word(meant: str, written: str) -> str:
    return say('a rule begins with "when", "every" or "on"')


@dataclass(frozen=True, slots=True)
class Confusion:
    """Where `expected` could stand, `pattern` is written; `meant` takes its place, with groups filled in."""

    expected: str
    pattern: str
    meant: str
    code: str = "E101"
    message: Wording = _not_as_written
    safe: bool = True


_CLOCK = r"\d{1,2}:\d{2}"
_MONTH = "|".join(sorted({month[:3] for month in MONTHS}))
_DAY = rf"\d{{4}}-\d\d|\d{{1,2}}[ ]+(?:{_MONTH})|(?:{_MONTH})\w*[ ]+\d{{1,2}}\b(?!:)"

CONFUSIONS = (
    # comparisons
    Confusion("MORETHAN", r"(?:is[ ]+)?(?:more|greater|larger|higher)[ ]+than|over|above|больше(?:[ ]+чем)?|exceeds",
              ">"),
    Confusion("LESSTHAN", r"(?:is[ ]+)?(?:less|smaller|lower|fewer)[ ]+than|under|below|меньше(?:[ ]+чем)?",
              "<"),
    Confusion("MORETHAN", r"(?:is[ ]+)?at[ ]+least|не[ ]+мен(?:ее|ьше)", ">="),
    Confusion("IS", r"equals|equal[ ]+to|are|was", "is"),
    Confusion("DOT", r"(?:has|with)[ ]+(?:an?[ ]+|the[ ]+)?tag|(?:is[ ]+)?tagged(?:[ ]+as)?", ".tags contains"),
    Confusion("DOT", r"имеет[ ]+(?:метку|тег)|с[ ]+(?:меткой|тегом)", ".tags содержит"),
    Confusion("IS_NOT", r"isn't|isnt|not[ ]+equal[ ]+to", "is not"),
    Confusion("IS_KNOWN", r"exists|is[ ]+(?:set|filled|present)|is[ ]+not[ ]+(?:null|empty)", "is known"),
    Confusion("IS_UNKNOWN", r"is[ ]+(?:null|empty|missing)", "is unknown"),
    Confusion("CONTAINS", r"(?:has|have|includes?|включает)(?=[ ]+[\"«“„])", "contains"),
    Confusion("WITHIN", r"in(?:[ ]+the)?(?:[ ]+next)?(?=[ ]+\d)|(?:during|за)(?=[ ]+\d)", "within"),
    Confusion("IN_LAST", r"(?:with)?in(?:[ ]+the)?(?:[ ]+last|[ ]+past)?(?=[ ]+\d)|during(?=[ ]+\d)", "in last"),
    Confusion("FOR_TIME", r"(?:with)?in(?:[ ]+the)?(?:[ ]+last)?(?=[ ]+\d)|during(?=[ ]+\d)|since(?=[ ]+\d)", "for"),
    Confusion("MEANS", r"is|are|as|:=?|—", "means"),
    Confusion("COMMA", r"and|or|и|или", ",", "E105"),
    # steps
    Confusion("ELSE_IF", r"elif|elsif|elseif", "else if"),
    Confusion("ELSE", r"otherwise|or[ ]+else|в[ ]+противном[ ]+случае", "else"),
    Confusion("END", r"end-?if|fi|done|end[ ]+(?:if|split)", "end"),
    Confusion("OR", r"либо", "или"),
    Confusion("SEND", r"послать|выслать|слать|шлём|шлем|написать|направить", "отправить"),
    Confusion("UP_TO", r"(?:for|within|at[ ]+most|no[ ]+longer[ ]+than|в[ ]+течение|до)(?=[ ]+\d)", "up to"),
    Confusion("CHANNEL", r"e-?mails?|mails?|имейл|емейл|e-?майл|почту", "email"),
    Confusion("CHANNEL", r"sms-?es|text(?:[ ]+message)?|сообщение|(?:смс|sms)-?(?:ку|ки)", "sms"),
    Confusion("ISSUE", r"(?:give|grant|award|issue)[ ]+(?:a[ ]+)?(?:promo-?|coupon)?[ ]*(?:code)?(?=[ ]+\")",
              "issue promo"),
    Confusion("ADD", r"(?:give|award|grant)(?=[ ]+\d)", "add", safe=False),
    Confusion("ADD", r"начислить", "добавить"),
    Confusion("POINTS", r"бонус(?:ов|а|ы)?(?:[ ]+баллов)?", "баллов"),
    Confusion("INT", r"points?[ ]+(\d+)", r"\1 points", "E135", _here),
    Confusion("PERCENT", r"(\d{1,3})(?=[ ]*(?:[\"«“:]|holdout))", r"\1%", "E112", _here),
    Confusion("SEND", r"do(?=[ ]+\w)|please", "", "E116", _needless),
    Confusion("SEND", r"(?:and|и)[ ]+(?:then|затем|потом)|(?:and|then|и|затем|потом|то)(?=[ ])", "", "E116",
              _needless),
    Confusion("SEND", r"to[ ]+(?:(?:the|this|each|every)[ ]+)?customer(?:[.]\w+)?|клиенту", "", "E116", _needless),
    # triggers
    Confusion("AFTER", r"спустя(?=[ ]+\d)", "через"),
    Confusion("ENTERS", r"becomes|joins|становится", "enters"),
    Confusion("CHANGES", r"(?:becomes|turns(?:[ ]+(?:in)?to)?|is[ ]+set[ ]+to)(?=[ ]+[\w\"«“])", "changes to"),
    Confusion("CHANGES", r"становится", "меняется на"),
    # guards
    Confusion("STOP_WHEN", r"(?:stop|cancel|exit|quit|end|finish)[ ]+(?:if|on|once|upon|after|when|as[ ]+soon[ ]+as)",
              "stop when"),
    Confusion("STOP_WHEN", r"(?:остановить|остановиться|прекратить|стоп|отменить)[ ]+(?:если|когда|после|при)",
              "stop when"),
    Confusion("ONLY_IF", r"only(?:[ ]+for)?(?=[ ]+(?:customer|event)\b)|provided(?:[ ]+that)?|but[ ]+only[ ]+if",
              "only if"),
    Confusion("UNLESS", r"except(?:[ ]+(?:if|when|for))?(?=[ ]+\w)|(?:but[ ]+)?not[ ]+if|if[ ]+not(?=[ ]+\w+[ ]+send)",
              "unless"),
    Confusion("PER", r"an?|every|each|in(?:[ ]+an?)?", "per"),
    Confusion("ONCE", r"не[ ]+чаще,?(?:[ ]+чем)?(?:[ ]+(?:(?:1|одного)[ ]+раза?|раз))?(?=[ ]+(?:в|за)\b)", "один раз"),
    Confusion("ONCE", r"(?:no[ ]+more|not[ ]+more[ ]+often)[ ]+than[ ]+once(?=[ ]+(?:an?|per|every)\b)", "once"),
    Confusion("ONCE", r"only[ ]+once(?![ ]+per)", "once per customer", safe=False),
    Confusion("AT_MOST", r"максимум|не[ ]+чаще(?=[ ]+\d)", "не больше"),
    Confusion("AT_MOST", r"limit(?:[ ]+(?:of|to))?(?=[ ]+\d)|max(?:imum)?|not?[ ]+more[ ]+than|up[ ]+to",
              "at most"),
    Confusion("UNTIL", r"(?:to|till|through|по)(?=[ ]+\S)|(?:[-–—]|and|и|до)(?=[ ]*\d)", "until"),
    Confusion("ACTIVE", rf"(?:from|between)(?=[ ]+(?:{_DAY}))", "active from"),
    Confusion("ACTIVE", rf"(?:с|со)(?=[ ]+(?:{_DAY}))", "действует с"),
    Confusion("FROM", r"between", "from"),
    # schedules and times
    Confusion("WEEKDAY", r"(\d{1,2})(?:st|nd|rd|th)?(?:[ ]+day)?[ ]+of[ ]+(?:the[ ]+|each[ ]+|every[ ]+)?month",
              r"month on \1", "E129", _here),
    Confusion("WEEKDAY", rf"(?:week[ ]+on|неделю[ ]+во?)[ ]+({'|'.join(WEEKDAYS)})", r"\1", "E129", _here),
    Confusion("WEEKDAY", r"week", "monday", "E129", _here, safe=False),
    Confusion("WEEKDAY", r"неделю", "понедельник", "E129", _here, safe=False),
    Confusion("WEEKDAY", r"mornings?|evenings?|nights?|утро|вечер", "day at 9:00", "E129", _here, safe=False),
    Confusion("INT", r"(?:the[ ]+)?(\d{1,2})(?:st|nd|rd|th)|the[ ]+(\d{1,2})", r"\1\2", "E129", _here),
    Confusion("AT", rf"(for[ ]+everyone|для[ ]+всех)[ ]+((?:at|в)[ ]+{_CLOCK})", r"\2 \1", "E135", _here),
    Confusion("DURATION", r"half[ ]+an[ ]+hour", "30 min", "E108", _here),
    Confusion("DURATION", r"полчаса", "30 мин", "E108", _here),
    Confusion("DURATION", r"an[ ]+hour[ ]+and[ ]+a[ ]+half", "90 min", "E108", _here),
    Confusion("DURATION", r"полтора[ ]+часа", "90 мин", "E108", _here),
    Confusion("DURATION", r"a[ ]+fortnight", "2 weeks", "E108", _here),
    Confusion("TIME", r"([01]?\d|2[0-3])[ ]*(?:uhr|o['’]clock|h|ч|час(?:ов|а)?)", r"\1:00", "E120", _here),
    Confusion("TIME", r"(\d{1,2})[ ]+(?:утра|ночи)", r"\1:00", "E120", _here),
    Confusion("TIME", r"(?:in[ ]+the[ ]+)?morning|утром", "9:00", "E120", _here, safe=False),
    Confusion("TIME", r"(?:in[ ]+the[ ]+)?evening|вечером", "19:00", "E120", _here, safe=False),
    Confusion("TIME", r"noon|midday|полдень", "12:00", "E120", _here),
    Confusion("TIME", r"midnight|полночь", "0:00", "E120", _here),
    # tests
    Confusion("PLUS", r"\+[ ]*(\d+[ ]*\w+)", r"plus \1", "E105", _here),
    Confusion("AT_MOMENT", r"on[ ]+(\d{4}-\d\d-\d\d)[ ]+(?:at[ ]+)?(\d{1,2}:\d\d)", r"at \1 \2", "E101", _here),
    Confusion("AT_MOMENT", r"(\d+[ ]*[^\W\d]+)[ ]+later|(?:after|in)[ ]+(\d+[ ]*[^\W\d]+)", r"at plus \1\2", "E101",
              _here),
    Confusion("AT", r"(?:after|in)[ ]+(\d+[ ]*\w+)", r"at plus \1", "E101", _here),
    Confusion("BECAUSE", r"due[ ]+to|since|as", "because"),
    # items
    Confusion("EVERY", r"daily|everyday|each[ ]+day", "every day", "E129", _here),
    Confusion("EVERY", r"weekly[ ]+on", "every", "E129", _here),
    Confusion("EVERY", r"ежедневно", "каждый день", "E129", _here),
    Confusion("USE", r"import|include|require", "use"),
    Confusion("LET", r"const|var", "let"),
    Confusion("WHEN", r"if(?=[ ]+\w+[ ]+(?:after|send|wait)\b)|upon|once(?=[ ])|whenever|как[ ]+только|при", "when",
              "E126", _first_word),
)  # fmt: skip

_PATTERNS = tuple(
    (confusion, re.compile(confusion.pattern.replace("[ ]+", r"[ \t\u00a0]+") + r"(?!\w)", re.IGNORECASE))
    for confusion in CONFUSIONS
)
_COMMENT = re.compile(r"(?://+|--+|/\*+|;+(?!\s*\Z))[ \t]*([^\n]*?)[ \t]*(?:\*/)?[ \t]*(?=\n|\Z)")
_UNQUOTED = re.compile(r'["“«„]([^\W\d]\w*)["”»“]')
_DELAY = re.compile(r"[ \t\u00a0]+\d+[ \t\u00a0]*[^\W\d]+")
_LIST_SIGNS = ' \t"«»“”„'
_QUOTED_LIST = re.compile(r'["«“„][^"»”“\n]*["»”“](?:[ \t]*,[ \t]*["«“„][^"»”“\n]*["»”“])*')
_BARE_LIST = re.compile(r"[^\W\d]\w*(?:[ \t]*,[ \t]*[^\W\d]\w*)+")


def known_confusion(failure: Failure) -> Finding | None:
    if failure.at_end:
        return None
    for confusion, pattern in _PATTERNS:
        if confusion.expected not in failure.expected or (confusion.expected in ITEMS and failure.tokens):
            continue  # after any item another may begin: true, and seldom meant
        match = pattern.match(failure.text, failure.position)
        finding = _confused(failure, confusion, match) if match is not None else None
        if finding is not None:
            return finding
    return None


def _confused(failure: Failure, confusion: Confusion, match: re.Match[str]) -> Finding | None:
    meant = match.expand(confusion.meant)
    if speaks_russian(failure) and confusion.meant == shown(confusion.expected):
        meant = shown(confusion.expected, russian=True)
    span = Span(*match.span())
    end = span.end
    while not meant and end < len(failure.text) and failure.text[end] in " \t\u00a0":
        end += 1
    start = len(failure.text[: span.start].rstrip(" \t\u00a0")) if meant[:1] in (".", ",") else span.start
    edit = Edit(Span(start, end), with_blanks(failure.text, Span(start, end), meant))
    changed = failure.text[:start] + edit.text + failure.text[end:]
    if failure.reaches(changed) <= start + len(edit.text):
        return None  # it would not read any further
    title = say('replace with "{meant}"', meant=meant) if meant else say("leave it out")
    return Finding(
        code=confusion.code,
        message=confusion.message(meant, match[0]),
        where=span,
        fixes=(replaced(edit.span, edit.text, safe=confusion.safe, title=title),),
        repair=edit,
        faithful=confusion.safe,
    )


def other_comment(failure: Failure) -> Finding | None:
    """`// why`, `-- why`, `/* why */`."""
    match = None if failure.at_end else _COMMENT.match(failure.text, failure.position)
    if match is None or (match[0][0] in "-;" and not failure.begins_line):
        return None
    span, text = Span(*match.span()), f"# {match[1]}".rstrip()
    return Finding(
        code="E125",
        message=say('a comment begins with "#"'),
        where=Span(span.start, span.start + len(match[0].split(maxsplit=1)[0])),
        fixes=(replaced(span, text, safe=True, title=text),),
        repair=Edit(span, text),
    )


def name_in_quotes(failure: Failure) -> Finding | None:
    """`when "cart_abandoned"`, `customer in "vip"`, `send "email" "cart"`."""
    match = None if failure.at_end else _UNQUOTED.match(failure.text, failure.position)
    if match is None or (failure.type_before() in ("IN", "NOT_IN") and failure.type_before(2) != "CUSTOMER"):
        return None
    channel = "CHANNEL" in failure.expected and match[1].lower() in CHANNELS
    if not channel and "NAME" not in failure.expected:
        return None
    span = Span(*match.span())
    return Finding(
        code="E137",
        message=say("a channel stands without quotes") if channel else say("a name stands without quotes"),
        where=span,
        label=say("in quotes it is text") if channel else say("events, segments, definitions and properties are names"),
        fixes=(replaced(span, match[1], safe=True, title=match[1]),),
        repair=Edit(span, match[1]),
    )


def list_without_brackets(failure: Failure) -> Finding | None:
    """`in Moscow, Kazan`, `in "Moscow", "Kazan"`."""
    bare = failure.word == "," and failure.type_before() == "NAME" and failure.type_before(2) in ("IN", "NOT_IN")
    if bare:
        match = _BARE_LIST.match(failure.text, failure.tokens[-1].start_pos or 0)
    elif failure.type_before() in ("IN", "NOT_IN"):
        match = _QUOTED_LIST.match(failure.text, failure.position)
    else:
        return None
    if match is None:
        return None
    span = Span(*match.span())
    listed = "(" + ", ".join(f'"{word.strip(_LIST_SIGNS)}"' for word in match[0].split(",")) + ")"
    return Finding(
        code="E103",
        message=say("a list stands in brackets, and its texts in quotes"),
        where=span,
        fixes=(replaced(span, listed, safe=True, title=listed),),
        repair=Edit(span, listed),
    )


def two_channels(failure: Failure) -> Finding | None:
    """`send email "a", sms "b"`, `send email "a" and sms "b"`."""
    joined = failure.word == "," or one_of(failure.word, ("AND",))
    following = failure.text[failure.piece.end : failure.piece.end + 40].split()
    if not joined or "SEND" not in failure.expected or not following or following[0].lower() not in CHANNELS:
        return None
    blank = " " if failure.word == "," else ""
    ways = (
        ("or", say("or {following} …   (when the first cannot be delivered)", following=following[0])),
        ("send", say("send {following} …   (both)", following=following[0])),
    )
    return Finding(
        code="E136",
        message=say("both messages, or the second when the first cannot be delivered?"),
        where=failure.piece,
        fixes=tuple(replaced(failure.piece, f"{blank}{word}", title=title) for word, title in ways),
        repair=Edit(failure.piece, f"{blank}or"),
        faithful=False,
    )


def day_behind_time(failure: Failure) -> Finding | None:
    """`wait until 10:00 tomorrow`."""
    behind_until = [failure.type_before(2), failure.type_before()] == ["UNTIL", "TIME"]
    if not behind_until or not one_of(failure.word, ("TOMORROW", "WEEKDAY")):
        return None
    time = failure.tokens[-1]
    span = Span(time.start_pos or 0, failure.piece.end)
    meant = f"{failure.word} {time}"
    return Finding(
        code="E135",
        message=say("the day stands before the time"),
        where=span,
        fixes=(replaced(span, meant, safe=True, title=meant),),
        repair=Edit(span, meant),
    )


def delay_elsewhere(failure: Failure) -> Finding | None:
    """`once per day after 1h`, `send email "x" after 1h`: a delay or filter that is not right behind the event."""
    word = one_of(failure.word, ("AFTER", "WHERE"))
    before = [token for token in failure.tokens if token.type in (*STEPS, *CLAUSES)]
    if word is None or word in failure.expected or failure.start != "file" or not before:
        return None
    steps = [token for token in before if token.type in STEPS]
    pause = bool(steps) and word == "AFTER"
    message = (
        say('a pause between steps is a step of its own: "wait"')
        if pause
        else say("this stands right behind the event")
    )
    place = (steps[-1] if pause else before[0]).start_pos or 0
    return Finding(
        code="E135",
        message=message,
        where=failure.piece,
        label=say("guards and steps come later") if not pause else "",
        fixes=_moved_delay(failure, place, shown("WAIT") if pause else failure.word) if word == "AFTER" else (),
        faithful=False,
    )


def _moved_delay(failure: Failure, place: int, word: str) -> tuple[Fix, ...]:
    match = _DELAY.match(failure.text, failure.piece.end)
    if match is None:
        return ()
    text = f"{word}{match[0]}"
    edits = (Edit(Span(place, place), f"{text} "), Edit(Span(failure.position - 1, match.end()), ""))
    return (
        Fix(say('put "{text}" before "{split}"', text=text, split=failure.text[place:].split(maxsplit=1)[0]), edits),
    )
