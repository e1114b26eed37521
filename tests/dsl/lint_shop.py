"""Lints in the shop: what is around the rules comes from the head of a golden file.

`today: 2026-11-21`, `observed: {JSON of Observed}`, `settings: {JSON of kogda.yaml}`, `locales: {template: [ru]}`,
`tested: path, path`, `no_way_out: template`, `dates: attribute, attribute` that do not repeat.
Templates that the text does not mention are left out, so that nothing is unused by accident.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from dsl.allowances import allow
from dsl.around import NEED_NUMBERS, Around, Followed, Observed
from dsl.catalog import Catalog
from dsl.compiler import compile_rules
from dsl.diagnostics import Diagnostic
from dsl.kinds import Kind
from dsl.parser import parse_file
from dsl.plan import Length, WorkspaceCap
from dsl.source import Source
from tests.dsl.shop import NEXT_FILE, SHOP

TODAY = date(2026, 11, 21)


def lint_rules(source: Source, head: Mapping[str, str]) -> list[Diagnostic]:
    """Warnings, and what is wrong with allowances; more files may follow, each after a line `--- file: PATH`."""
    around = Around(
        today=date.fromisoformat(head["today"]) if "today" in head else TODAY,
        observed=observed(json.loads(head["observed"])) if "observed" in head else None,
        tested=frozenset(head["tested"].split(", ")) if "tested" in head else frozenset(),
    )
    first, *others = source.text.split(NEXT_FILE)
    sources = [Source(source.path, first)]
    sources += [Source(path, text) for path, _, text in (other.partition("\n") for other in others)]
    parsed = [parse_file(each) for each in sources]
    assert not [mistake for _, found in parsed for mistake in found]
    _, found = compile_rules([file for file, _ in parsed], _catalog(source.text, head), around)
    warnings = [each for each in found if each.code.startswith("W")]
    unasked = NEED_NUMBERS if around.observed is None else ()
    return allow(warnings, sources, around.today or TODAY, unasked=unasked)


def _catalog(text: str, head: Mapping[str, str]) -> Catalog:
    locales: dict[str, list[str]] = json.loads(head.get("locales", "{}"))
    templates = {
        key: replace(
            each, locales=tuple(locales.get(each.name, ())), lets_unsubscribe=each.name != head.get("no_way_out")
        )
        for key, each in SHOP.templates.items()
        if f'"{each.name}"' in text or each.name in locales
    }
    caps = (WorkspaceCap(limit=1, per=Length(1, "week")),) if head.get("caps") == "1 per week" else ()
    dates = {name: Kind(name="date") for name in head.get("dates", "").split(", ") if name}
    attributes = {**SHOP.attributes, **dates}
    return replace(
        SHOP, attributes=attributes, templates=templates, settings=json.loads(head.get("settings", "{}")), caps=caps
    )


def observed(values: dict[str, Any]) -> Observed:
    """From JSON: pairs of names are written `a/b`."""
    values = dict(values)
    if "history_since" in values:
        values["history_since"] = date.fromisoformat(values["history_since"])
    for name in ("properties", "followed"):
        if name in values:
            values[name] = {tuple(key.split("/")): value for key, value in values[name].items()}
    if "followed" in values:
        values["followed"] = {
            pair: Followed(starts, tuple((seconds, count) for seconds, count in counts))
            for pair, (starts, counts) in values["followed"].items()
        }
    return Observed(**values)
