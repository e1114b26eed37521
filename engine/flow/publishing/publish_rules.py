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
from engine.storage.database import Database

if TYPE_CHECKING:
    from engine.storage.rules.rule_sets import RuleSetRow

_LOCK = 0x7075626C  # "publ": two publishers take turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What became live, and how it differs from what was live before."""

    rule_set: int
    hash: str
    changed: bool  # False: exactly this was live already, and nothing was written
    added: tuple[str, ...] = ()  # rules, by name
    altered: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()  # added, altered or removed, by path
    settings: bool = False  # whether kogda.yaml says something else


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
    row = RuleSetRow(hash=content_hash(content), standing=standing_digest(plan), **content)  # type: ignore[arg-type]
    async with database.session() as session:
        await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        live = await newest_publication(session)
        if only_over is not None and (live is None or live[1].hash not in (only_over, row.hash)):
            raise PlanIsStale
        if live and live[1].hash == row.hash:
            return Publication(rule_set=live[0].rule_set, hash=row.hash, changed=False)
        rule_set = await store_rule_set(session, row)
        session.add(PublicationRow(rule_set=rule_set, published_by=published_by))
        await session.flush()
        reach("publish.stored")
    reach("publish.committed")
    return _difference(rule_set, live[1] if live else None, row)


def hash_of(plan: Plan, *, templates: Mapping[str, str], settings: Mapping[str, JSON]) -> str:
    """What identifies the rule set that this content would become."""
    return content_hash(_content(plan, templates, settings))


def _content(plan: Plan, templates: Mapping[str, str], settings: Mapping[str, JSON]) -> dict[str, JSON]:
    return {"plan": to_json(plan), "templates": dict(templates), "settings": dict(settings)}


def _difference(rule_set: int, before: RuleSetRow | None, after: RuleSetRow) -> Publication:
    old, new = _rules(before), _rules(after)
    old_templates = before.templates if before else {}
    return Publication(
        rule_set=rule_set,
        hash=after.hash,
        changed=True,
        added=tuple(sorted(new.keys() - old.keys())),
        altered=tuple(sorted(name for name in new.keys() & old.keys() if new[name] != old[name])),
        removed=tuple(sorted(old.keys() - new.keys())),
        templates=tuple(
            sorted(
                path
                for path in old_templates.keys() | after.templates.keys()
                if old_templates.get(path) != after.templates.get(path)
            )
        ),
        # By what is stored: a tuple that comes back from JSON is a list.
        settings=before is not None and content_hash(before.settings) != content_hash(after.settings),
    )


def _rules(row: RuleSetRow | None) -> dict[str, Any]:
    """By name, without the place in the file: moving a rule down a line does not alter it."""
    rules = row.plan.get("rules", []) if row else []
    return {rule["name"]: {key: rule[key] for key in rule if key not in ("file", "line")} for rule in rules}
