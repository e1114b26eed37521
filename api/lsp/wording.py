"""What the core says, in the words of the protocol."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from lsprotocol import types

from api.lsp.positions import Positions, positions_in
from dsl.assistance.completion import Completion
from dsl.assistance.outline import Symbol
from dsl.diagnostics import Diagnostic, Severity
from dsl.messages import Language
from dsl.render import as_json
from dsl.source import Source, Span

SEVERITIES = {Severity.ERROR: types.DiagnosticSeverity.Error, Severity.WARNING: types.DiagnosticSeverity.Warning}

KINDS: Mapping[str, types.CompletionItemKind] = {
    "event": types.CompletionItemKind.Event,
    "attribute": types.CompletionItemKind.Field,
    "property": types.CompletionItemKind.Property,
    "definition": types.CompletionItemKind.Function,
    "segment": types.CompletionItemKind.Class,
    "constant": types.CompletionItemKind.Constant,
    "template": types.CompletionItemKind.File,
    "channel": types.CompletionItemKind.EnumMember,
    "value": types.CompletionItemKind.Value,
    "keyword": types.CompletionItemKind.Keyword,
    "snippet": types.CompletionItemKind.Snippet,
    "file": types.CompletionItemKind.File,
    "variable": types.CompletionItemKind.Variable,
}

SYMBOLS: Mapping[str, types.SymbolKind] = {
    "rule": types.SymbolKind.Event,
    "segment": types.SymbolKind.Class,
    "definition": types.SymbolKind.Function,
    "constant": types.SymbolKind.Constant,
    "file": types.SymbolKind.File,
    "test": types.SymbolKind.Method,
    "split": types.SymbolKind.Enum,
    "arm": types.SymbolKind.EnumMember,
}

_PLACE = re.compile(r"\$\{\d+:?([^}]*)\}")


class Wording:
    """For one client: its language, its units, the addresses of its files."""

    def __init__(self, language: Language, encoding: types.PositionEncodingKind | str) -> None:
        self.language = language
        self._encoding = encoding

    def positions(self, text: str) -> Positions:
        return positions_in(text, self._encoding)

    def diagnostic(self, finding: Diagnostic, uris: Mapping[str, str]) -> types.Diagnostic:
        """`uris`: the address of each file that a label may point into, by path."""
        told = cast("dict[str, Any]", as_json(finding, self.language))
        first, *others = told["labels"]
        lines = [told["message"], first["text"], *told["notes"]]
        return types.Diagnostic(
            range=self.positions(finding.source.text).range(_visible(finding.source, finding.span)),
            message="\n".join(line for line in lines if line),
            severity=SEVERITIES[finding.severity],
            code=finding.code,
            source="kogda",
            related_information=[
                types.DiagnosticRelatedInformation(self._location(finding, place, uris), label["text"])
                for place, label in enumerate(others, 1)
            ]
            or None,
        )

    def _location(self, finding: Diagnostic, label: int, uris: Mapping[str, str]) -> types.Location:
        source = finding.labels[label].source or finding.source
        uri = uris.get(source.path) or uris[finding.source.path]
        return types.Location(uri, self.positions(source.text).range(finding.labels[label].span))

    def fixes(self, finding: Diagnostic) -> Iterator[tuple[str, bool, list[types.TextEdit]]]:
        """Title, whether it is safe, edits: of fixes that change the text."""
        told = cast("dict[str, Any]", as_json(finding, self.language))
        positions = self.positions(finding.source.text)
        for fix, said in zip(finding.fixes, told["fixes"], strict=True):
            if fix.edits:
                edits = [types.TextEdit(positions.range(edit.span), edit.text) for edit in fix.edits]
                yield said["title"], fix.safety == "safe", edits

    def completion(
        self, found: Completion, place: int, source: Source, offset: int, *, snippets: bool
    ) -> types.CompletionItem:
        proposal = found.proposal
        is_snippet = proposal.is_snippet and snippets
        text = proposal.written if is_snippet else _PLACE.sub(r"\1", proposal.written)
        typed = source.text[found.span.start : offset]
        return types.CompletionItem(
            label=proposal.label,
            kind=KINDS.get(proposal.kind, types.CompletionItemKind.Text),
            detail=proposal.detail or None,
            sort_text=f"{place:04}",
            # What fits has been decided here, by titles and other forms too: the client must not decide again.
            filter_text=proposal.label if proposal.label.startswith(typed) else typed,
            text_edit=types.TextEdit(self.positions(source.text).range(found.span), text),
            insert_text_format=types.InsertTextFormat.Snippet if is_snippet else types.InsertTextFormat.PlainText,
        )

    def symbol(self, symbol: Symbol, positions: Positions) -> types.DocumentSymbol:
        return types.DocumentSymbol(
            name=symbol.name or " ",
            kind=SYMBOLS[symbol.kind],
            range=positions.range(symbol.span.to(symbol.name_span)),
            selection_range=positions.range(symbol.name_span),
            detail=symbol.detail or None,
            children=[self.symbol(child, positions) for child in symbol.children],
        )


def _visible(source: Source, span: Span) -> Span:
    """At least one character, since nobody sees a mark of no width."""
    if span.start < span.end:
        return span
    before = span.start - 1
    if span.start < len(source.text) and source.text[span.start] not in "\r\n":
        return Span(span.start, span.start + 1)
    return Span(before, span.end) if before >= 0 and source.text[before] not in "\r\n" else span
