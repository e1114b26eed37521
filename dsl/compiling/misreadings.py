"""What can be read and surely means something else: habits of other notations."""

from __future__ import annotations

from dsl import syntax
from dsl.diagnostics import Edit, Fix, Label
from dsl.messages import say
from dsl.problems import replacement
from dsl.scope import Scope, Typed
from dsl.source import Span

_NOTHING = frozenset(
    ("empty", "null", "none", "nil", "missing", "blank", "unset", "undefined", "пусто", "пустой", "пустая")
)
_HOURS = {
    **dict.fromkeys(("morning", "утра"), "9:00"),
    **dict.fromkeys(("noon", "midday", "полудня"), "12:00"),
    **dict.fromkeys(("evening", "вечера"), "19:00"),
    **dict.fromkeys(("midnight", "полуночи"), "0:00"),
}
_FLAGS = {"yes": "yes", "true": "yes", "да": "да", "no": "no", "false": "no", "нет": "нет"}


def _bare_word(value: syntax.Value, scope: Scope) -> str:
    """A single word that has no meaning of its own here."""
    word = value.root if isinstance(value, syntax.Path) and len(value.parts) == 1 else ""
    return "" if word in scope.names.seen or word in scope.catalog.events or scope.is_counted(word) else word


def is_a_segment(condition: syntax.Comparison, scope: Scope) -> bool:
    """`customer is vip`."""
    left, right = condition.left, condition.right
    if not isinstance(left, syntax.Path) or str(left) != "customer" or not isinstance(right, syntax.Path):
        return False
    definition = scope.names.seen.get(right.root)
    is_segment = definition is not None and isinstance(definition.node, syntax.Segment)
    meant = f"customer {'in' if condition.comparison == 'is' else 'not in'} {right.root}"
    scope.problems.error(
        "E215",
        say('"{path}" alone is not a value', path="customer"),
        Label(
            left.span,
            say("ask whether the customer is in it")
            if is_segment
            else say("say what of it: {path}.…", path="customer"),
        ),
        notes=[] if is_segment else [say("of a segment: customer in SEGMENT")],
        fixes=[Fix(meant, (Edit(Span(left.span.start, right.span.end), meant),), "safe")] if is_segment else [],
    )
    return True


def asks_for_a_value(left: Typed, condition: syntax.Comparison, scope: Scope) -> bool:
    """`customer.city is empty`."""
    word = _bare_word(condition.right, scope)
    if word.lower() not in _NOTHING or condition.comparison not in ("is", "is not"):
        return False
    meant = "is unknown" if condition.comparison == "is" else "is known"
    span = Span(left.span.end, condition.right.span.end)
    scope.problems.error(
        "E206",
        say('I do not know "{word}"', word=word),
        Label(condition.right.span, say("to ask whether there is a value, write: {meant}", meant=meant)),
        fixes=[Fix(meant, (Edit(span, f" {meant}"),), "safe")],
    )
    return True


def asks_a_flag(left: Typed, condition: syntax.Comparison, scope: Scope) -> bool:
    """`customer.subscribed is true`, `is "yes"`."""
    right = condition.right
    word = right.text if isinstance(right, syntax.Text) else _bare_word(right, scope)
    meant = _FLAGS.get(word.lower())
    if left.kind.name != "flag" or left.kind.is_list or meant is None:
        return False
    scope.problems.error(
        "E302",
        say("a flag is asked with `is yes` or `is no`"),
        Label(right.span, say("this is text") if isinstance(right, syntax.Text) else say("another language's word")),
        fixes=[Fix(meant, (Edit(right.span, meant),), "safe")],
    )
    return True


def lacks_quotes(left: Typed, right: syntax.Value, scope: Scope) -> bool:
    """`customer.tier is gold`: a word that means nothing, where a text belongs."""
    if not isinstance(right, syntax.Path) or len(right.parts) > 1 or left.kind.name != "text" or left.kind.is_list:
        return False
    word = right.root
    if (
        word in scope.names.seen
        or word in scope.catalog.events
        or word in (*scope.catalog.attributes, "event", "customer")
        or scope.is_counted(word)
    ):
        return False
    values = ", ".join(f'"{value}"' for value in left.kind.values)
    scope.problems.error(
        "E103",
        say("text must be in quotes"),
        Label(right.span, say('I read this as a name, and nothing is called "{word}"', word=word)),
        notes=[say("{written} can be {values}", written=scope.source.slice(left.span), values=values)]
        if values
        else [],
        fixes=[replacement(right.span, f'"{word}"')],
    )
    return True


def lacks_a_list(condition: syntax.Or, scope: Scope) -> bool:
    """`customer.city is "Moscow" or "Kazan"`."""
    first, *others = condition.operands
    texts = [each.value for each in others if isinstance(each, syntax.Truth) and isinstance(each.value, syntax.Text)]
    if not isinstance(first, syntax.Comparison) or first.comparison != "is" or not isinstance(first.right, syntax.Text):
        return False
    if not texts or len(texts) < len(others):
        return False
    listed = ", ".join(scope.source.slice(text.span) for text in (first.right, *texts))
    meant = say("{written} in ({all})", written=scope.source.slice(first.left.span), all=listed)
    scope.problems.error(
        "E307",
        say("several possible values stand in a list"),
        Label(texts[0].span, say("text alone is not a condition")),
        fixes=[Fix(meant, (Edit(Span(first.left.span.start, texts[-1].span.end), meant),), "safe")],
    )
    return True


def waits_for_an_hour(path: syntax.Path, scope: Scope) -> bool:
    """`wait until morning`."""
    hour = _HOURS.get(_bare_word(path, scope).lower())
    if hour is None:
        return False
    scope.problems.error(
        "E321",
        say("this is not a moment one can wait for"),
        Label(path.span, say("at what hour?")),
        fixes=[replacement(path.span, hour)],
    )
    return True


def is_an_hour_after_an_event(trigger: syntax.DateTrigger, scope: Scope) -> bool:
    """`when order_placed at 10:00`."""
    event = str(trigger.path)
    if event not in scope.catalog.events or trigger.offset is not None:
        return False
    scope.problems.error(
        "E215",
        say('"{path}" is not a date', path=event),
        Label(trigger.path.span, say("{path} is an event: it has no hour until it happens", path=event)),
        notes=[
            say(
                "to do something at this hour after it: wait until {time}, as the first step",
                time=scope.source.slice(trigger.at.span),
            )
        ],
    )
    return True
