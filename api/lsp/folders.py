"""Which workspace a file of the editor belongs to, and what it is called there."""

from __future__ import annotations

import os
from pathlib import Path

from pygls.uris import from_fs_path, to_fs_path

from dsl.assistance.documents import Document, read_document
from dsl.assistance.view import View
from dsl.catalog import BUILT_IN_ATTRIBUTES, Catalog
from dsl.formatter import kind_of
from dsl.source import Source

SETTINGS = "kogda.yaml"


def path_of(uri: str) -> Path | None:
    """None: not a file, such as a text that was never saved."""
    name = to_fs_path(uri) if uri.startswith("file:") else None
    return Path(name) if name else None


def uri_of(path: Path) -> str:
    return from_fs_path(str(path)) or path.as_uri()


def folder_of(path: Path) -> Path | None:
    """The nearest folder above that is a workspace."""
    return next((folder for folder in path.parents if (folder / SETTINGS).is_file()), None)


def name_in(folder: Path, path: Path) -> str:
    """Relative, with slashes; links in the way to the workspace do not matter, those inside it do."""
    if path.is_relative_to(folder):
        return path.relative_to(folder).as_posix()
    return Path(os.path.relpath(path.parent.resolve() / path.name, folder.resolve())).as_posix()


class LooseFile:
    """A rule file outside of any workspace: its words are checked and completed, its names cannot be."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self.write(text)

    def write(self, text: str) -> None:
        before = getattr(self, "document", None)
        self.document: Document = read_document(Source(self._name, text), kind_of(self._name), before)

    @property
    def view(self) -> View:
        catalog = Catalog(attributes=BUILT_IN_ATTRIBUTES)
        files = {self._name: self.document}
        return View(catalog, *((files, {}) if self.document.kind == "rules" else ({}, files)))
