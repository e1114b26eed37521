"""W605 and W606: a name that no rule mentions, and a file that is used for nothing."""

from __future__ import annotations

from dsl.diagnostics import Edit, Fix, Label
from dsl.lints.workspace import Whole
from dsl.messages import say
from dsl.source import Source, Span


def lint_unused_definition(whole: Whole) -> None:
    if not whole.around.complete:
        return
    users: dict[str, set[str]] = {}
    for file in whole.files:
        for used in file.uses:
            users.setdefault(used.text, set()).add(file.path)
    mentions = {file.path: file.mentions for file in whole.files}
    for file in whole.files:
        for word, kind in zip(file.definitions, file.kinds, strict=True):
            readers = [mentions[path] for path in (file.path, *users.get(file.path, ()))]
            if kind != "segment" and not any(word.text in reader for reader in readers):
                whole.warn(
                    "W605",
                    say("nothing uses {name}", name=word.text),
                    file.path,
                    [Label(word.span, say("defined, and not mentioned by any rule that sees it"))],
                    notes=[say("take it out, or use it")],
                )


def lint_unused_use(whole: Whole) -> None:
    if not whole.around.complete:
        return
    names = {file.path: frozenset(word.text for word in file.definitions) for file in whole.files}
    for file in whole.files:
        for used in file.uses:
            if used.text in names and names[used.text] and not names[used.text] & file.mentions:
                whole.warn(
                    "W606",
                    say("nothing of this file is used"),
                    file.path,
                    [Label(used.span, say("none of its names is mentioned here"))],
                    fixes=[Fix(say("take the line out"), (Edit(_line(whole.source(file.path), used.span), ""),))],
                )


def _line(source: Source, span: Span) -> Span:
    start = source.text.rfind("\n", 0, span.start) + 1
    end = source.text.find("\n", span.end)
    return Span(start, end + 1 if end >= 0 else len(source.text))
