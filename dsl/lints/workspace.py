"""What lints of the whole workspace look at, and where they put what they find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dsl.around import Around
from dsl.catalog import Catalog
from dsl.diagnostics import Fix, Label
from dsl.lints.outline import FileOutline, RuleOutline
from dsl.problems import Problems
from dsl.source import Source, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    files: tuple[FileOutline, ...]
    sources: Mapping[str, Source]  # by path: of the rule files
    catalog: Catalog
    around: Around
    problems: Problems  # of any file: see `warn`

    def rules(self) -> Iterator[RuleOutline]:
        return (rule for file in self.files for rule in file.rules)

    def place(self, path: str, span: Span) -> str:
        return f"{path}:{self.source(path).place(span.start).line}"

    def source(self, path: str) -> Source:
        """Templates are not at hand here: their findings stand at their beginning."""
        return self.sources.get(path) or Source(path, "")

    def warn(
        self,
        code: str,
        message: str,
        path: str,
        labels: Sequence[Label],
        *,
        notes: Sequence[str] = (),
        fixes: Sequence[Fix] = (),
    ) -> None:
        self.problems.about(self.source(path)).warn(code, message, tuple(labels), notes=notes, fixes=fixes)
