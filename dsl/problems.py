"""Where checks and the compiler put what they find: one list, each finding with the file it belongs to."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
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
    # What a number is compared with is told when it is clear which number it is.
    unclear = {(d.source.path, d.span) for d in found if d.code == "E112"}
    found = [d for d in found if not d.code.startswith("E3") or not _names_one(d, unclear)]
    mixed = _spans(d for d in found if d.code == "E202")
    found = [d for d in found if d.code != "W551" or not _lies_in_one(d, mixed)]
    # What a condition does to the unknown is told when it can be read.
    wrong = _spans(d for d in found if d.severity is Severity.ERROR)
    found = [d for d in found if d.code != "W540" or not _holds_one(d, wrong)]
    # A template that a misspelt `send` meant is not unused.
    meant = {edit.text.strip('"') for d in found if d.code in ("E202", "E204") for f in d.fixes for edit in f.edits}
    found = [d for d in found if d.code != "W560" or not _is_template_of(d.source.path, meant)]
    unique = {(d.source.path, d.span, d.code, d.message): d for d in reversed(found)}
    return sorted(unique.values(), key=lambda d: (d.source.path, d.span.start, d.code))


def _is_template_of(path: str, names: Collection[str]) -> bool:
    return any(path.rpartition(".")[0].endswith(f"/{name}") for name in names)


def _names_one(found: Diagnostic, places: Collection[tuple[str, Span]]) -> bool:
    return any((found.source.path, label.span) in places for label in found.labels)


def _spans(found: Iterable[Diagnostic]) -> dict[str, list[Span]]:
    """By file, in their order there."""
    spans: dict[str, list[Span]] = {}
    for each in found:
        spans.setdefault(each.source.path, []).append(each.span)
    return {path: sorted(of_file) for path, of_file in spans.items()}


def _holds_one(found: Diagnostic, places: Mapping[str, Sequence[Span]]) -> bool:
    """Whether one of the places lies in that of the finding."""
    of_file, span = places.get(found.source.path, ()), found.span
    inside = of_file[bisect_left(of_file, span.start, key=_start) : bisect_right(of_file, span.end, key=_start)]
    return any(place.end <= span.end for place in inside)


def _lies_in_one(found: Diagnostic, places: Mapping[str, Sequence[Span]]) -> bool:
    """Whether the finding lies in one of the places, of which none lies in another."""
    of_file, span = places.get(found.source.path, ()), found.span
    before = bisect_right(of_file, span.start, key=_start)
    return before > 0 and span.end <= of_file[before - 1].end


def _start(span: Span) -> int:
    return span.start


def listed(words: Sequence[str], most: int = 8) -> str:
    """`a, b, c …` for a note."""
    return ", ".join(words[:most]) + (" …" if len(words) > most else "")
