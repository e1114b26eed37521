"""The language server as a person feels it: a key stroke in a workspace of many rules, over stdio, from a client."""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil
from lsprotocol import types
from pygls.lsp.client import LanguageClient

from benchmarks.checking import MIXED, write_workspace
from benchmarks.report import Figure

STROKES = 40
PAUSE_S = 0.1  # between two key strokes
SETTLED_S = 4.0


def measure(*, rules: int = 1000) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="kogda-bench-") as name:
        folder = Path(name)
        write_workspace(folder, MIXED, rules)
        return asyncio.run(_measure(folder))


async def _measure(folder: Path) -> list[Figure]:
    client = LanguageClient("bench", "1")
    marks: asyncio.Queue[types.PublishDiagnosticsParams] = asyncio.Queue()

    @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)  # type: ignore[untyped-decorator]  # of pygls
    def published(params: types.PublishDiagnosticsParams) -> None:
        marks.put_nowait(params)

    await client.start_io(sys.executable, "-m", "api.cli", "lsp", cwd=folder)
    await client.initialize_async(types.InitializeParams(types.ClientCapabilities(), root_uri=folder.as_uri()))
    client.initialized(types.InitializedParams())
    desk = _Desk(client, folder / "rules" / "part0.rules", marks)
    await desk.open()
    spent = _spent_s(client)
    diagnosed, completed = await desk.write()
    spent = _spent_s(client) - spent
    everything = await desk.whole_workspace()
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()  # type: ignore[no-untyped-call]
    return [
        _figure("a key stroke to its marks, of 1,000 rules (`kogda lsp`)", diagnosed, goal=100),
        _figure("a key stroke to its completion, of 1,000 rules (`kogda lsp`)", completed, goal=50),
        Figure(
            what="a key stroke, marks and completion: CPU of the server (`kogda lsp`)",
            value=spent / STROKES * 1000,
            unit="ms",
            goal=None,
            at_least=False,
            detail="without the process that checks the whole workspace aside",
        ),
        _figure("the last key stroke to the marks of the whole workspace (`kogda lsp`)", everything, goal=None),
    ]


def _spent_s(client: LanguageClient) -> float:
    """CPU time of the server's own process so far."""
    process = client._server
    assert process is not None
    times = psutil.Process(process.pid).cpu_times()
    return times.user + times.system


class _Desk:
    def __init__(
        self, client: LanguageClient, path: Path, marks: asyncio.Queue[types.PublishDiagnosticsParams]
    ) -> None:
        self._client, self._uri, self._marks = client, path.as_uri(), marks
        self._before, self._after = path.read_text().split("  owner", 1)
        self._version = 1

    async def open(self) -> None:
        item = types.TextDocumentItem(self._uri, "kogda", 1, f"{self._before}  owner{self._after}")
        self._client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        await asyncio.sleep(SETTLED_S)  # the first look at the whole workspace is over
        self._drain()

    async def write(self) -> tuple[list[float], list[float]]:
        """A guard is written letter by letter; after each letter come marks and completion."""
        guard = '  unless customer.city is "Berlin" and event.total\n'
        diagnosed, completed = [], []
        for end in range(len(guard) - STROKES, len(guard)):
            await asyncio.sleep(PAUSE_S)
            began = time.perf_counter()
            self._change(guard[:end])
            items = await self._complete(guard[:end])
            completed.append((time.perf_counter() - began) * 1000)
            assert items is not None
            await self._next_marks()
            diagnosed.append((time.perf_counter() - began) * 1000)
        return diagnosed, completed

    async def whole_workspace(self) -> list[float]:
        """Until a file that is not open is marked, because a name that it uses is gone."""
        times = []
        for number in range(5):
            schema = Path(self._uri.removeprefix("file://")).parent.parent / "schema.yaml"
            text = schema.read_text().replace("order_placed:", f"order_{number}:")
            if number == 0:
                item = types.TextDocumentItem(schema.as_uri(), "yaml", 1, schema.read_text())
                self._client.text_document_did_open(types.DidOpenTextDocumentParams(item))
                await asyncio.sleep(1)
            self._drain()
            began = time.perf_counter()
            document = types.VersionedTextDocumentIdentifier(number + 2, schema.as_uri())
            changes = [types.TextDocumentContentChangeWholeDocument(text)]
            self._client.text_document_did_change(types.DidChangeTextDocumentParams(document, changes))
            while (await asyncio.wait_for(self._marks.get(), 60)).uri.endswith(("part0.rules", "schema.yaml")):
                pass
            times.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.5)
        return times

    def _change(self, guard: str) -> None:
        self._version += 1
        self._drain()
        changes = [types.TextDocumentContentChangeWholeDocument(f"{self._before}{guard}\n  owner{self._after}")]
        document = types.VersionedTextDocumentIdentifier(self._version, self._uri)
        self._client.text_document_did_change(types.DidChangeTextDocumentParams(document, changes))

    async def _complete(self, guard: str) -> object:
        line = self._before.count("\n")
        place = types.Position(line, len(guard))
        params = types.CompletionParams(types.TextDocumentIdentifier(self._uri), place)
        return await self._client.text_document_completion_async(params)

    async def _next_marks(self) -> None:
        while (await asyncio.wait_for(self._marks.get(), 60)).uri != self._uri:
            pass

    def _drain(self) -> None:
        while not self._marks.empty():
            self._marks.get_nowait()


def _figure(what: str, times: list[float], *, goal: float | None) -> Figure:
    worst = sorted(times)[int(len(times) * 0.95)]
    detail = f"95th percentile of {len(times)}, median {statistics.median(times):.0f} ms; over stdio"
    return Figure(what=what, value=worst, unit="ms", goal=goal, at_least=False, detail=detail)
