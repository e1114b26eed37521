"""What holds for a message besides its rule's conditions: quiet hours and caps, of its rule and of the workspace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dsl.plan import Cap, Length, Plan, QuietHours, Rule, WorkspaceCap
from engine.core.delivery.addresses import OUTWARD
from engine.core.reasons.of_guards import CAP, TOPIC_CAP, WORKSPACE_CAP, WORKSPACE_TOPIC_CAP


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Of one message, as its rule said when the run began: the logic of a run is pinned."""

    priority: int = 0  # higher first, when a cap has room for one only
    zone: str | None = None  # the rule's own
    quiet_hours: QuietHours | None = None
    ignores_quiet_hours: bool = False
    caps: tuple[Cap, ...] = ()
    has_other_way: bool = False  # the run tries another one when this cannot be delivered (S19)
    has_several: bool = False  # it is one of several ways, perhaps the last

    def as_json(self) -> dict[str, Any]:
        written = {
            "priority": self.priority,
            "zone": self.zone,
            "quiet": [self.quiet_hours.start, self.quiet_hours.end] if self.quiet_hours else None,
            "loud": self.ignores_quiet_hours,
            "caps": [[cap.limit, cap.channel, cap.per.amount, cap.per.unit, cap.line] for cap in self.caps],
            "ways": self.has_other_way,
            "several": self.has_several,
        }
        return {name: value for name, value in written.items() if value}

    @classmethod
    def from_json(cls, written: dict[str, Any] | None) -> Limits:
        if not written:
            return NO_LIMITS
        quiet = written.get("quiet")
        return cls(
            priority=written.get("priority", 0),
            zone=written.get("zone"),
            quiet_hours=QuietHours(start=quiet[0], end=quiet[1]) if quiet else None,
            ignores_quiet_hours=written.get("loud", False),
            caps=tuple(
                Cap(limit=limit, channel=channel, per=Length(amount, unit), line=line)
                for limit, channel, amount, unit, line in written.get("caps", ())
            ),
            has_other_way=written.get("ways", False),
            has_several=written.get("several", False),
        )


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedCap:
    """A cap that a message must keep: what it counts, and what becomes of a message over it."""

    limit: int
    per: Length
    channel: str | None = None
    topic: str | None = None
    rule: str | None = None  # None: of the workspace, and of marketing messages only
    defers: bool = False
    because: str | None = None  # the reason, where it is not the cap itself

    @property
    def reason(self) -> str:
        """`cap: 2 messages per day`, `workspace cap: 1 sms on news per 7 days`."""
        if self.because is not None:
            return self.because
        what = self.channel or ("message" if self.limit == 1 else "messages")
        per = self.per.unit if self.per.amount == 1 else f"{self.per.amount} {self.per.unit}s"
        of_rule = self.rule is not None
        if self.topic:
            kind = TOPIC_CAP if of_rule else WORKSPACE_TOPIC_CAP
            return kind.of(n=self.limit, what=what, topic=self.topic, per=per)
        return (CAP if of_rule else WORKSPACE_CAP).of(n=self.limit, what=what, per=per)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the live workspace says about every message."""

    quiet_hours: QuietHours | None = None
    caps: tuple[WorkspaceCap, ...] = ()

    @classmethod
    def from_json(cls, plan: dict[str, Any]) -> Policy:
        """Of a stored plan, also of one whose rules cannot be read here."""
        quiet = plan.get("quiet_hours")
        return cls(
            quiet_hours=QuietHours(start=quiet["start"], end=quiet["end"]) if quiet else None,
            caps=tuple(
                WorkspaceCap(
                    limit=each["limit"],
                    per=Length(*each["per"]),
                    channel=each.get("channel"),
                    topic=each.get("topic"),
                    over=each.get("over", "skip"),
                )
                for each in plan.get("caps", ())
            ),
        )


def policy_of(plan: Plan) -> Policy:
    return Policy(quiet_hours=plan.quiet_hours, caps=plan.caps)


def limits_of(rule: Rule) -> Limits:
    return Limits(
        priority=rule.priority,
        zone=rule.timezone,
        quiet_hours=rule.quiet_hours,
        ignores_quiet_hours=rule.ignore_quiet_hours,
        caps=rule.caps,
    )


def quiet_hours_for(limits: Limits, policy: Policy, *, channel: str) -> tuple[QuietHours, ...]:
    """A rule's own come on top of the workspace's: only `ignore quiet hours` lifts them."""
    if limits.ignores_quiet_hours or channel in OUTWARD:
        return ()
    if policy.quiet_hours is None and limits.quiet_hours is None:
        return ()
    return tuple(each for each in (policy.quiet_hours, limits.quiet_hours) if each is not None)


def caps_for(limits: Limits, policy: Policy, *, rule: str, channel: str, transactional: bool) -> tuple[CountedCap, ...]:
    """The rule's own, then the workspace's. Transactional messages keep only what their own rule says."""
    if channel in OUTWARD or not (limits.caps or (policy.caps and not transactional)):
        return ()
    return tuple(_caps(limits, policy if not transactional else Policy(), rule))


def _caps(limits: Limits, policy: Policy, rule: str) -> Iterator[CountedCap]:
    for cap in limits.caps:
        yield CountedCap(limit=cap.limit, per=cap.per, channel=cap.channel, rule=rule)
    for each in policy.caps:
        yield CountedCap(
            limit=each.limit, per=each.per, channel=each.channel, topic=each.topic, defers=each.over == "defer"
        )


def may_be_postponed(limits: Limits, policy: Policy, *, transactional: bool) -> bool:
    """Whether a message of such a rule could have to wait, so that its run must be asked again (S18)."""
    if not transactional and any(cap.over == "defer" for cap in policy.caps):
        return True
    return bool(quiet_hours_for(limits, policy, channel=""))
