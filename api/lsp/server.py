"""The server itself: one per editor, on stdin and stdout."""

from __future__ import annotations

import gc
from importlib.metadata import version

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from api.language import spoken
from api.lsp.answers import ANSWERS
from api.lsp.commands import COMMANDS
from api.lsp.desk import Desk
from api.lsp.folders import LooseFile
from api.lsp.live import LiveNumbers
from api.lsp.texts import TEXTS
from api.lsp.watch import Watch
from api.lsp.wording import Wording
from dsl.assistance.colours import COLOURS
from dsl.assistance.completion import complete
from dsl.messages import LANGUAGES

OPTIONS: dict[str, object] = {
    types.TEXT_DOCUMENT_COMPLETION: types.CompletionOptions(
        trigger_characters=['"', "«", "“", "."], resolve_provider=True
    ),
    types.TEXT_DOCUMENT_RENAME: types.RenameOptions(prepare_provider=True),
    types.TEXT_DOCUMENT_CODE_ACTION: types.CodeActionOptions(
        code_action_kinds=[types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll]
    ),
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: types.SemanticTokensLegend(
        token_types=list(COLOURS), token_modifiers=["definition"]
    ),
}


class KogdaServer(LanguageServer):
    def __init__(self) -> None:
        # Whole texts, since pygls cuts lines where the protocol has none: a form feed would put every edit elsewhere.
        kind = types.TextDocumentSyncKind.Full
        super().__init__("kogda", version("kogda"), text_document_sync_kind=kind)
        self.desk = Desk()
        self.wording = Wording(spoken(), types.PositionEncodingKind.Utf16)
        self.watch = Watch(self)
        self.live = LiveNumbers()

    def agree(self, params: types.InitializeParams) -> None:
        """On the units of columns, and on the language: the client's own option, or KOGDA_LANGUAGE."""
        encoding = self.workspace.position_encoding or types.PositionEncodingKind.Utf16
        options = params.initialization_options
        wanted = options.get("language") if isinstance(options, dict) else None
        language = next((each for each in LANGUAGES if each == wanted), spoken())
        self.desk.encoding = encoding
        self.wording = Wording(language, encoding)

    @property
    def takes_snippets(self) -> bool:
        completion = self.client_capabilities.text_document and self.client_capabilities.text_document.completion
        item = completion.completion_item if completion else None
        return bool(item and item.snippet_support)


def language_server() -> KogdaServer:
    server = KogdaServer()
    server.feature(types.INITIALIZE)(_begun)
    for method, handler in {**TEXTS, **ANSWERS}.items():
        server.feature(method, OPTIONS.get(method))(handler)
    for name, command in COMMANDS.items():
        server.command(name)(command)
    return server


def _warm_up() -> None:
    """The first key stroke must not wait for tables that are built when they are first used."""
    loose = LooseFile("warm.rules", 'when a where customer.city is "b" sned email "c"\n  only ')
    complete(loose.view, loose.document, len(loose.document.source.text))
    assert loose.document.found


def _begun(ls: KogdaServer, params: types.InitializeParams) -> None:
    ls.agree(params)


def serve() -> None:
    """Until the client says goodbye, or stdin ends."""
    server = language_server()
    _warm_up()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)  # trees hold no cycles; looking for some at every key stroke is felt
    try:
        server.start_io()
    finally:
        server.watch.end()
