"""What every format is made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from dsl.codes import CODES
from dsl.diagnostics import Diagnostic, Severity
from dsl.messages import Language, in_language, translated


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`prefix` leads from the repository to the workspace: machines name files from the top of the repository."""

    found: Sequence[Diagnostic]
    language: Language = "en"
    prefix: str = ""  # "examples/polka/"
    strict: bool = False
    changed: Mapping[str, frozenset[int]] = field(
        default_factory=dict
    )  # lines of this change, by path in the repository

    def path(self, diagnostic: Diagnostic) -> str:
        return f"{self.prefix}{diagnostic.source.path}"

    def message(self, diagnostic: Diagnostic) -> str:
        return in_language(diagnostic.message, self.language)

    def details(self, diagnostic: Diagnostic) -> list[str]:
        """What stands under the place, the notes, the fixes: a line each."""
        label = in_language(diagnostic.labels[0].text, self.language)
        notes = [in_language(note, self.language) for note in diagnostic.notes]
        fixes = [in_language(fix.title, self.language) for fix in diagnostic.fixes]
        return [each for each in (label, *notes, *(f"-> {fix}" for fix in fixes)) if each]

    def level(self, diagnostic: Diagnostic) -> str:
        """ "error", "warning", or "note" for a matter of style (W6xx)."""
        if diagnostic.severity is Severity.ERROR:
            return "error"
        return "note" if diagnostic.code.startswith("W6") else "warning"

    def fails(self, diagnostic: Diagnostic) -> bool:
        return self.strict or diagnostic.severity is Severity.ERROR

    def title(self, diagnostic: Diagnostic) -> str:
        code = CODES.get(diagnostic.code)
        return translated(code.title, self.language) if code else diagnostic.code

    def fingerprints(self) -> Iterator[tuple[Diagnostic, str]]:
        """The same from commit to commit while the line says the same, wherever it has moved to."""
        seen: Counter[str] = Counter()
        for each in self.found:
            line = each.source.line_text(each.source.place(each.span.start).line)
            stem = sha256("\0".join((each.code, self.path(each), " ".join(line.split()))).encode()).hexdigest()[:32]
            seen[stem] += 1
            yield each, f"{stem}:{seen[stem]}"
