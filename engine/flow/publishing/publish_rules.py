"""Make a checked workspace live: stored for good under the hash of its content, then published. All or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dsl.codec import content_hash, to_json
from dsl.plan import JSON, Plan
from engine.core.standing.index import standing_digest
from engine.errors import PlanIsStale
from engine.failpoints import reach
from engine.flow.publishing.compare_rule_sets import Changes, Content, changes_between, content_of
from engine.storage.database import Database

if TYPE_CHECKING:
    from engine.storage.rules.rule_sets import RuleSetRow

_LOCK = 0x7075626C  # "publ": two publishers take turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What became live, and how it differs from what was live before."""

    rule_set: int
    hash: str
    changes: Changes | None = None  # None: exactly this was live already, and nothing was written
    is_first: bool = False  # nothing was live before


async def publish(
    database: Database,
    plan: Plan,
    *,
    templates: Mapping[str, str],
    settings: Mapping[str, JSON],
    published_by: str = "",
    only_over: str | None = None,
) -> Publication:
    """One transaction: on any error what was live stays live. Publishing what is live already changes nothing.

    With `only_over`, the hash of what must be live now: raises PlanIsStale unless that, or this itself, is.
    """
    # Here, because SQLAlchemy takes a third of the time in which a server starts, and few servers publish.
    from sqlalchemy import func, select

    from engine.storage.rules.rule_sets import PublicationRow, RuleSetRow, newest_publication, store_rule_set

    content = _content(plan, templates, settings)
    row = RuleSetRow(hash=content_hash(content), standing=standing_digest(plan), **content)
    async with database.session() as session:
        await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        live = await newest_publication(session)
        if only_over is not None and (live is None or live[1].hash not in (only_over, row.hash)):
            raise PlanIsStale
        if live and live[1].hash == row.hash:
            return Publication(rule_set=live[0].rule_set, hash=row.hash)
        rule_set = await store_rule_set(session, row)
        session.add(PublicationRow(rule_set=rule_set, published_by=published_by))
        await session.flush()
        reach("publish.stored")
    reach("publish.committed")
    before = live[1] if live else None
    return Publication(rule_set=rule_set, hash=row.hash, changes=_changes(before, row), is_first=before is None)


def hash_of(plan: Plan, *, templates: Mapping[str, str], settings: Mapping[str, JSON]) -> str:
    """What identifies the rule set that this content would become."""
    return content_hash(_content(plan, templates, settings))


def _content(plan: Plan, templates: Mapping[str, str], settings: Mapping[str, JSON]) -> dict[str, Any]:
    """By the columns of `RuleSetRow`."""
    return {"plan": to_json(plan), "templates": dict(templates), "settings": dict(settings)}


def _changes(before: RuleSetRow | None, after: RuleSetRow) -> Changes:
    old, new = [
        content_of(row.plan, row.templates, row.settings) if row else Content(Plan(), {}, {}) for row in (before, after)
    ]
    return changes_between(old, new)
