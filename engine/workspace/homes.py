"""Where the schema gives its names, for an editor to go there."""

from __future__ import annotations

from dataclasses import dataclass, field

from dsl.assistance.view import Home
from dsl.problems import Problems
from dsl.source import Source
from engine.workspace.yaml_tree import Mapping, Tree, parse_yaml


@dataclass(frozen=True, slots=True)
class SchemaHomes:
    events: dict[str, Home] = field(default_factory=dict)
    attributes: dict[str, Home] = field(default_factory=dict)
    properties: dict[tuple[str, str], Home] = field(default_factory=dict)  # by event and name


def schema_homes(source: Source | None) -> SchemaHomes:
    tree = parse_yaml(source, Problems(source)) if source else None
    if source is None or tree is None:
        return SchemaHomes()
    homes = SchemaHomes(attributes=_names(tree.get("customer"), source), events=_names(tree.get("events"), source))
    events = tree.get("events")
    for entry in events.entries.values() if isinstance(events, Mapping) else ():
        properties = entry.value.get("properties") if isinstance(entry.value, Mapping) else None
        for name, home in _names(properties, source).items():
            homes.properties[entry.key, name] = home
    return homes


def _names(tree: Tree | None, source: Source) -> dict[str, Home]:
    entries = tree.entries.values() if isinstance(tree, Mapping) else ()
    return {entry.key: Home(source, entry.key_span) for entry in entries}
