"""A workspace that is being written: what lies on disk, with the unsaved texts of an editor over it.

`check` says what `kogda check` would say of these texts. `check_quickly` says after every key stroke what is wrong in
the item under it, and keeps what was known of everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeAlias

from dsl import syntax
from dsl.around import Around, Observed
from dsl.assistance.documents import Document, Piece, read_document
from dsl.assistance.moving import moved_finding
from dsl.assistance.view import View
from dsl.compiler import compile_rules
from dsl.diagnostics import Diagnostic
from dsl.formatter import kind_of
from dsl.problems import in_order
from dsl.source import Source
from engine.flow.checking.check_workspace import check_files
from engine.flow.checking.load_workspace import Ground, read_ground
from engine.workspace.files import (
    RULE_SUFFIX,
    RULES,
    SCHEMA,
    SETTINGS,
    TEMPLATE_SUFFIXES,
    TEMPLATES,
    WorkspaceFiles,
    read_files,
)
from engine.workspace.homes import SchemaHomes, schema_homes

Found: TypeAlias = dict[str, tuple[Diagnostic, ...]]  # by path


@dataclass(frozen=True, slots=True)
class Checking:
    revision: int
    documents: tuple[Document, ...]  # as they are checked
    work: Callable[[], Found]


@dataclass(slots=True)
class EditedWorkspace:
    """One at a time may change it. Paths are relative to the folder, with slashes."""

    folder: Path
    today: Callable[[], date] | None = None  # None: allowances are not judged, and lints that ask for it are silent
    observed: Observed | None = None  # what a server has seen of the customers
    unsaved: dict[str, str] = field(default_factory=dict)  # by path
    revision: int = field(init=False, default=0)  # rises with every change of a text
    _files: WorkspaceFiles = field(init=False)
    _ground: Ground = field(init=False)
    _homes: SchemaHomes = field(init=False)
    _is_ground_stale: bool = field(init=False, default=False)
    _documents: dict[str, Document] = field(init=False, default_factory=dict)
    _known: dict[str, tuple[Document, tuple[Diagnostic, ...]]] = field(init=False, default_factory=dict)
    _view: View | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.reload()

    @staticmethod
    def holds(path: str) -> bool:
        """Whether a file of this path is one that a workspace reads."""
        return path in (SETTINGS, SCHEMA) or is_rule_file(path) or is_template(path)

    def reload(self) -> None:
        """Reads the folder again; unsaved texts stay as they are."""
        self.revision += 1
        self._files = read_files(self.folder)
        for path, text in self.unsaved.items():
            self._put(Source(path, text))
        self._read_ground()
        sources = [*self._files.rules, *self._files.tests]
        self._documents = {
            source.path: read_document(source, kind_of(source.path), self._documents.get(source.path))
            for source in sources
        }
        self._view = None

    def write(self, path: str, text: str) -> None:
        """The text of a file in the editor, saved or not."""
        self.revision += 1
        self.unsaved[path] = text
        source = Source(path, text.removeprefix("\ufeff"))
        self._put(source)
        if is_rule_file(path):
            self._documents[path] = read_document(source, kind_of(path), self._documents.get(path))
        else:
            self._is_ground_stale = True
        self._view = None

    def close(self, path: str) -> None:
        """The file counts as it lies on disk again."""
        if self.unsaved.pop(path, None) is not None:
            self.reload()

    @property
    def view(self) -> View:
        if self._is_ground_stale:
            self._read_ground()
        if self._view is None:
            rules = {path: each for path, each in sorted(self._documents.items()) if each.kind == "rules"}
            tests = {path: each for path, each in sorted(self._documents.items()) if each.kind == "tests"}
            homes = self._homes
            self._view = View(self._ground.catalog, rules, tests, homes.events, homes.attributes, homes.properties)
        return self._view

    def document(self, path: str) -> Document | None:
        return self._documents.get(path)

    def source(self, path: str) -> Source | None:
        """Of any file of the workspace that is a text."""
        document = self._documents.get(path)
        if document is not None:
            return document.source
        template = self._files.templates.get(path.removeprefix(f"{TEMPLATES}/"))
        if template is not None:
            return Source(path, template)
        return next((each for each in (self._files.settings, self._files.schema) if each and each.path == path), None)

    def template_files(self) -> list[str]:
        return [f"{TEMPLATES}/{path}" for path in self._files.templates]

    def check(self) -> Found:
        """All findings by path, the same as those of `kogda check`."""
        checking = self.checking()
        return self.remember(checking, checking.work())

    def checking(self) -> Checking:
        """The check of the texts as they are now: it may run in another process while they change."""
        files = replace(self._files, rules=list(self._files.rules), tests=list(self._files.tests))
        around = Around(today=self.today() if self.today else None, observed=self.observed)
        documents = tuple(self._documents.values())
        return Checking(self.revision, documents, partial(_check, self.folder, files, around))

    def remember(self, checking: Checking, found: Found) -> Found:
        """Holds what was found, for the quick checks that follow: of other texts than these it holds for the items
        that are still the same."""
        self._known = {each.path: (each, found.get(each.path, ())) for each in checking.documents}
        return found

    def check_quickly(self, path: str) -> tuple[Diagnostic, ...]:
        """Findings of one rule file or test file: new ones for what was written, the last known ones for the rest."""
        document = self._documents[path]
        before, known = self._known.get(path, (None, ()))
        kept, changed = _unchanged(document, before)
        found = [each for piece in changed for each in piece.found]
        found += self._compiled(document, changed) if document.kind == "rules" else []
        lay_in = _by_piece(known, before)
        for piece, born in kept:
            by = piece.span.start - born.span.start
            found += [moved_finding(each, by, document.source) for each in lay_in.get(id(born), ())]
        told = tuple(in_order(found))
        if before is None:
            self._known[path] = document, told  # until the whole workspace is checked for the first time
        return told

    def _compiled(self, document: Document, changed: Sequence[Piece]) -> list[Diagnostic]:
        """What the compiler says of some items: of the rest of the workspace it needs the definitions alone."""
        files = [
            other.definitions if other is not document else _with_items(document, changed)
            for other in self.view.rules.values()
        ]
        found = compile_rules(files, self._ground.catalog)[1]
        return [
            each
            for each in found
            if each.source.path == document.path and any(_is_in(each, piece) for piece in changed)
        ]

    def _read_ground(self) -> None:
        self._ground = read_ground(self._files)
        self._is_ground_stale = False
        self._homes = schema_homes(self._files.schema)

    def _put(self, source: Source) -> None:
        """In the place of the file with this path, or as a new one."""
        files, path = self._files, source.path
        files.found = [each for each in files.found if each.source.path != path]
        if path == SETTINGS:
            files.settings = source
        elif path == SCHEMA:
            files.schema = source
        elif is_rule_file(path):
            listed = files.tests if kind_of(path) == "tests" else files.rules
            listed[:] = sorted([*(each for each in listed if each.path != path), source], key=lambda each: each.path)
        elif is_template(path):
            files.templates = dict(sorted({**files.templates, path.removeprefix(f"{TEMPLATES}/"): source.text}.items()))


def _check(folder: Path, files: WorkspaceFiles, around: Around) -> Found:
    found: dict[str, list[Diagnostic]] = {}
    for each in check_files(folder, files, around, cached=False).diagnostics:
        found.setdefault(each.source.path, []).append(each)
    return {path: tuple(each) for path, each in found.items()}


def is_rule_file(path: str) -> bool:
    return path.startswith(f"{RULES}/") and path.endswith(RULE_SUFFIX)


def is_template(path: str) -> bool:
    return path.startswith(f"{TEMPLATES}/") and path.endswith(TEMPLATE_SUFFIXES)


def _with_items(document: Document, changed: Sequence[Piece]) -> syntax.RuleFile:
    own = [item for piece in document.pieces for item in (piece.items if piece in changed else piece.definitions)]
    return syntax.RuleFile(source=document.source, items=tuple(own))


def _unchanged(document: Document, before: Document | None) -> tuple[list[tuple[Piece, Piece]], list[Piece]]:
    """Pieces that stood in the file when it was last checked, each with what it was then; and the others."""
    known: dict[str, list[Piece]] = {}
    for piece in before.pieces if before else ():
        known.setdefault(piece.text, []).append(piece)
    kept, changed = [], []
    for piece in document.pieces:
        if known.get(piece.text):
            kept.append((piece, known[piece.text].pop(0)))
        else:
            changed.append(piece)
    return kept, changed


def _by_piece(found: Sequence[Diagnostic], document: Document | None) -> dict[int, list[Diagnostic]]:
    """By the identity of the piece of the document that each one lies in."""
    lay_in: dict[int, list[Diagnostic]] = {}
    for each in found:
        piece = document.piece_from(each.span.start) if document else None
        if piece is not None:
            lay_in.setdefault(id(piece), []).append(each)
    return lay_in


def _is_in(finding: Diagnostic, piece: Piece) -> bool:
    """A finding at the end of a file belongs to its last piece."""
    return piece.span.start <= finding.span.start < piece.span.end or (
        finding.span.start == piece.span.end == len(piece.source.text)
    )
