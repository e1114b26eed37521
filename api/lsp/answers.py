"""What the client asks, and the answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from api.cli import COMMANDS as CLI
from api.lsp.changes import rename_edit, workspace_edit
from api.lsp.desk import Place
from dsl.assistance.colours import COLOURS, coloured
from dsl.assistance.completion import complete
from dsl.assistance.definitions import homes, references, same_mentions
from dsl.assistance.hover import about_event, hover
from dsl.assistance.lookups import mention_in
from dsl.assistance.notes import NOTES
from dsl.assistance.outline import lenses, outline
from dsl.assistance.renaming import CannotRename, rename, renamed_at
from dsl.assistance.spoken import spoken_language
from dsl.assistance.view import Home
from dsl.diagnostics import Diagnostic
from dsl.formatter import FormatterMistake, format_source
from dsl.keywords import ENGLISH, RUSSIAN
from dsl.messages import in_language, say

if TYPE_CHECKING:
    from api.lsp.server import KogdaServer


def _placed(ls: KogdaServer, params: Any) -> tuple[Place, int] | None:
    place = ls.desk.place(params.text_document.uri)
    if place is None:
        return None
    return place, ls.desk.positions(place.document.source.text).offset(params.position)


def completion(ls: KogdaServer, params: types.CompletionParams) -> types.CompletionList | None:
    found = _placed(ls, params)
    if found is None:
        return None
    place, offset = found
    source, snippets = place.document.source, ls.takes_snippets
    items = []
    for rank, each in enumerate(complete(place.view, place.document, offset)):
        item = ls.wording.completion(each, rank, source, offset, snippets=snippets)
        item.data = [params.text_document.uri, each.proposal.kind, each.proposal.label]
        items.append(item)
    return types.CompletionList(is_incomplete=True, items=items)


def completion_details(ls: KogdaServer, item: types.CompletionItem) -> types.CompletionItem:
    uri, kind, label = item.data if isinstance(item.data, list) and len(item.data) == 3 else ("", "", "")
    place = ls.desk.place(uri)
    if place is not None:
        language = spoken_language(place.document.source.text, place.view)
        text = ""
        if kind == "event" and label in place.view.catalog.events:
            text = about_event(place.view.catalog.events[label], language)
        elif kind == "keyword":
            words = RUSSIAN if language == "ru" else ENGLISH
            terminal = next((each for each in NOTES if words[each][0] == label), None)
            text = NOTES[terminal][language == "ru"] if terminal else ""
        if text:
            item.documentation = types.MarkupContent(types.MarkupKind.Markdown, text)
    return item


async def hovered(ls: KogdaServer, params: types.HoverParams) -> types.Hover | None:
    placed = _placed(ls, params)
    found = hover(placed[0].view, placed[0].document, placed[1]) if placed else None
    if placed is None or found is None:
        return None
    range_ = ls.desk.positions(placed[0].document.source.text).range(found.span)
    text = found.text
    numbers = await ls.live.about(found.mention) if found.mention else None
    if numbers:
        text += "\n\n" + in_language(numbers, ls.wording.language)
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text), range_)


def definition(ls: KogdaServer, params: types.DefinitionParams) -> list[types.Location]:
    placed = _placed(ls, params)
    return _locations(ls, placed[0], homes(placed[0].view, placed[0].document, placed[1])) if placed else []


def all_references(ls: KogdaServer, params: types.ReferenceParams) -> list[types.Location]:
    placed = _placed(ls, params)
    return _locations(ls, placed[0], references(placed[0].view, placed[0].document, placed[1])) if placed else []


def _locations(ls: KogdaServer, place: Place, found: list[Home]) -> list[types.Location]:
    return [
        types.Location(
            ls.desk.uri(place.workspace, home.source.path, place.uri),
            ls.desk.positions(home.source.text).range(home.span),
        )
        for home in found
    ]


def highlights(ls: KogdaServer, params: types.DocumentHighlightParams) -> list[types.DocumentHighlight]:
    placed = _placed(ls, params)
    mention = mention_in(placed[0].document, placed[1], placed[0].view) if placed else None
    if placed is None or mention is None:
        return []
    place, positions = placed[0], ls.desk.positions(placed[0].document.source.text)
    same = same_mentions(mention, place.view, place.document)
    spans = [each.span for document, each in same if document is place.document]
    return [types.DocumentHighlight(positions.range(span)) for span in spans]


def may_rename(ls: KogdaServer, params: types.PrepareRenameParams) -> types.Range:
    placed = _placed(ls, params)
    if placed is None:
        raise JsonRpcInvalidParams(in_language(say("there is nothing here that has a name"), ls.wording.language))
    place, offset = placed
    try:
        _, span = renamed_at(place.view, place.document, offset)
    except CannotRename as error:
        raise JsonRpcInvalidParams(in_language(error.args[0], ls.wording.language)) from None
    return ls.desk.positions(place.document.source.text).range(span)


def renamed(ls: KogdaServer, params: types.RenameParams) -> types.WorkspaceEdit | None:
    placed = _placed(ls, params)
    if placed is None:
        return None
    try:
        change = rename(placed[0].view, placed[0].document, placed[1], to=params.new_name)
    except CannotRename as error:
        raise JsonRpcInvalidParams(in_language(error.args[0], ls.wording.language)) from None
    return rename_edit(ls, placed[0], change)


def formatted(ls: KogdaServer, params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
    """None when the file has mistakes: nothing is certain then."""
    place = ls.desk.place(params.text_document.uri)
    if place is None:
        return None
    source = place.document.source
    try:
        text = format_source(source, place.document.kind).text
    except FormatterMistake as error:
        ls.window_log_message(types.LogMessageParams(types.MessageType.Error, str(error)))
        return None
    if text is None:
        return None
    positions = ls.desk.positions(source.text)
    whole = types.Range(positions.position(0), positions.position(len(source.text)))
    return [types.TextEdit(whole, text)] if text != source.text else []


def symbols(ls: KogdaServer, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    place = ls.desk.place(params.text_document.uri)
    if place is None:
        return []
    positions = ls.desk.positions(place.document.source.text)
    return [ls.wording.symbol(each, positions) for each in outline(place.document)]


def code_lens(ls: KogdaServer, params: types.CodeLensParams) -> list[types.CodeLens]:
    place = ls.desk.place(params.text_document.uri)
    if place is None or place.workspace is None:
        return []
    positions = ls.desk.positions(place.document.source.text)
    folder = str(place.workspace.folder)
    titles = {"test": say("run tests"), "simulate": say("simulate"), "explain": say("explain")}
    return [
        types.CodeLens(
            positions.range(lens.span),
            types.Command(
                in_language(titles[lens.command], ls.wording.language),
                f"kogda.{lens.command}",
                arguments=[folder, place.document.path, lens.subject],
            ),
        )
        for lens in lenses(place.document)
        if lens.command in CLI
    ]


def code_actions(ls: KogdaServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    uri = params.text_document.uri
    ls.watch.look_at(uri)  # places of the text as it is now
    findings = ls.watch.findings.get(uri, ())
    near = [each for each in findings if each.fixes and _touches(ls, each, params.range)]
    actions = [action for each in near for action in _quick_fixes(ls, each, uri)]
    safe = [edits for each in findings for _, is_safe, edits in ls.wording.fixes(each) if is_safe]
    if safe:
        edit = workspace_edit({uri: [edit for edits in safe for edit in edits]})
        title = in_language(say("apply all safe fixes of this file"), ls.wording.language)
        actions.append(types.CodeAction(title, kind=types.CodeActionKind.SourceFixAll, edit=edit))
    only = params.context.only
    return [each for each in actions if not only or any(_word(each.kind).startswith(_word(kind)) for kind in only)]


def _word(kind: types.CodeActionKind | str | None) -> str:
    return kind.value if isinstance(kind, types.CodeActionKind) else kind or ""


def _touches(ls: KogdaServer, finding: Diagnostic, wanted: types.Range) -> bool:
    found = ls.desk.positions(finding.source.text).range(finding.span)
    before = (found.end.line, found.end.character) < (wanted.start.line, wanted.start.character)
    behind = (found.start.line, found.start.character) > (wanted.end.line, wanted.end.character)
    return not before and not behind


def _quick_fixes(ls: KogdaServer, finding: Diagnostic, uri: str) -> list[types.CodeAction]:
    diagnostic = ls.wording.diagnostic(finding, {finding.source.path: uri})
    diagnostic.related_information = None
    return [
        types.CodeAction(
            title,
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[diagnostic],
            is_preferred=place == 0 and is_safe,
            edit=workspace_edit({uri: edits}),
        )
        for place, (title, is_safe, edits) in enumerate(ls.wording.fixes(finding))
    ]


def colours(ls: KogdaServer, params: types.SemanticTokensParams) -> types.SemanticTokens:
    place = ls.desk.place(params.text_document.uri)
    if place is None:
        return types.SemanticTokens([])
    positions = ls.desk.positions(place.document.source.text)
    data: list[int] = []
    line = column = 0
    for each in coloured(place.view, place.document):
        start, end = positions.position(each.span.start), positions.position(each.span.end)
        down = start.line - line
        right = start.character - (column if down == 0 else 0)
        data += [down, right, end.character - start.character, COLOURS.index(each.colour), int(each.is_definition)]
        line, column = start.line, start.character
    return types.SemanticTokens(data)


ANSWERS: dict[str, Callable[..., Any]] = {
    types.TEXT_DOCUMENT_COMPLETION: completion,
    types.COMPLETION_ITEM_RESOLVE: completion_details,
    types.TEXT_DOCUMENT_HOVER: hovered,
    types.TEXT_DOCUMENT_DEFINITION: definition,
    types.TEXT_DOCUMENT_REFERENCES: all_references,
    types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT: highlights,
    types.TEXT_DOCUMENT_PREPARE_RENAME: may_rename,
    types.TEXT_DOCUMENT_RENAME: renamed,
    types.TEXT_DOCUMENT_FORMATTING: formatted,
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: symbols,
    types.TEXT_DOCUMENT_CODE_LENS: code_lens,
    types.TEXT_DOCUMENT_CODE_ACTION: code_actions,
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: colours,
}
