"""The notation of types in schema.yaml: `money`, `optional list of text`, `{enum: [a, b]}`, `{list of: {…}}`."""

from __future__ import annotations

import re
from dataclasses import replace

from dsl.diagnostics import Label
from dsl.kinds import SCALARS, Kind
from dsl.messages import say
from dsl.problems import replacement
from dsl.source import Span
from dsl.suggestions import nearest
from engine.workspace.reading import Reader
from engine.workspace.yaml_tree import Items, Mapping, Scalar, Tree

SHAPES = ("type", "enum", "list of", "list", "object")
OPTIONS = ("optional", "personal", "repeats", "title")
LANGUAGES = ("en", "ru")

#: What other tools call these kinds.
OTHER_WORDS = {
    "string": "text", "str": "text", "varchar": "text", "uuid": "text", "email": "text", "url": "text",
    "int": "number", "integer": "number", "float": "number", "decimal": "number", "double": "number",
    "bool": "flag", "boolean": "flag", "datetime": "moment", "timestamp": "moment", "time": "moment",
    "price": "money", "amount": "money", "currency": "money", "array": "list of text", "list": "list of text",
}  # fmt: skip

_NAME = re.compile(r"[^\W\d]\w*")


def read_kind(tree: Tree, reader: Reader) -> Kind | None:
    if isinstance(tree, Mapping):
        return _read_shape(tree, reader)
    if isinstance(tree, Scalar) and isinstance(tree.value, str):
        return _read_words(tree, tree.value, reader)
    reader.wrong(tree, say("a type, such as text or money"), code="E509", notes=[_notation()])
    return None


def is_name(text: str) -> bool:
    """Whether a rule can write it without quotes."""
    return _NAME.fullmatch(text) is not None


def read_fields(tree: Tree, reader: Reader, what: str) -> dict[str, Kind]:
    """Names with their types."""
    mapping = reader.mapping(tree, what)
    fields: dict[str, Kind] = {}
    for entry in mapping.entries.values() if mapping else ():
        if not is_name(entry.key):
            report_name(entry.key, reader, entry.key_span)
        elif (kind := read_kind(entry.value, reader)) is not None:
            fields[entry.key] = kind
    return fields


def report_name(name: str, reader: Reader, span: Span) -> None:
    plain = re.sub(r"\W+", "_", name.strip().lower()).strip("_")
    good = plain if is_name(plain) else ""
    reader.problems.error(
        "E516",
        say('"{name}" cannot be written in a rule', name=name),
        Label(span, say("a name has letters, digits and _, and begins with a letter")),
        fixes=[replacement(span, good)] if good else [],
    )


def _notation() -> str:
    return say(
        "types are: {all}, optional …, list of …, {{enum: […]}}, {{list of: {{…}}}}, {{object: {{…}}}}",
        all=", ".join(SCALARS),
    )


def _read_words(tree: Tree, text: str, reader: Reader) -> Kind | None:
    words = text.split()
    optional = words[:1] == ["optional"]
    rest = words[1:] if optional else words
    is_list = rest[:2] == ["list", "of"]
    rest = rest[2:] if is_list else rest
    if len(rest) == 1 and rest[0] in SCALARS:
        return Kind(name=rest[0], is_list=is_list, optional=optional)
    _report_type(tree, text, reader)
    return None


def _report_type(tree: Tree, text: str, reader: Reader) -> None:
    bare = text.strip().rstrip("?").removesuffix("[]")
    word = bare.split()[-1] if bare.split() else ""
    other = OTHER_WORDS.get(word.lower()) or OTHER_WORDS.get(word.lower().removesuffix("s"))
    near = [other] if other else nearest(word, SCALARS)
    good = near[0] if near else word if word in SCALARS else ""
    if good and text.rstrip().endswith("[]"):
        good = f"list of {good}"
    if good and text.rstrip().endswith("?"):
        good = f"optional {good}"
    if good and bare.split()[:-1] in (["optional"], ["list", "of"], ["optional", "list", "of"]):
        good = " ".join([*bare.split()[:-1], good])
    reader.problems.error(
        "E509",
        say('there is no type "{text}"', text=text),
        Label(tree.span, say("did you mean {good}?", good=good) if good else say("not a type")),
        notes=[_notation()],
        fixes=[replacement(tree.span, good)] if good else [],
    )


