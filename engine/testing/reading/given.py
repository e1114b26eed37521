"""Values that a test gives to events and customers, held against the schema."""

from __future__ import annotations

from collections.abc import Sequence

from dsl import syntax
from dsl.compiling.comparisons import accepts
from dsl.compiling.lookup import report_unknown
from dsl.compiling.values import compile_value
from dsl.diagnostics import Fix, Label
from dsl.kinds import Kind
from dsl.messages import say
from dsl.plan import JSON, Constant
from dsl.problems import replacement
from dsl.scope import Scope, Typed
from dsl.suggestions import nearest
from engine.core.calendar import zone_named
from engine.core.delivery import addresses
from engine.testing.reading.fitting import fixes_for

_TEXT = Kind(name="text")
#: What a customer has besides the attributes of the schema.
CONSENT, TAGS, CONTACTS = "consent", "tags", "contacts"
POINTS = "points"


def properties_of(event: str, pairs: Sequence[syntax.Pair], scope: Scope) -> dict[str, JSON]:
    """Of an event; what does not fit the schema is reported."""
    known = scope.catalog.events.get(event)
    given: dict[str, JSON] = {}
    for pair in pairs:
        name = pair.name.text
        kind = known.properties.get(name) if known else None
        if known and kind is None and not known.open:
            message = say('{event} has no property "{name}"', event=event, name=name)
            report_unknown("E205", message, pair.name.span, problems=scope.problems, candidates=known.properties)
        elif (value := _constant(pair.value, kind, scope)) is not None:
            given[name] = value
    return given


def traits_of(pairs: Sequence[syntax.Pair], scope: Scope) -> dict[str, JSON]:
    """Of a customer, as `identify` would tell them; tags as a list."""
    given: dict[str, JSON] = {}
    for pair in pairs:
        value = trait_of(pair.name, pair.value, scope)
        if value is not None:
            given[pair.name.text] = value
    return given


def trait_of(name: syntax.Name, value: syntax.Value, scope: Scope) -> JSON:
    """None when it does not fit, which is reported."""
    if name.text == CONSENT:
        return _consent(value, scope)
    if name.text == TAGS:
        text = _constant(value, _TEXT, scope)
        return list[JSON](_words(text)) if isinstance(text, str) else None
    if name.text == CONTACTS and name.text not in scope.catalog.attributes:
        return _contacts(value, scope)
    kind = scope.catalog.attributes.get(name.text)
    if kind is None:
        known = [*scope.catalog.attributes, CONSENT]
        message = say('customers have no attribute "{name}"', name=name.text)
        report_unknown("E203", message, name.span, problems=scope.problems, candidates=known)
        return None
    if name.text == "id":
        _refuse(scope, value, say("a customer's id is the name after the word `customer`"))
        return None
    found = _constant(value, kind, scope)
    if found is None:
        return None
    if name.text == "timezone" and isinstance(found, str) and zone_named(found) is None:
        _refuse(scope, value, say("there is no such time zone; write one like Europe/Moscow"))
        return None
    if name.text == POINTS and (not isinstance(found, int) or found < 0):
        _refuse(scope, value, say("whole points, at least 0"))
        return None
    if found == "":
        _refuse(scope, value, say("an empty text says nothing: leave it out"))
        return None
    return found


def constant_of(value: syntax.Value, scope: Scope) -> JSON:
    """A value that a call carries."""
    return _constant(value, None, scope)


def _constant(value: syntax.Value, kind: Kind | None, scope: Scope) -> JSON:
    before = len(scope.problems.found)
    typed = compile_value(value, scope)
    if typed is None or not isinstance(typed.operand, Constant):
        if len(scope.problems.found) == before and not isinstance(value, syntax.Placeholder):
            _refuse(scope, value, say("a test gives fixed values only"))
        return None
    reason = accepts(kind, typed, scope) if kind else _unfit(typed)
    if reason:
        _refuse(scope, value, reason, fixes_for(typed, kind, scope) if kind else ())
        return None
    return typed.operand.value


def _unfit(value: Typed) -> str | None:
    return say("an event cannot carry this: write it as text") if value.kind.name in ("clock", "duration") else None


def _consent(value: syntax.Value, scope: Scope) -> JSON:
    """`"email"`, `"email, no news"`: to channels and topics, yes or no."""
    text = _constant(value, _TEXT, scope)
    if not isinstance(text, str):
        return None
    given: dict[str, JSON] = {}
    known = [*scope.catalog.channels, *scope.catalog.topics]
    for word in _words(text):
        name = word.removeprefix("no ").strip()
        if name not in known:
            _refuse(
                scope,
                value,
                say('"{name}" is no channel and no topic; there are: {all}', name=name, all=", ".join(known)),
                _fixes_of_consent(value, text, name, scope),
            )
            return None
        given[name] = not word.startswith("no ")
    return given


def _fixes_of_consent(value: syntax.Value, text: str, wrong: str, scope: Scope) -> list[Fix]:
    """`"e-mail"`; `"yes"`, which is to everything."""
    channels = ", ".join(scope.catalog.channels)
    if text.lower() in ("yes", "all", "true", "any", "да", "все", "всё"):
        return [replacement(value.span, f'"{channels}"')]
    near = nearest(wrong, [*scope.catalog.channels, *scope.catalog.topics])[:1]
    return [replacement(value.span, f'"{text.replace(wrong, each)}"') for each in near]


def _contacts(value: syntax.Value, scope: Scope) -> JSON:
    """`"telegram, push"`: the channels on which the customer has a chat, a device or a browser."""
    text = _constant(value, _TEXT, scope)
    if not isinstance(text, str):
        return None
    known = [each for each in scope.catalog.channels if each in addresses.CONTACTS]
    wrong = next((word for word in _words(text) if word not in known), None)
    if wrong is None:
        return list[JSON](_words(text))
    shown = ", ".join(known) or say("none in this workspace")
    _refuse(scope, value, say('"{name}" is no channel with contacts; there are: {all}', name=wrong, all=shown))
    return None


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _refuse(scope: Scope, value: syntax.Value, reason: str, fixes: Sequence[Fix] = ()) -> None:
    scope.problems.error("E409", say("a test cannot give this value"), Label(value.span, reason), fixes=fixes)
