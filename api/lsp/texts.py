"""What the client tells: files opened, written, saved, closed, changed on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lsprotocol import types

if TYPE_CHECKING:
    from api.lsp.server import KogdaServer


def opened(ls: KogdaServer, params: types.DidOpenTextDocumentParams) -> None:
    document = params.text_document
    ls.desk.open(document.uri, document.text)
    ls.watch.look_at(document.uri)
    ls.watch.whole(after_s=0)


def changed(ls: KogdaServer, params: types.DidChangeTextDocumentParams) -> None:
    uri = params.text_document.uri
    for change in params.content_changes:
        ls.desk.write(uri, change.text)
    ls.watch.written(uri)


def saved(ls: KogdaServer, params: types.DidSaveTextDocumentParams) -> None:
    ls.watch.whole(after_s=0)


def closed(ls: KogdaServer, params: types.DidCloseTextDocumentParams) -> None:
    ls.desk.close(params.text_document.uri)
    ls.watch.closed(params.text_document.uri)


def changed_on_disk(ls: KogdaServer, params: types.DidChangeWatchedFilesParams) -> None:
    ls.desk.reload()
    ls.watch.whole()


TEXTS: dict[str, Callable[..., Any]] = {
    types.TEXT_DOCUMENT_DID_OPEN: opened,
    types.TEXT_DOCUMENT_DID_CHANGE: changed,
    types.TEXT_DOCUMENT_DID_SAVE: saved,
    types.TEXT_DOCUMENT_DID_CLOSE: closed,
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: changed_on_disk,
}
