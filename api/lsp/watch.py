"""When what is looked at, and telling the client: the item under the cursor at once, the whole workspace in a pause."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from api.lsp.aside import Aside
from dsl.diagnostics import Diagnostic
from engine.flow.checking.edited_workspace import EditedWorkspace, Found

if TYPE_CHECKING:
    from api.lsp.server import KogdaServer

#: A pause in writing after which the item is looked at, and one after which everything is.
ITEM_S, WORKSPACE_S = 0.01, 0.35


class Watch:
    def __init__(self, server: KogdaServer) -> None:
        self._server = server
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._checking: asyncio.Task[None] | None = None
        self._again = False
        self._aside = Aside()
        self._shown: set[str] = set()  # addresses of files with marks in them
        self.findings: dict[str, tuple[Diagnostic, ...]] = {}  # by address, as the client sees them

    def written(self, uri: str) -> None:
        self._later(uri, ITEM_S, lambda: self.look_at(uri))
        self.whole()

    def whole(self, *, after_s: float = WORKSPACE_S) -> None:
        self._later("", after_s, self._begin)

    def look_at(self, uri: str) -> None:
        found = self._server.desk.quick_findings(uri)
        if found is not None:
            self._tell(uri, found)

    def closed(self, uri: str) -> None:
        timer = self._timers.pop(uri, None)
        if timer is not None:
            timer.cancel()
        if uri in self._shown:
            self._tell(uri, ())
        self.whole()

    def end(self) -> None:
        self._aside.end()

    def _later(self, key: str, after_s: float, act: Callable[[], None]) -> None:
        before = self._timers.pop(key, None)
        if before is not None:
            before.cancel()
        self._timers[key] = asyncio.get_running_loop().call_later(after_s, act)

    def _begin(self) -> None:
        if self._checking is not None and not self._checking.done():
            self._again = True
            return
        self._checking = asyncio.create_task(self._check())

    async def _check(self) -> None:
        for workspace, checking in list(self._server.desk.checks()):
            found = workspace.remember(checking, await self._aside.run(checking.work))
            if workspace.revision != checking.revision:
                self._again = True  # the texts have changed meanwhile: their places would be wrong
                continue
            self._adopt(workspace, found)
        if self._again:
            self._again = False
            self.whole()

    def _adopt(self, workspace: EditedWorkspace, by_path: Found) -> None:
        desk = self._server.desk
        found = {desk.uri(workspace, path): findings for path, findings in by_path.items()}
        root = desk.uri(workspace, "")
        for uri in [uri for uri in self._shown if uri.startswith(root) and uri not in found]:
            self._tell(uri, ())
        for uri in desk.open_uris.values():
            if uri not in found and uri not in self.findings:
                found[uri] = ()  # nothing is wrong: that is news, once
        for uri, findings in found.items():
            self._tell(uri, findings)

    def _tell(self, uri: str, findings: Sequence[Diagnostic]) -> None:
        self.findings[uri] = tuple(findings)
        (self._shown.add if findings else self._shown.discard)(uri)
        desk = self._server.desk
        workspace = desk.workspace_of(uri)
        paths = {label.source.path for each in findings for label in each.labels if label.source is not None}
        own = {each.source.path: uri for each in findings}
        uris = {**{path: desk.uri(workspace, path, uri) for path in paths}, **own}
        told = [self._server.wording.diagnostic(each, uris) for each in findings]
        self._server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, told))