def _read_shape(tree: Mapping, reader: Reader) -> Kind | None:
    entries = {entry.key: entry.value for entry in reader.entries(tree, (*SHAPES, *OPTIONS), say("a type"))}
    shapes = [shape for shape in SHAPES if shape in entries]
    if len(shapes) != 1:
        if len(entries) == len(tree.entries):
            known = say("one of: type, enum, list of, object")
            reader.problems.error(
                "E509",
                say("this is not a type"),
                Label(tree.span, say("say {known}", known=known)),
                notes=[_notation()],
            )
        return None
    kind = _shaped(shapes[0], entries[shapes[0]], reader)
    return _with_options(kind, tree, entries, reader) if kind else None


def _shaped(shape: str, value: Tree, reader: Reader) -> Kind | None:
    if shape == "type":
        return read_kind(value, reader)
    if shape == "enum":
        return _read_enum(value, reader)
    if shape == "object":
        return _read_record(value, reader)
    return _read_list(value, reader)


def _read_record(value: Tree, reader: Reader) -> Kind | None:
    fields = read_fields(value, reader, say("an object"))
    if fields:
        return Kind(name="record", fields=fields)
    if isinstance(value, Mapping) and not value.entries:
        reader.problems.error(
            "E509", say("this object has no parts"), Label(value.span, say("name them: {{name: text, …}}"))
        )
    return None


def _read_list(value: Tree, reader: Reader) -> Kind | None:
    """Of a type, of an enumeration, or of objects, whose fields are written at once."""
    if isinstance(value, Mapping) and not isinstance(value.get("enum"), Items):
        record = _read_record(value, reader)
        return replace(record, is_list=True) if record else None
    element = read_kind(value, reader)
    if element is not None and element.is_list:
        reader.problems.error(
            "E509", say("a list of lists cannot be used in rules"), Label(value.span, say("say what is in it"))
        )
        return None
    return replace(element, is_list=True, optional=False) if element else None


def _read_enum(value: Tree, reader: Reader) -> Kind | None:
    if not isinstance(value, Items) or not value.items:
        reader.wrong(value, say("a list of texts, such as [bronze, silver, gold]"), code="E509")
        return None
    texts = [text for text, _ in reader.texts(value, say("a text"))]
    return Kind(name="text", values=tuple(dict.fromkeys(texts))) if len(texts) == len(value.items) else None


def _with_options(kind: Kind, tree: Mapping, entries: dict[str, Tree], reader: Reader) -> Kind | None:
    if "repeats" in entries:
        if kind.name != "date" or kind.is_list:
            span = tree.entries["repeats"].key_span
            reader.problems.error("E509", say("only a date can repeat"), Label(span, say("this is {kind}", kind=kind)))
            return None
        if reader.choice(entries["repeats"], ("yearly",)) is None:
            return None
    return replace(
        kind,
        optional=kind.optional or ("optional" in entries and reader.flag(entries["optional"])),
        personal="personal" in entries and reader.flag(entries["personal"]),
        repeats="yearly" if "repeats" in entries else None,
        title=read_title(entries["title"], reader) if "title" in entries else {},
    )


def read_title(tree: Tree, reader: Reader) -> dict[str, str]:
    """What people call it, by language; one text is for all of them."""
    if isinstance(tree, Scalar):
        text = reader.text(tree)
        return dict.fromkeys(LANGUAGES, text) if text else {}
    titles = {entry.key: reader.text(entry.value) for entry in reader.entries(tree, LANGUAGES, say("a title"))}
    return {language: text for language, text in titles.items() if text}
