"""Proposals of names that the schema, the templates and other files give."""

from __future__ import annotations

from collections.abc import Iterator

from dsl import syntax
from dsl.assistance.cursor import Cursor
from dsl.assistance.proposals import LIKELY, RARE, WANTED, Proposal, ProposalKind
from dsl.assistance.surroundings import (
    CONDITIONS,
    LISTS,
    current_events,
    history_event,
    nested,
    shared_properties,
    trigger_events,
)
from dsl.catalog import EventType
from dsl.checks.template_variables import ALWAYS_THERE
from dsl.formatting.words import Words
from dsl.keywords import CHANNELS
from dsl.kinds import Kind
from dsl.resolve import Definition

#: What templates read without being given it.
OF_EVERY_TEMPLATE = ALWAYS_THERE | {"customer", "event"}

_EVENT_EXPECTED = ("WHEN", "STOP_WHEN", "GOAL", "WAIT_FOR", "EMIT", "DAYS_SINCE", "COUNT", "SUM", "AVERAGE", "LAST")


def propose_names(cursor: Cursor) -> Iterator[Proposal]:
    """Where the parser accepts a NAME, what it may be the name of."""
    if "NAME" not in cursor.accepted or cursor.in_quotes:
        return
    before = cursor.type_before()
    if before == "DOT":
        yield from _after_dot(cursor)
    elif _is_event_expected(cursor):
        yield from _events(cursor, WANTED)
    elif before in ("ENTERS", "LEAVES"):
        yield from _definitions(cursor, (syntax.Segment,), WANTED)
    elif before in ("IN", "NOT_IN"):
        yield from _groups(cursor)
    elif before == "WITH_SAME":
        yield from _shared_keys(cursor)
    elif _in_pairs(cursor):
        yield from _pair_names(cursor)
    elif before == "FOR" and cursor.document.kind == "tests":
        yield from _customers(cursor)
    elif before in CONDITIONS and cursor.type_before(2) not in ("IN", "NOT_IN"):
        yield from _operands_of_condition(cursor)


def _is_event_expected(cursor: Cursor) -> bool:
    before, earlier = cursor.type_before(), cursor.type_before(2)
    if before in _EVENT_EXPECTED or (before == "OR" and _in_event_list(cursor)):
        return True
    if before == "THEN" or (before == "NOT" and earlier == "THEN"):  # of a sequence; that of an `if` takes a verb
        return True
    if before == "NO" and earlier in ("WHEN", "EXPECT"):
        return True
    return cursor.document.kind == "tests" and before in ("INT", "DURATION", "TIME")


def _in_event_list(cursor: Cursor) -> bool:
    types = list(cursor.types)
    while types[-2:] == ["NAME", "OR"]:
        del types[-2:]
    return bool(types) and (types[-1] in LISTS or types[-2:] == ["THEN", "NOT"])


def event_proposal(event: EventType, rank: int) -> Proposal:
    title = event.title.get("ru") or next(iter(event.title.values()), "")
    detail = " / ".join(dict.fromkeys(event.title.values()))
    return Proposal(
        label=event.name,
        kind="event",
        detail=detail,
        rank=rank,
        found_by=tuple({title, *event.title.values()} - {""}),
    )


def _events(cursor: Cursor, rank: int) -> Iterator[Proposal]:
    for event in cursor.view.catalog.events.values():
        yield event_proposal(event, rank)


def _after_dot(cursor: Cursor) -> Iterator[Proposal]:
    types = cursor.types
    begin = len(types) - 1
    while begin >= 2 and types[begin] == "DOT":
        begin -= 2
    begin += 1
    root, parts = types[begin], [str(token) for token in cursor.tokens[begin + 2 : -1 : 2]]
    kinds, kind = _kinds_below(root, str(cursor.tokens[begin]), cursor)
    if parts:
        inner = nested(kinds, parts)
        kinds = inner.fields if inner and not inner.is_list else {}
    yield from _fields(kinds, kind, WANTED)


