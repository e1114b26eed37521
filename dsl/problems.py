"""Where checks and the compiler put what they find: one list, each finding with the file it belongs to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from dsl.diagnostics import Diagnostic, Edit, Fix, Label, Severity
from dsl.source import Source, Span

Where: TypeAlias = Span | Label | tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class Problems:
    """Findings about `source`, added to a list that all files share."""

    source: Source
    found: list[Diagnostic] = field(default_factory=list)

    def about(self, source: Source) -> Problems:
        return self if source is self.source else Problems(source, self.found)

    def error(
        self, code: str, message: str, where: Where, *, notes: Sequence[str] = (), fixes: Sequence[Fix] = ()
    ) -> None:
        self._add(code, message, where, Severity.ERROR, (tuple(notes), tuple(fixes)))

    def warn(
        self, code: str, message: str, where: Where, *, notes: Sequence[str] = (), fixes: Sequence[Fix] = ()
    ) -> None:
        self._add(code, message, where, Severity.WARNING, (tuple(notes), tuple(fixes)))

    def _add(
        self,
        code: str,
        message: str,
        where: Where,
        severity: Severity,
        help_: tuple[tuple[str, ...], tuple[Fix, ...]],
    ) -> None:
        notes, fixes = help_
        self.found.append(
            Diagnostic(
                code=code,
                message=message,
                source=self.source,
                labels=_labels(where),
                notes=notes,
                fixes=fixes,
                severity=severity,
            )
        )


def _labels(where: Where) -> tuple[Label, ...]:
    if isinstance(where, Span):
        return (Label(where),)
    return (where,) if isinstance(where, Label) else where


def replacement(span: Span, text: str) -> Fix:
    """The fix that writes `text` in place of `span`."""
    return Fix(text, (Edit(span, text),))


def in_order(found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """By file and place, each finding once: a definition used by ten rules reports its mistake once."""
    told = {(d.source.path, d.span) for d in found if d.code.startswith("E2")}
    # How a name is written, and that there is no such name: one mistake, and the second says more.
    found = [d for d in found if d.code not in ("E137", "E138") or (d.source.path, d.span) not in told]
    mixed = [(d.source.path, d.span) for d in found if d.code == "E202"]
    found = [d for d in found if d.code != "W551" or not _lies_in(d, mixed)]
    # What a condition does to the unknown is told when it can be read.
    wrong = [d for d in found if d.severity is Severity.ERROR]
    found = [d for d in found if d.code != "W540" or not any(_lies_in(other, [_place(d)]) for other in wrong)]
    # A template that a misspelt `send` meant is not unused.
    meant = {edit.text.strip('"') for d in found if d.code in ("E202", "E204") for f in d.fixes for edit in f.edits}
    found = [d for d in found if d.code != "W560" or not _is_template_of(d.source.path, meant)]
    unique = {(d.source.path, d.span, d.code, d.message): d for d in reversed(found)}
    return sorted(unique.values(), key=lambda d: (d.source.path, d.span.start, d.code))


def _is_template_of(path: str, names: Collection[str]) -> bool:
    return any(path.rpartition(".")[0].endswith(f"/{name}") for name in names)


def _place(found: Diagnostic) -> tuple[str, Span]:
    return found.source.path, found.span


def _lies_in(found: Diagnostic, places: Sequence[tuple[str, Span]]) -> bool:
    path, span = found.source.path, found.span
    return any(path == where and place.start <= span.start and span.end <= place.end for where, place in places)


def listed(words: Sequence[str], most: int = 8) -> str:
    """`a, b, c …` for a note."""
    return ", ".join(words[:most]) + (" …" if len(words) > most else "")
