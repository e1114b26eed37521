"""The open files of one editor: their texts, the workspaces they belong to, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lsprotocol.types import PositionEncodingKind

from api.lsp.folders import LooseFile, folder_of, name_in, path_of, uri_of
from api.lsp.positions import Positions, positions_in
from dsl.assistance.documents import Document
from dsl.assistance.view import View
from dsl.diagnostics import Diagnostic
from engine.clock import utc_now
from engine.flow.checking.edited_workspace import Checking, EditedWorkspace


@dataclass(frozen=True, slots=True)
class Place:
    """A file of the editor as the answers need it."""

    uri: str
    view: View
    document: Document
    workspace: EditedWorkspace | None


@dataclass(slots=True)
class Desk:
    encoding: PositionEncodingKind | str = PositionEncodingKind.Utf16
    workspaces: dict[Path, EditedWorkspace] = field(default_factory=dict)
    loose: dict[str, LooseFile] = field(default_factory=dict)  # by uri
    open_uris: dict[tuple[Path, str], str] = field(default_factory=dict)  # as the client spells them
    _where: dict[str, tuple[Path, str] | None] = field(default_factory=dict)  # by uri

    def open(self, uri: str, text: str) -> None:
        where = self._find(uri)
        self._where[uri] = where
        if where is not None:
            self.open_uris[where] = uri
        self.write(uri, text)

    def write(self, uri: str, text: str) -> None:
        where = self._where.get(uri)
        if where is not None:
            folder, name = where
            self.workspaces[folder].write(name, text)
        elif uri in self.loose:
            self.loose[uri].write(text)
        elif uri.endswith(".rules") or not uri.startswith("file:"):
            path = path_of(uri)
            self.loose[uri] = LooseFile(path.name if path else "untitled.rules", text)

    def close(self, uri: str) -> None:
        self.loose.pop(uri, None)
        where = self._where.pop(uri, None)
        if where is not None:
            self.open_uris.pop(where, None)
            self.workspaces[where[0]].close(where[1])

    def reload(self) -> None:
        """Something changed on disk."""
        for workspace in self.workspaces.values():
            workspace.reload()

    def workspace_of(self, uri: str) -> EditedWorkspace | None:
        where = self._where.get(uri)
        return self.workspaces[where[0]] if where else None

    def name_of(self, uri: str) -> str:
        where = self._where.get(uri)
        return where[1] if where else ""

    def place(self, uri: str) -> Place | None:
        """None for templates and settings: they have findings, but no words of the language."""
        if uri in self.loose:
            return Place(uri, self.loose[uri].view, self.loose[uri].document, None)
        workspace = self.workspace_of(uri)
        document = workspace.document(self.name_of(uri)) if workspace else None
        return Place(uri, workspace.view, document, workspace) if workspace and document else None

    def quick_findings(self, uri: str) -> tuple[Diagnostic, ...] | None:
        """None: this kind of file is checked with the whole workspace only."""
        place = self.place(uri)
        if place is None:
            return None
        return place.workspace.check_quickly(place.document.path) if place.workspace else place.document.found

    def checks(self) -> Iterator[tuple[EditedWorkspace, Checking]]:
        for workspace in self.workspaces.values():
            yield workspace, workspace.checking()

    def uri(self, workspace: EditedWorkspace | None, name: str, otherwise: str = "") -> str:
        if workspace is None:
            return otherwise
        return self.open_uris.get((workspace.folder, name)) or uri_of(workspace.folder / name)

    def positions(self, text: str) -> Positions:
        return positions_in(text, self.encoding)

    def _find(self, uri: str) -> tuple[Path, str] | None:
        path = path_of(uri)
        folder = folder_of(path) if path else None
        if path is None or folder is None:
            return None
        name = name_in(folder, path)
        if not EditedWorkspace.holds(name):
            return None
        if folder not in self.workspaces:
            self.workspaces[folder] = EditedWorkspace(folder, today=lambda: utc_now().date())
        return folder, name