def _kinds_below(root: str, word: str, cursor: Cursor) -> tuple[dict[str, Kind], ProposalKind]:
    if root == "CUSTOMER":
        return cursor.view.catalog.attributes, "attribute"
    if root == "EVENT":
        return shared_properties(current_events(cursor) or ()), "property"
    event = cursor.view.catalog.events.get(word)
    inside = history_event(cursor)
    if event is None and inside is not None:
        found = inside.properties.get(word)
        return (found.fields if found else {}), "property"
    return (event.properties if event else {}), "property"


def _fields(kinds: dict[str, Kind], kind: ProposalKind, rank: int, prefix: str = "") -> Iterator[Proposal]:
    for name, each in kinds.items():
        yield Proposal(label=f"{prefix}{name}", kind=kind, detail=described(each), rank=rank)


def described(kind: Kind) -> str:
    """`optional text`, `one of "gold", "silver"`."""
    if kind.values:
        text = " | ".join(f'"{value}"' for value in kind.values)
    else:
        text = str(kind)
    repeated = f", {kind.repeats}" if kind.repeats else ""
    return f"{'optional ' if kind.optional else ''}{text}{repeated}"


def _definitions(cursor: Cursor, kinds: tuple[type, ...], rank: int) -> Iterator[Proposal]:
    writing = str(cursor.tokens[1]) if len(cursor.tokens) > 1 and cursor.types[0] in ("DEFINE", "SEGMENT") else ""
    for name, definition in cursor.view.definitions(cursor.path).items():
        if isinstance(definition.node, kinds) and name != writing:
            yield _definition(name, definition, rank)


def _definition(name: str, definition: Definition, rank: int) -> Proposal:
    node = definition.node
    body = node.value if isinstance(node, syntax.Let) else node.condition
    words = _source(body, definition)
    kind: ProposalKind = "definition"
    if isinstance(node, syntax.Let):
        kind = "constant"
    elif isinstance(node, syntax.Segment):
        kind = "segment"
    return Proposal(label=name, kind=kind, detail=words, rank=rank)


def _source(body: syntax.Node | tuple[syntax.Value, ...], definition: Definition) -> str:
    if isinstance(body, tuple):
        span = body[0].span.to(body[-1].span) if body else definition.node.span
    else:
        span = body.span
    return definition.source.words(span)


def _groups(cursor: Cursor) -> Iterator[Proposal]:
    is_customer = cursor.type_before(2) == "CUSTOMER"
    wanted, other = ((syntax.Segment,), (syntax.Let,)) if is_customer else ((syntax.Let,), (syntax.Segment,))
    for proposal in _definitions(cursor, (syntax.Let, syntax.Segment), WANTED):
        definition = cursor.view.definitions(cursor.path)[proposal.label]
        if isinstance(definition.node, syntax.Let) and not isinstance(definition.node.value, tuple):
            continue
        if isinstance(definition.node, wanted) or not isinstance(definition.node, other):
            yield proposal


def _shared_keys(cursor: Cursor) -> Iterator[Proposal]:
    events = list(trigger_events(cursor) or ())
    names = [str(token) for token in cursor.tokens[:-1] if token.type == "NAME"]
    if names and names[-1] in cursor.view.catalog.events:
        events.append(cursor.view.catalog.events[names[-1]])
    keys = {event.key for event in events}
    for proposal in _fields(shared_properties(events), "property", LIKELY):
        yield (
            proposal
            if proposal.label not in keys
            else Proposal(label=proposal.label, kind="property", detail=proposal.detail, rank=WANTED)
        )


def _in_pairs(cursor: Cursor) -> bool:
    before = cursor.type_before()
    if before == "COMMA":
        types = cursor.types[::-1]
        openers = [each for each in types if each in ("EQUAL", "IN", "NOT_IN", "LPAR", "WEEKDAY", "OF")]
        return openers[:1] == ["EQUAL"]
    return before == "WITH"


