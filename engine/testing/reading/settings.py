"""Settings of kogda.yaml that one test sets for itself, each written as it stands there after the colon."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dsl import syntax
from dsl.catalog import Catalog
from dsl.compiling.lookup import report_unknown
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.plan import Plan, QuietHours, WorkspaceCap
from dsl.problems import Problems
from dsl.source import Source
from engine.workspace.limits import read_caps, read_quiet_hours
from engine.workspace.reading import Reader
from engine.workspace.settings import CONSENTS, LEAP_DAYS
from engine.workspace.yaml_tree import Tree, parse_yaml

#: What a test says for "none at all", and the settings of which there may be none.
_NONE: Mapping[str, Any] = {"quiet_hours": None, "caps": ()}
#: What the plan of the workspace was made with, so that no test can have another.
_COMPILED_WITH = frozenset({"currency", "late_after", "language", "locale"})
_READERS: Mapping[str, Callable[[Tree, Reader, Catalog], Any]] = {
    "timezone": lambda tree, reader, _: reader.zone(tree),
    "quiet_hours": lambda tree, reader, _: read_quiet_hours(tree, reader),
    "caps": lambda tree, reader, catalog: read_caps(tree, reader, topics=catalog.topics, channels=catalog.channels),
    "consent": lambda tree, reader, _: reader.choice(tree, CONSENTS),
    "leap_day": lambda tree, reader, _: reader.choice(tree, LEAP_DAYS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSettings:
    """Those that matter in a test. Two tests that set the same stand on the same ground."""

    timezone: str
    quiet_hours: QuietHours | None
    caps: tuple[WorkspaceCap, ...]
    consent: str
    leap_day: str

    @classmethod
    def of(cls, catalog: Catalog, plan: Plan) -> CaseSettings:
        return cls(
            timezone=plan.timezone,
            quiet_hours=plan.quiet_hours,
            caps=plan.caps,
            consent=str(catalog.settings.get("consent", CONSENTS[0])),
            leap_day=plan.leap_day,
        )

    def catalog(self, catalog: Catalog) -> Catalog:
        return replace(
            catalog,
            timezone=self.timezone,
            quiet_hours=self.quiet_hours,
            caps=self.caps,
            settings={**catalog.settings, "consent": self.consent, "leap_day": self.leap_day},
        )

    def plan(self, plan: Plan) -> Plan:
        return replace(
            plan,
            timezone=self.timezone,
            quiet_hours=self.quiet_hours,
            caps=self.caps,
            leap_day="1 march" if self.leap_day == "1 march" else "28 february",
        )


def settings_of(case: syntax.TestCase, known: CaseSettings, catalog: Catalog, problems: Problems) -> CaseSettings:
    """Those `known`, with what the test says instead; what it cannot say goes to `problems`."""
    reading = _Reading(catalog, problems)
    for line in case.lines:
        for pair in line.settings if isinstance(line, syntax.GivenWorkspace) else ():
            reading.read(pair)
    return replace(known, **reading.given)


@dataclass(slots=True)
class _Reading:
    catalog: Catalog
    problems: Problems
    given: dict[str, Any] = field(default_factory=dict)

    def read(self, pair: syntax.Pair) -> None:
        name = pair.name.text
        if name in _COMPILED_WITH:
            notes = [
                say("rules and schema are compiled with it: change it in kogda.yaml, and all tests are judged by it")
            ]
            label = Label(pair.name.span, say("it belongs to the whole workspace"))
            self.problems.error("E408", say('a test cannot set "{name}"', name=name), label, notes=notes)
        elif name not in _READERS:
            message = say('a test cannot set "{name}"', name=name)
            report_unknown("E408", message, pair.name.span, problems=self.problems, candidates=_READERS)
        elif name in self.given:
            self.problems.error(
                "E408", say('"{name}" is set twice', name=name), Label(pair.span, say("one test has one of it"))
            )
        elif name in _NONE and isinstance(pair.value, syntax.Flag) and not pair.value.value:
            self.given[name] = _NONE[name]
        elif not isinstance(pair.value, syntax.Placeholder):  # one without a cell is reported already
            self._read_value(pair)

    def _read_value(self, pair: syntax.Pair) -> None:
        name, value = pair.name.text, pair.value
        text = value.text if isinstance(value, syntax.Text) else self.problems.source.slice(value.span)
        inside = Problems(Source("kogda.yaml", f"{name}: {text}"))
        tree = parse_yaml(inside.source, inside)
        written = tree.get(name) if tree else None
        found = _READERS[name](written, Reader(inside), self.catalog) if written else None
        for each in inside.found[:1]:
            self.problems.error(each.code, each.message, Label(value.span, each.labels[0].text), notes=each.notes)
        if not inside.found and found is not None:
            self.given[name] = found
