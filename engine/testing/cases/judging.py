"""Holds what happened against what was expected: every message must be expected, unless the test is open."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from dsl import syntax
from dsl.messages import in_a_row, say
from dsl.source import Source
from engine.core.reasons import forms_of, tell_reason
from engine.testing.cases.outcome import Failure
from engine.testing.cases.playing import Play
from engine.testing.cases.why import why_not
from engine.testing.reading.script import Claim, Person, Wanted
from engine.testing.virtual.skips import is_because, skips_of
from engine.testing.virtual.timeline import SentMessage

_MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class Judgement:
    """Of one play: failures, and which message answers which expectation."""

    play: Play
    source: Source
    failures: list[Failure] = field(default_factory=list)
    matched: dict[int, Wanted] = field(default_factory=dict)  # by the message's place in `sent`
    missing: list[Wanted] = field(default_factory=list)
    unexpected: list[SentMessage] = field(default_factory=list)
    sent: list[SentMessage] = field(default_factory=list)

    def judge(self) -> None:
        self.sent = [each for each in self.play.world.messages if each.state in ("sent", "unknown")]
        self._match()
        for wanted in self.missing:
            when = _interval(wanted, self._zone_of(wanted.who))
            for_whom = say(" for {name}", name=wanted.who.name) if wanted.who else ""
            self._fail(
                say("missing {wanted} {when}{for_whom}", wanted=wanted.text, when=when, for_whom=for_whom),
                wanted.node,
                why_not(wanted, self.play),
            )
        self._refuse_unexpected()
        for claim, who in self.play.script.claims:
            self._judge_claim(claim, who)
        for check, holds in self.play.answers:
            if not holds:
                at = check.at.astimezone(check.who.zone)
                self._fail(say("not so at {at}: {check}", at=f"{at:%Y-%m-%d %H:%M}", check=check.text), check.node)
        self.failures.sort(key=lambda failure: failure.line or 10**9)

    def _match(self) -> None:
        """Exact moments choose first, then the intervals that end first."""
        order = sorted(self.play.script.wanted, key=lambda each: (each.high - each.low > timedelta(0), each.high))
        for wanted in order:
            place = next((i for i, each in enumerate(self.sent) if i not in self.matched and _fits(each, wanted)), None)
            if place is None:
                self.missing.append(wanted)
            else:
                self.matched[place] = wanted

    def _refuse_unexpected(self) -> None:
        for place, message in enumerate(self.sent):
            if place not in self.matched and self._is_refused(message):
                self.unexpected.append(message)
                said = say('unexpected {channel} "{template}" at {at}{to}', **self._facts_of(message))
                self._fail(self._with_its_rule(said, message))

    def _facts_of(self, message: SentMessage) -> dict[str, str]:
        return {
            "channel": message.spoken_channel,
            "template": message.template,
            "at": f"{message.at.astimezone(self.zone_of(message.customer)):%Y-%m-%d %H:%M}",
            "to": self._to(message),
        }

    def _with_its_rule(self, said: str, message: SentMessage) -> str:
        place = self._place_of(message.rule)
        return say('{said}, from rule "{rule}"{place_of}', said=said, rule=message.rule, place_of=place)

    def _is_refused(self, message: SentMessage) -> bool:
        script = self.play.script
        return not script.is_open or any(each.until is None or message.at <= each.until for each in script.silences)

    def _judge_claim(self, claim: Claim, who: Person | None) -> None:
        if isinstance(claim, syntax.ExpectNoMessage | syntax.ExpectNotTold):
            self._judge_none(claim, who)
        elif isinstance(claim, syntax.ExpectSkipped):
            self._judge_skipped(claim, who)
        else:
            self._judge_exit(claim, who)

    def _judge_none(self, claim: syntax.ExpectNoMessage | syntax.ExpectNotTold, who: Person | None) -> None:
        for message in self.sent:
            if is_meant(claim, message) and concerns(message.customer, who) and message not in self.unexpected:
                said = say('{channel} "{template}" was sent at {at}{to}', **self._facts_of(message))
                self._fail(self._with_its_rule(said, message), claim)

    def _judge_skipped(self, claim: syntax.ExpectSkipped, who: Person | None) -> None:
        skips = [
            each
            for each in skips_of(self.play.world)
            if (each.channel, each.template) == (claim.channel, claim.template.text) and concerns(each.customer, who)
        ]
        if not any(is_because(each.reason, claim.reason.text) for each in skips):
            reasons = _listed(each.reason for each in skips)
            why = say("it was skipped because: {reasons}", reasons=reasons) if skips else say("it was never skipped")
            self._fail(
                say(
                    '{channel} "{template}" not skipped because "{reason}"',
                    channel=claim.channel,
                    template=claim.template.text,
                    reason=claim.reason.text,
                ),
                claim,
                why,
            )

    def _judge_exit(self, claim: syntax.ExpectExit, who: Person | None) -> None:
        customers = self.play.world.memory.customers
        reasons = [
            run.end_reason
            for run in self.play.world.runs
            if run.end_reason and concerns(customers[run.customer].key.partition(":")[2], who)
        ]
        if not any(_ends_with(reason, claim.reason) for reason in reasons):
            why = say("runs ended with: {all}", all=_listed(reasons)) if reasons else say("no run ended")
            self._fail(say('no run ended because "{reason}"', reason=claim.reason.text), claim, why)

    # places and names

    def zone_of(self, customer: str) -> ZoneInfo:
        found = next((each for each in self.play.script.people.values() if each.cast_as == customer), None)
        return self._zone_of(found)

    def _zone_of(self, who: Person | None) -> ZoneInfo:
        return (who or next(iter(self.play.script.people.values()))).zone

    def _to(self, message: SentMessage) -> str:
        return say(" to {name}", name=self.play.name_of(message.customer)) if len(self.play.script.people) > 1 else ""

    def _place_of(self, rule: str) -> str:
        code = self.play.ground.program.by_name.get(rule)
        return f" ({code.rule.file}:{code.rule.line})" if code else ""

    def _fail(self, message: str, node: syntax.Node | None = None, why: str = "") -> None:
        line = self.source.place(node.span.start).line if node else 0
        self.failures.append(Failure(message=message, line=line, why=why))


def _fits(message: SentMessage, wanted: Wanted) -> bool:
    is_it = (message.channel, message.template) == (wanted.channel, wanted.template)
    if is_it and message.is_outward:
        is_it = _carries(message, wanted)
    return is_it and concerns(message.customer, wanted.who) and wanted.low <= message.at < wanted.high + _MINUTE


def is_meant(claim: syntax.ExpectNoMessage | syntax.ExpectNotTold, message: SentMessage) -> bool:
    """`no messages` speaks of those to customers."""
    if isinstance(claim, syntax.ExpectNotTold):
        return claim.to == message.spoken_channel and (claim.name is None or claim.name.text == message.template)
    if claim.channel is None:
        return not message.is_outward
    return claim.channel == message.channel and (claim.template is None or claim.template.text == message.template)


def _carries(message: SentMessage, wanted: Wanted) -> bool:
    given = message.context.get("with")
    carried = given if isinstance(given, dict) else {}
    has_all = all(name in carried and carried[name] == value for name, value in wanted.given.items())
    return has_all and wanted.said in (None, message.context.get("text"))


def concerns(customer: str, who: Person | None) -> bool:
    return who is None or who.cast_as == customer


def _interval(wanted: Wanted, zone: ZoneInfo) -> str:
    low, high = (f"{each.astimezone(zone):%Y-%m-%d %H:%M}" for each in (wanted.low, wanted.high))
    return say("at {low}", low=low) if low == high else say("between {low} and {high}", low=low, high=high)


def _ends_with(reason: str, written: syntax.Text | syntax.Name) -> bool:
    """A name stands anywhere in the reason, as `order_placed` in `stop when order_placed`; a text begins it."""
    if isinstance(written, syntax.Name):
        return written.text in re.findall(r"\w+", reason)
    said = re.compile(rf"{re.escape(written.text.casefold().strip())}(?!\w)")
    return bool(written.text.strip()) and any(said.match(form.casefold()) for form in forms_of(reason))


def _listed(reasons: Iterable[str]) -> str:
    return in_a_row(", ", map(tell_reason, dict.fromkeys(reasons)))