def _pair_names(cursor: Cursor) -> Iterator[Proposal]:
    """Of the event that happens or is emitted, of a customer, or what the template reads."""
    opener = next((at for at in range(len(cursor.types) - 1, -1, -1) if cursor.types[at] == "WITH"), 0)
    given = {str(token) for token in cursor.tokens[opener:] if token.type == "NAME"}
    kinds = _kinds_of_pairs(cursor, opener)
    if kinds is not None:
        kind: ProposalKind = "attribute" if "CUSTOMER" in cursor.types[max(0, opener - 2) : opener] else "property"
        names = _fields({name: each for name, each in kinds.items() if name not in given}, kind, WANTED)
    else:
        names = _template_variables(cursor, opener, given)
    for each in names:
        yield Proposal(label=each.label, text=f"{each.label} = ", kind=each.kind, detail=each.detail, rank=each.rank)


def _kinds_of_pairs(cursor: Cursor, opener: int) -> dict[str, Kind] | None:
    """None: the pairs are a template's."""
    for token in reversed(cursor.tokens[max(0, opener - 6) : opener]):
        if token.type == "CUSTOMER":
            own = cursor.view.catalog.attributes
            return {name: kind for name, kind in own.items() if name not in ("id", "tags")}
        if token.type == "NAME" and str(token) in cursor.view.catalog.events:
            return cursor.view.catalog.events[str(token)].properties
        if token.type in ("CALL", "STRING"):
            return None
    return None


def _template_variables(cursor: Cursor, opener: int, given: set[str]) -> Iterator[Proposal]:
    names = [(cursor.tokens[at], cursor.tokens[at - 1]) for at in range(opener) if cursor.types[at] == "STRING"]
    if not names or names[-1][1].type != "CHANNEL":
        return
    template, channel = names[-1]
    info = cursor.view.catalog.templates.get((channel_of(str(channel)), str(template)[1:-1]))
    for use in info.uses if info else ():
        name = use.path[0]
        if len(use.path) == 1 and name not in given and name not in OF_EVERY_TEMPLATE:
            given.add(name)
            yield Proposal(label=name, kind="variable", detail=info.path if info else "", rank=WANTED)


def channel_of(word: str) -> str:
    return CHANNELS.get(word.lower(), word)


def _customers(cursor: Cursor) -> Iterator[Proposal]:
    pairs = zip(cursor.tokens, cursor.tokens[1:], strict=False)
    for name in dict.fromkeys(str(name) for word, name in pairs if word.type == "CUSTOMER" and name.type == "NAME"):
        yield Proposal(label=name, kind="name", rank=WANTED)


def _operands_of_condition(cursor: Cursor) -> Iterator[Proposal]:
    """Customers and events with their dots, definitions, and events that may have happened."""
    words = Words(cursor.language)
    inside = history_event(cursor)
    if inside is not None:
        yield from _fields(inside.properties, "property", WANTED)
        return
    events = current_events(cursor)
    in_where = cursor.type_before() == "WHERE" or _ended_by_where(cursor)
    if "EVENT" in cursor.accepted and events is not None:
        yield from _fields(
            shared_properties(events), "property", WANTED if in_where else LIKELY + 1, f"{words('EVENT')}."
        )
    if "CUSTOMER" in cursor.accepted:
        attributes = {name: kind for name, kind in cursor.view.catalog.attributes.items() if name != "id"}
        yield from _fields(attributes, "attribute", LIKELY, f"{words('CUSTOMER')}.")
    yield from _definitions(cursor, (syntax.Define, syntax.Segment), WANTED + (5 if in_where else 0))
    if not in_where:
        yield from _events(cursor, RARE - 5)


def _ended_by_where(cursor: Cursor) -> bool:
    openers = [each for each in reversed(cursor.types) if each in (*LISTS, "WHERE", "ONLY_IF", "UNLESS", "IF")]
    return openers[:1] == ["WHERE"]
