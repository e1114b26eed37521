"""The texts of this folder, and the shop that they speak of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dsl import plan
from dsl.catalog import Catalog, PromoPool, TemplateInfo
from dsl.compiler import compile_rules
from dsl.diagnostics import Diagnostic, Severity
from dsl.parser import parse_file
from dsl.problems import Problems
from dsl.source import Source
from engine.workspace.schema import load_schema

HERE = Path(__file__).parent
COMMON = (HERE / "common.rules").read_text(encoding="utf-8")
CHANNELS = ("email", "sms", "push")
_DEFINES = re.compile(r"^(?:let|define|segment|пусть|условие|сегмент) (\w+)", re.MULTILINE)
_QUOTED = re.compile(r'["«]([^"»\n]+)["»]')


@dataclass(frozen=True)
class Text:
    file: str
    title: str
    rules: str

    @property
    def id(self) -> str:
        return f"{self.file}: {self.title}"

    @property
    def begins_runs(self) -> bool:
        """Definitions alone start nothing."""
        return re.search(r"(?im)^(rule|when|every|on|правило|когда|кажд\w+|в день)\b", self.rules) is not None


def texts() -> list[Text]:
    return [text for name in ("prototype", "english", "russian") for text in _texts_of(name)]


def _texts_of(name: str) -> Iterator[Text]:
    for block in (HERE / f"{name}.txt").read_text(encoding="utf-8").split("\n## ")[1:]:
        title, _, rules = block.partition("\n")
        yield Text(name, title, rules.strip("\n") + "\n")


def _schema() -> tuple[dict, dict]:
    source = Source("schema.yaml", (HERE / "schema.yaml").read_text(encoding="utf-8"))
    problems = Problems(source)
    schema = load_schema(source, problems)
    assert problems.found == []
    return schema.events, schema.attributes


_EVENTS, _ATTRIBUTES = _schema()


def catalog_for(text: Text) -> Catalog:
    """The shop, with a template of every name that the text has in quotes, on every channel."""
    quoted = sorted(set(_QUOTED.findall(text.rules)))
    templates = {
        (channel, name): TemplateInfo(channel=channel, name=name, path=f"templates/{channel}/{name}.html")
        for channel in CHANNELS
        for name in quoted
    }
    return Catalog(
        events=_EVENTS,
        attributes=_ATTRIBUTES,
        templates=templates,
        channels=CHANNELS,
        pools={"BACK10": PromoPool(discount="10%"), "P": PromoPool()},
        webhooks=("crm_sync",),
        staff=("managers",),
        timezone="Europe/Berlin",
        currency="RUB",
    )


def compiled(text: Text) -> tuple[plan.Plan | None, list[Diagnostic]]:
    """With the names of common.rules, except those that the text defines itself. Warnings are left out."""
    own = set(_DEFINES.findall(text.rules))
    common = "\n".join(line for line in COMMON.splitlines() if not _defines_one_of(line, own))
    uses = "" if "common.rules" in text.rules else 'use "common.rules"\n'
    sources = [Source("rules/text.rules", uses + text.rules), Source("rules/common.rules", common)]
    files, found = [], []
    for source in sources:
        file, mistakes = parse_file(source)
        files.append(file)
        found += mistakes
    rules, more = compile_rules(files, catalog_for(text))
    return rules, [each for each in (*found, *more) if each.severity is Severity.ERROR]


def _defines_one_of(line: str, names: set[str]) -> bool:
    match = _DEFINES.match(line)
    return match is not None and match[1] in names
