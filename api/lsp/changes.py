"""Edits of several files at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from lsprotocol import types

from api.lsp.desk import Place
from dsl.assistance.renaming import Rename

if TYPE_CHECKING:
    from api.lsp.server import KogdaServer


def workspace_edit(edits: Mapping[str, list[types.TextEdit]]) -> types.WorkspaceEdit:
    return types.WorkspaceEdit(changes={uri: without_overlaps(each) for uri, each in edits.items()})


def without_overlaps(edits: list[types.TextEdit]) -> list[types.TextEdit]:
    """The first of those that change the same place."""
    kept: list[types.TextEdit] = []
    for edit in sorted(edits, key=lambda each: (_start(each), _end(each))):
        same = bool(kept) and edit.range == kept[-1].range
        if not kept or (_start(edit) >= _end(kept[-1]) and not same):
            kept.append(edit)
    return kept


def _start(edit: types.TextEdit) -> tuple[int, int]:
    return edit.range.start.line, edit.range.start.character


def _end(edit: types.TextEdit) -> tuple[int, int]:
    return edit.range.end.line, edit.range.end.character


def rename_edit(server: KogdaServer, place: Place, change: Rename) -> types.WorkspaceEdit:
    """Texts, and the files of a template: in all its languages, with its plain text."""
    texts: dict[str, list[types.TextEdit]] = {}
    for path, edits in change.edits.items():
        document = place.view.document(path)
        assert document is not None
        positions = server.desk.positions(document.source.text)
        uri = server.desk.uri(place.workspace, path, place.uri)
        texts[uri] = [types.TextEdit(positions.range(edit.span), edit.text) for edit in edits]
    if not change.templates:
        return types.WorkspaceEdit(changes=texts)
    documents = [
        types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier(uri), list(edits))
        for uri, edits in texts.items()
    ]
    return types.WorkspaceEdit(document_changes=[*documents, *_renamed_files(server, place, change)])


def _renamed_files(server: KogdaServer, place: Place, change: Rename) -> Iterator[types.RenameFile]:
    if place.workspace is None:
        return
    for old, new in change.templates:
        for path in place.workspace.template_files():
            bare = path.removeprefix("templates/")
            if bare.startswith(f"{old}."):
                renamed = f"templates/{new}{bare.removeprefix(old)}"
                yield types.RenameFile(
                    server.desk.uri(place.workspace, path), server.desk.uri(place.workspace, renamed)
                )
