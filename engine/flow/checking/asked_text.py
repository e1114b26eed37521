"""One text of a workspace that somebody asks about by HTTP: with the rest of the workspace given, or as published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from dsl import plan
from dsl.around import Around
from dsl.assistance.documents import Document, read_document
from dsl.assistance.view import View
from dsl.catalog import BUILT_IN_ATTRIBUTES, Catalog, EventType
from dsl.codec import from_json
from dsl.compiler import compile_rules
from dsl.diagnostics import Diagnostic
from dsl.formatter import kind_of
from dsl.kinds import Kind
from dsl.problems import in_order
from dsl.source import Source
from engine.flow.checking.judge_files import check_texts
from engine.flow.checking.load_workspace import read_ground, without_follow_on
from engine.flow.checking.template_catalog import load_templates
from engine.storage.rules.published import RuleSet
from engine.workspace.files import SCHEMA, SETTINGS, WorkspaceFiles
from engine.workspace.homes import schema_homes

#: Lints that want to know what may be missing: a plan does not say that.
ASK_THE_SCHEMA = frozenset({"W540", "W541", "W543"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenWorkspace:
    """Texts. `files` are other rule files and test files, by path; templates are by path below templates/."""

    settings: str | None = None
    schema: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AskedText:
    view: View
    document: Document
    is_published: bool = False  # what is known of names is what a plan keeps, and other rules are not there

    def findings(self, today: date | None = None) -> list[Diagnostic]:
        """Of this text alone, by place, as `kogda check` tells them. What other texts lack is theirs."""
        rules, tests = ([each.source for each in some.values()] for some in (self.view.rules, self.view.tests))
        around = Around(today=today, complete=not self.is_published)
        found = check_texts(rules, tests, self.view.catalog, around)
        own = [each for each in found if each.source.path == self.document.path]
        return [each for each in own if not (self.is_published and each.code in ASK_THE_SCHEMA)]

    def rules(self) -> tuple[plan.Rule, ...]:
        """Those of this text as the engine would run them; none when anything is wrong with any text."""
        compiled = self.as_plan()
        return compiled.rules if compiled is not None else ()

    def as_plan(self) -> plan.Plan | None:
        """Of the rules of this text alone; None when anything is wrong with any text."""
        compiled = self._compiled()[0]
        if compiled is None:
            return None
        return replace(compiled, rules=tuple(rule for rule in compiled.rules if rule.file == self.document.path))

    def _compiled(self) -> tuple[plan.Plan | None, list[Diagnostic]]:
        files = [document.rule_file for document in self.view.rules.values()]
        compiled, found = compile_rules(files, self.view.catalog)
        mistakes = list(self.document.found)
        own = [each for each in found if each.source.path == self.document.path]
        all_found = in_order([*mistakes, *without_follow_on(own, [*mistakes, *own])])
        return (None if mistakes else compiled), all_found


def asked_text(path: str, text: str, given: GivenWorkspace) -> AskedText:
    files = WorkspaceFiles(
        settings=Source(SETTINGS, given.settings) if given.settings is not None else None,
        schema=Source(SCHEMA, given.schema) if given.schema is not None else None,
        templates=dict(given.templates),
    )
    homes = schema_homes(files.schema)
    documents = _documents({**given.files, path: text})
    view = View(
        read_ground(files).catalog,
        {name: each for name, each in documents.items() if each.kind == "rules"},
        {name: each for name, each in documents.items() if each.kind == "tests"},
        homes.events,
        homes.attributes,
        homes.properties,
    )
    return AskedText(view, documents[path])


def asked_of_published(path: str, text: str, rule_set: RuleSet | None, files: Mapping[str, str]) -> AskedText:
    """The schema as far as a plan keeps it: without titles and enumerations. None: nothing is published."""
    documents = _documents({**files, path: text})
    view = View(
        published_catalog(rule_set) if rule_set else Catalog(attributes=BUILT_IN_ATTRIBUTES),
        {name: each for name, each in documents.items() if each.kind == "rules"},
        {name: each for name, each in documents.items() if each.kind == "tests"},
    )
    return AskedText(view, documents[path], is_published=True)


def published_catalog(rule_set: RuleSet) -> Catalog:
    live = from_json(rule_set.plan)
    topics = rule_set.settings.get("topics", {})
    return Catalog(
        events={
            name: EventType(
                name=name,
                properties={each: _kind(kind) for each, kind in facts.properties.items()},
                key=facts.key,
                cancelled_by=facts.cancelled_by,
                late_after=facts.late_after,
            )
            for name, facts in live.events.items()
        },
        attributes={name: _kind(kind) for name, kind in live.attributes.items()},
        templates=load_templates(rule_set.templates, topics, []),
        topics=tuple(topics),
        timezone=live.timezone,
        currency=live.currency,
        quiet_hours=live.quiet_hours,
        caps=live.caps,
        settings=rule_set.settings,
    )


def _kind(written: str) -> Kind:
    """`list of text`, as a plan writes it."""
    return Kind(name=written.removeprefix("list of "), is_list=written.startswith("list of "), optional=True)


def _documents(texts: Mapping[str, str]) -> dict[str, Document]:
    return {path: read_document(Source(path, text), kind_of(path)) for path, text in texts.items()}
