"""Finds what a name means in the schema, or says that nothing has that name and what was probably meant."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence

from dsl import syntax
from dsl.alphabets import foreign_letters, is_russian, look_alike, mixes_alphabets
from dsl.catalog import EventType
from dsl.diagnostics import Edit, Fix, Label
from dsl.kinds import Kind
from dsl.messages import say
from dsl.problems import Problems, listed, replacement
from dsl.scope import Scope
from dsl.source import Span
from dsl.suggestions import nearest, with_part
from dsl.titles import as_name, written_titles


def report_no_event(path: syntax.Path, scope: Scope) -> None:
    scope.problems.error(
        "E314",
        say("there is no event here"),
        Label(path.span, say("this rule does not start with an event, so nothing can be read from one")),
        notes=[say("use customer.…, or start the rule with an event")],
    )


def find_attribute(path: syntax.Path, scope: Scope) -> tuple[str, Kind] | None:
    """The dotted name after `customer.` and its kind."""
    kinds = scope.catalog.attributes
    name = path.parts[1]
    if name.text not in kinds:
        report_unknown(
            "E203",
            say('customers have no attribute "{name}"', name=name.text),
            name.span,
            problems=scope.problems,
            candidates=kinds,
            titles=written_titles(kinds),
        )
        return None
    return _nested(path, kinds[name.text], scope)


def find_property(path: syntax.Path, events: Sequence[EventType], scope: Scope) -> tuple[str, Kind] | None:
    """The dotted name after `event.` and its kind: every event of the list must have it, of one kind."""
    name = path.parts[1]
    lacking = [event.name for event in events if name.text not in event.properties]
    having = [event for event in events if name.text in event.properties]
    if lacking and not (scope.any_event and having):
        _report_unknown_property(name, lacking, events, scope)
        return None
    kinds = [event.properties[name.text] for event in having]
    odd = next((i for i, kind in enumerate(kinds) if str(kind) != str(kinds[0])), None)
    if odd is not None and not scope.any_event:
        scope.problems.error(
            "E302",
            say('"{name}" is not the same in all events of this rule', name=name.text),
            Label(
                name.span,
                say(
                    "{kinds} in {having}, {kinds2} in {having2}",
                    kinds=kinds[0],
                    having=having[0].name,
                    kinds2=kinds[odd],
                    having2=having[odd].name,
                ),
            ),
            notes=[say("write a rule for each event")],
        )
        return None
    return _nested(path, _common(kinds), scope)


def _common(kinds: Sequence[Kind]) -> Kind:
    if len(kinds) == 1:
        return kinds[0]
    values = tuple(dict.fromkeys(value for kind in kinds for value in kind.values))
    return Kind(
        name=kinds[0].name,
        is_list=kinds[0].is_list,
        optional=any(kind.optional for kind in kinds),
        values=values if all(kind.values for kind in kinds) else (),
        fields=kinds[0].fields,
        repeats=kinds[0].repeats,
        personal=any(kind.personal for kind in kinds),
    )


def _nested(path: syntax.Path, kind: Kind, scope: Scope) -> tuple[str, Kind] | None:
    """Follows the dots inside an object: `event.address.city`."""
    for part in path.parts[2:]:
        if kind.is_list or not kind.fields:
            scope.problems.error(
                "E205",
                say('nothing can be read with ".{part}" here', part=part.text),
                Label(
                    part.span,
                    say("a list has no parts with names")
                    if kind.is_list
                    else say("this is {kind}, not an object", kind=kind),
                ),
            )
            return None
        if part.text not in kind.fields:
            report_unknown(
                "E205",
                say('there is no "{part}" in "{parts}"', part=part.text, parts=path.parts[1].text),
                part.span,
                problems=scope.problems,
                candidates=kind.fields,
            )
            return None
        inner = kind.fields[part.text]
        kind = Kind(
            name=inner.name,
            is_list=inner.is_list,
            optional=inner.optional or kind.optional,
            values=inner.values,
            fields=inner.fields,
            repeats=inner.repeats,
            personal=inner.personal or kind.personal,
        )
    return ".".join(part.text for part in path.parts[1:]), kind


def _report_unknown_property(
    name: syntax.Name, lacking: Sequence[str], events: Sequence[EventType], scope: Scope
) -> None:
    if len(lacking) < len(events):
        scope.problems.error(
            "E205",
            say('not every event of this rule has "{name}"', name=name.text),
            Label(name.span, say("{all} has no such property", all=listed(lacking))),
            notes=[say("write a rule for {lacking} alone, or list the property in schema.yaml", lacking=lacking[0])],
        )
        return
    notes = []
    if any(event.open for event in events):
        notes = [
            say(
                "{events} accepts other properties too, but a rule needs the type: list it in schema.yaml",
                events=events[0].name,
            )
        ]
    owner = (
        say("no event has a property") if scope.any_event else say("{events} has no property", events=events[0].name)
    )
    report_unknown(
        "E205",
        say('{owner} "{name}"', owner=owner, name=name.text),
        name.span,
        problems=scope.problems,
        candidates=[each for event in events for each in event.properties],
        titles={title: name for event in events for title, name in written_titles(event.properties).items()},
        notes=notes,
    )


def report_unknown(
    code: str,
    message: str,
    span: Span,
    *,
    problems: Problems,
    candidates: Iterable[str],
    notes: Sequence[str] = (),
    quoted: bool = False,
    titles: Mapping[str, str] | None = None,
) -> None:
    """One finding with the nearest names; a mixture of alphabets is named as such. `titles`: to some of the names."""
    names = list(dict.fromkeys(candidates))
    word = problems.source.slice(span).strip("\"'«»“”")
    if mixes_alphabets(word) and not quoted:
        return  # the parser has said so
    if report_look_alike(word, span, problems=problems, candidates=names, quoted=quoted):
        return
    near = with_part(word, names) or nearest(word, names)
    said = near
    if not near and titles and (said := nearest(as_name(word), titles)[:1]):
        near = [titles[said[0]]]
    hints = [_did_you_mean(said)] if near else [say("there are: {all}", all=listed(sorted(names)))] if names else []
    fix = f'"{near[0]}"' if quoted and near else near[0] if near else ""
    problems.error(
        code,
        message,
        Label(span, say("not in the schema") if code in ("E201", "E203", "E205") else say("nobody has this name")),
        notes=[*hints, *notes],
        fixes=[replacement(span, fix)] if near else [],
    )


def report_look_alike(
    word: str, span: Span, *, problems: Problems, candidates: Iterable[str], quoted: bool = False
) -> bool:
    """Whether there is a name that only letters of the other alphabet keep apart from this one."""
    meant = look_alike(word, candidates)
    if meant is None:
        return False
    message = (
        say('"{word}" mixes Russian and Latin letters', word=word)
        if mixes_alphabets(word)
        else say('"{word}" is written in Russian letters', word=word)
        if any(map(is_russian, word))
        else say('"{word}" is written in Latin letters', word=word)
    )
    text = f'"{meant}"' if quoted else meant
    fix = Fix(text, (Edit(span, text),), "safe")
    problems.error("E202", message, Label(span, foreign_letters(word, meant)), fixes=[fix])
    return True


def defined_elsewhere(name: str, scope: Scope) -> list[str]:
    """A note on the file that defines this name, when the one at hand does not use it."""
    for path, names in sorted(scope.names.files.items()):
        definition = names.seen.get(name)
        if definition is not None and definition.source.path == path and path != scope.source.path:
            beside = posixpath.relpath(path, posixpath.dirname(scope.source.path) or ".")
            return [say('{path} defines it; write above the first rule: use "{file}"', path=path, file=beside)]
    return []


def _did_you_mean(near: Sequence[str]) -> str:
    others = say("  others: {all}", all=", ".join(near[1:4])) if len(near) > 1 else ""
    return say("did you mean {near}?{others}", near=near[0], others=others)
