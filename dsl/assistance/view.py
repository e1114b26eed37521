"""Everything that an answer may look at: the catalog, rules and tests as they are being written, where names live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from dsl.assistance.documents import Document
from dsl.catalog import Catalog
from dsl.resolve import Definition, Names, resolve
from dsl.source import Source, Span


@dataclass(frozen=True, slots=True)
class Home:
    """Where a name was given: its file and the place in it."""

    source: Source
    span: Span


@dataclass(frozen=True, eq=False)
class View:
    catalog: Catalog
    rules: Mapping[str, Document] = field(default_factory=dict)  # by path
    tests: Mapping[str, Document] = field(default_factory=dict)
    events: Mapping[str, Home] = field(default_factory=dict)  # in the schema, by name
    attributes: Mapping[str, Home] = field(default_factory=dict)
    properties: Mapping[tuple[str, str], Home] = field(default_factory=dict)  # by event and name

    @cached_property
    def names(self) -> dict[str, Names]:
        """What each rule file sees, by path."""
        return resolve([document.definitions for document in self.rules.values()], self.catalog, [])

    def definitions(self, path: str) -> dict[str, Definition]:
        """A test file sees what the rules see: all of it."""
        if path in self.names:
            return self.names[path].seen
        return {name: each for names in self.names.values() for name, each in names.seen.items()}

    def document(self, path: str) -> Document | None:
        return self.rules.get(path) or self.tests.get(path)

    def documents(self) -> Iterator[Document]:
        yield from self.rules.values()
        yield from self.tests.values()
