"""Proposals of texts in quotes: templates, tags, files, splits, as the word before them says."""

from __future__ import annotations

from collections.abc import Iterator

from dsl import syntax
from dsl.assistance.cursor import Cursor
from dsl.assistance.naming import channel_of
from dsl.assistance.proposals import POSSIBLE, WANTED, Proposal, ProposalKind
from dsl.formatting.values import quoted
from dsl.walk import walk

#: Words before the names that kogda.yaml gives.
_NAMED = ("PROMO", "CALL", "NOTIFY")


def propose_texts(cursor: Cursor) -> Iterator[Proposal]:
    if "STRING" not in cursor.accepted:
        return
    before, catalog = cursor.type_before(), cursor.view.catalog
    if before == "CHANNEL":
        yield from _templates(cursor, channel_of(str(cursor.tokens[-1])))
    elif before == "BEST" or (before == "TEMPLATE" and cursor.document.kind == "tests"):
        yield from _templates(cursor, None)
    elif before == "TAG":
        yield from _mentioned(cursor, "tag", syntax.Tag, syntax.ExpectTag)
    elif before == "SPLIT" and cursor.document.kind == "tests":
        yield from _mentioned(cursor, "name", syntax.Split)
    elif before == "TAKES":
        yield from _arms(cursor)
    elif before in ("USE", "RULES"):
        yield from _files(cursor)
    elif before == "OWNER":
        yield from _mentioned(cursor, "name", syntax.Owner)
    elif before in _NAMED:
        names = {"PROMO": catalog.pools, "CALL": catalog.webhooks, "NOTIFY": catalog.staff}[before]
        yield from (Proposal(label=quoted(each), kind="name", rank=WANTED, found_by=(each,)) for each in sorted(names))
    elif before == "TIMEZONE":
        yield Proposal(label=quoted(cursor.view.catalog.timezone), kind="value", rank=WANTED)


def _templates(cursor: Cursor, channel: str | None) -> Iterator[Proposal]:
    for (its_channel, name), info in sorted(cursor.view.catalog.templates.items()):
        if channel in (None, its_channel):
            yield Proposal(label=quoted(name), kind="template", detail=info.path, rank=WANTED, found_by=(name,))


def _mentioned(cursor: Cursor, kind: ProposalKind, *classes: type) -> Iterator[Proposal]:
    """Texts that other rules and tests use at the same place."""
    found: dict[str, None] = {}
    for document in cursor.view.documents():
        for node in walk(document.items):
            if isinstance(node, classes):
                text = node.tag if isinstance(node, syntax.Tag | syntax.ExpectTag) else getattr(node, "name", None)
                if isinstance(text, syntax.Text):
                    found.setdefault(text.text)
    for text in sorted(found):
        yield Proposal(label=quoted(text), kind=kind, rank=WANTED, found_by=(text,))


def _arms(cursor: Cursor) -> Iterator[Proposal]:
    split = str(cursor.tokens[-2])[1:-1]
    for document in cursor.view.rules.values():
        for node in walk(document.items):
            if isinstance(node, syntax.Split) and node.name and node.name.text == split:
                for arm in node.arms:
                    label = "holdout" if arm.holdout else arm.label.text if arm.label else ""
                    if label:
                        yield Proposal(label=quoted(label), kind="name", rank=WANTED, found_by=(label,))


def _files(cursor: Cursor) -> Iterator[Proposal]:
    folder = cursor.path.rpartition("/")[0]
    for path in cursor.view.rules:
        if path != cursor.path:
            shown = path.removeprefix(f"{folder}/") if folder else path
            has_definitions = any(not isinstance(item, syntax.Rule) for item in cursor.view.rules[path].items)
            rank = WANTED if has_definitions else POSSIBLE
            yield Proposal(label=quoted(shown.removeprefix("rules/")), kind="file", rank=rank, found_by=(shown,))
