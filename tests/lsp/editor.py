"""An editor in the tests: pygls' own client, over stdio, with a real server process behind it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

#: Checks are polite: where everything else is busy they take many times as long.
WITHIN_S = 240


@dataclass
class Editor:
    """Open files by name below `folder`; `marks` are the diagnostics that are shown, the newest."""

    client: LanguageClient
    folder: Path
    texts: dict[str, str] = field(default_factory=dict)
    marks: dict[str, list[types.Diagnostic]] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def _id(self, name: str) -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(self.uri(name))

    def open(self, name: str, text: str | None = None) -> None:
        self.texts[name] = (self.folder / name).read_text() if text is None else text
        item = types.TextDocumentItem(self.uri(name), "kogda", 1, self.texts[name])
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def write(self, name: str, text: str) -> None:
        self.texts[name] = text
        changes = [types.TextDocumentContentChangeWholeDocument(text)]
        document = types.VersionedTextDocumentIdentifier(2, self.uri(name))
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, changes))

    def close(self, name: str) -> None:
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(self._id(name)))

    def at(self, name: str, words: str, *, after: bool = False) -> types.Position:
        """Where the words stand, in UTF-16 as an editor counts; `after`: behind them."""
        offset = self.texts[name].index(words) + (len(words) if after else 0)
        before = self.texts[name][:offset]
        line = before.rpartition("\n")[2]
        return types.Position(before.count("\n"), len(line.encode("utf-16-le")) // 2)

    def text_in(self, name: str, range: types.Range) -> str:
        """What an editor would mark."""
        lines = self.texts[name].split("\n")
        if range.start.line != range.end.line:
            return "\n".join(lines[range.start.line : range.end.line + 1])
        units = lines[range.start.line].encode("utf-16-le")
        return units[2 * range.start.character : 2 * range.end.character].decode("utf-16-le")

    async def codes(self, name: str, *expected: str) -> list[types.Diagnostic]:
        """Waits until these are the errors of the file, by code in the order of the text. Warnings are left out."""

        def found() -> list[str]:
            marks = sorted(self.marks.get(self.uri(name), []), key=lambda each: each.range.start.line)
            return [str(each.code) for each in marks if str(each.code).startswith("E")]

        async with self._news:
            try:
                await asyncio.wait_for(
                    self._news.wait_for(lambda: self.uri(name) in self.marks and found() == list(expected)), WITHIN_S
                )
            except TimeoutError:
                raise AssertionError(f"{name}: {found()}, not {list(expected)}") from None
        return [each for each in self.marks[self.uri(name)] if str(each.code).startswith("E")]

    async def told(self, words: str) -> str:
        """Waits for a message with these words."""
        async with self._news:
            await asyncio.wait_for(
                self._news.wait_for(lambda: any(words in message for message in self.messages)), WITHIN_S
            )
        return next(message for message in self.messages if words in message)

    async def complete(self, name: str, words: str) -> list[types.CompletionItem]:
        """Behind the words."""
        params = types.CompletionParams(self._id(name), self.at(name, words, after=True))
        answer = await self.client.text_document_completion_async(params)
        assert isinstance(answer, types.CompletionList)
        return list(answer.items)

    async def hover(self, name: str, words: str) -> str:
        answer = await self.client.text_document_hover_async(types.HoverParams(self._id(name), self.at(name, words)))
        if answer is None:
            return ""
        assert isinstance(answer.contents, types.MarkupContent)
        return answer.contents.value

    async def ask(self, method: str, name: str, words: str = "", **more: Any) -> Any:
        """Any other request about a file, or about a place in it."""
        cls = types.METHOD_TO_TYPES[method][2]
        place = {"position": self.at(name, words)} if words else {}
        return await self.client.protocol.send_request_async(method, cls(text_document=self._id(name), **place, **more))

    async def _hear(self, act: Any) -> None:
        async with self._news:
            act()
            self._news.notify_all()


@asynccontextmanager
async def editor(folder: Path, *, encodings: list[str] | None = None, **options: Any) -> AsyncIterator[Editor]:
    client = LanguageClient("test-editor", "1")
    desk = Editor(client, folder)

    @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    async def marks(params: types.PublishDiagnosticsParams) -> None:
        await desk._hear(lambda: desk.marks.update({params.uri: list(params.diagnostics)}))

    @client.feature(types.WINDOW_SHOW_MESSAGE)
    async def message(params: types.ShowMessageParams) -> None:
        await desk._hear(lambda: desk.messages.append(params.message))

    @client.feature(types.WINDOW_LOG_MESSAGE)
    async def log(params: types.LogMessageParams) -> None:
        await desk._hear(lambda: None)

    environment = {key: value for key, value in os.environ.items() if not key.startswith("KOGDA_")}
    environment |= options.pop("environment", {})
    await client.start_io(sys.executable, "-m", "api.cli", "lsp", env=environment, cwd=folder)
    try:
        await client.initialize_async(_hello(folder, encodings, options))
        client.initialized(types.InitializedParams())
        yield desk
        if not client.stopped:
            await client.shutdown_async(None)
    finally:
        if not client.stopped:
            client.exit(None)
        await asyncio.wait_for(client.stop(), WITHIN_S)


def _hello(folder: Path, encodings: list[str] | None, options: dict[str, Any]) -> types.InitializeParams:
    item = types.ClientCompletionItemOptions(snippet_support=True)
    return types.InitializeParams(
        capabilities=types.ClientCapabilities(
            text_document=types.TextDocumentClientCapabilities(
                completion=types.CompletionClientCapabilities(completion_item=item)
            ),
            general=types.GeneralClientCapabilities(position_encodings=encodings),  # type: ignore[arg-type]
        ),
        process_id=os.getpid(),
        root_uri=folder.as_uri(),
        initialization_options=options or None,
    )
