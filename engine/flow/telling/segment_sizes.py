"""The segments of the live rules: how many are in each, and who, for example."""

from __future__ import annotations

from dataclasses import dataclass

from dsl import plan
from dsl.codec import from_json
from engine.core.standing.reads import parts
from engine.storage.database import Connection
from engine.storage.rules.published import RuleSet
from engine.storage.segments.fills import filled_share
from engine.storage.segments.memberships import Member, segment_sample, segment_sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentReport:
    name: str
    size: int  # exact for those who were looked at
    filled: float  # how much of all customers was looked at since it was published, 0 to 1
    file: str
    line: int
    rules: tuple[str, ...]  # that are started by it or ask about it
    sample: tuple[Member, ...]  # with personal data shortened


async def report_segments(connection: Connection, live: RuleSet, *, sample: int = 10) -> list[SegmentReport]:
    """By name."""
    rules = from_json(live.plan)
    segments = rules.segments
    sizes = await segment_sizes(connection, {name: segment.hash for name, segment in segments.items()})
    filled = await filled_share(connection, live.standing) if segments else 1.0
    return [
        SegmentReport(
            name=name,
            size=sizes[name],
            filled=filled,
            file=segment.file,
            line=segment.line,
            rules=tuple(rule.name for rule in rules.rules if _uses(rule, name, segments)),
            sample=tuple(
                _shortened(each) for each in await segment_sample(connection, name, segment.hash, limit=sample)
            ),
        )
        for name, segment in sorted(segments.items())
    ]


def _uses(rule: plan.Rule, name: str, segments: dict[str, plan.Segment]) -> bool:
    nodes = parts((rule.trigger, rule.guards, rule.stops, rule.steps), segments)
    return any(isinstance(node, plan.InSegment | plan.SegmentTrigger) and node.segment == name for node in nodes)


def _shortened(member: Member) -> Member:
    """Enough to know one's own, too little to write to."""
    email = _short_email(member.email) if member.email else None
    phone = f"…{member.phone[-2:]}" if member.phone else None
    sort, _, known_as = member.key.partition(":")
    return Member(f"{sort}:{_short_email(known_as)}" if "@" in known_as else member.key, email, phone)


def _short_email(address: str) -> str:
    name, _, domain = address.partition("@")
    return f"{name[:1]}…@{domain}"
