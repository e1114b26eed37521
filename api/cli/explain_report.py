"""How `kogda explain` speaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dsl.messages import Language, Message, in_a_row, in_language, say
from engine.core.reasons import tell_reason
from engine.core.telling.findings import Finding
from engine.core.telling.told import tell_message, tell_note, tell_reaction, tell_staff_note
from engine.flow.telling.explain_customer import Explanation, RunStory
from engine.flow.telling.explain_rules import Overview, RuleStanding

_SIGNS = {True: "✓", False: "✗", None: "·"}


def render_explanation(explanation: Explanation, language: Language) -> str:
    return "".join(f"{in_language(line, language)}\n" for line in _lines(explanation, language))


def render_overview(overview: Overview, language: Language) -> str:
    return "".join(f"{in_language(line, language)}\n" for line in _overview_lines(overview, language))


def _overview_lines(overview: Overview, language: Language) -> Iterator[str]:
    at = _clock(overview.at, overview.zone)
    yield say("{customer}, as of {time} {zone}", customer=overview.customer.key, time=at, zone=overview.zone.key)
    if overview.is_recalled:
        yield say("what is known of the customer is as events tell it; what rules had set is left out")
    width = max((len(each.rule.name) for each in overview.rules), default=0) + 2
    for each in overview.rules:
        sign, said = _standing(each)
        name = f'"{each.rule.name}"'.ljust(width)
        yield f"  {sign} {name}  {in_language(said, language)}"
    if not overview.rules:
        yield say("There are no rules.")


def _standing(standing: RuleStanding) -> tuple[str, Message]:
    """A run on its way says more than what a start would need."""
    run, zone = standing.run, standing.zone
    if run is not None and run.ended_at is None:
        return "…", say("began at {time}: {state}", time=_clock(run.began_at, zone), state=_state(run, zone))
    sign, said = "✓", say("nothing speaks against it now")
    if standing.against is not None:
        sign, said = "✗", _told_finding(standing.against)
    if run is None or run.ended_at is None:
        return sign, said
    last = tell_reason(run.end_reason or "")
    message = _last_message(standing)
    if message is not None:
        return sign, say(
            "{standing}; last run ended at {time}: {reason}; {message}",
            standing=said,
            time=_clock(run.ended_at, zone),
            reason=last,
            message=message,
        )
    return sign, say(
        "{standing}; last run ended at {time}: {reason}", standing=said, time=_clock(run.ended_at, zone), reason=last
    )


def _last_message(standing: RuleStanding) -> Message | None:
    if standing.skipped is not None:
        return tell_note("skipped", standing.skipped, standing.zone)
    return tell_message(**standing.not_sent) if standing.not_sent is not None else None


def _told_finding(finding: Finding) -> Message:
    if not finding.saw:
        return say("{what}", what=finding.text)
    return say("{what} ({saw})", what=finding.text, saw=in_a_row(", ", finding.saw))


def _lines(explanation: Explanation, language: Language) -> Iterator[str]:
    rule, customer, zone = explanation.rule, explanation.customer, explanation.zone
    yield f'"{rule.name}"  {rule.file}:{rule.line}'
    yield say(
        "for {customer}, as of {time} {zone}", customer=customer.key, time=_clock(explanation.at, zone), zone=zone.key
    )
    if explanation.is_recalled:
        yield say("what is known of the customer is as events tell it; what rules had set is left out")
    for run in explanation.runs:
        yield ""
        yield from _run_lines(run, rule.file, zone, language)
    yield ""
    yield say("What the rule asks now:") if explanation.runs else say("Nothing has started. What the rule asks:")
    for finding in explanation.findings:
        yield from _finding_lines(finding, language)
    if explanation.delivery is None:
        yield say("What delivery would have said is left out: its facts are not kept by time.")
    elif explanation.delivery:
        yield say("What delivery says now of its messages:")
        for finding in explanation.delivery:
            yield from _finding_lines(finding, language)


def _run_lines(run: RunStory, file: str, zone: ZoneInfo, language: Language) -> Iterator[str]:
    yield say("A run began at {time}: {state}", time=_clock(run.began_at, zone), state=_state(run, zone))
    told: list[tuple[datetime, str]] = []
    first = min((note["at"] for note in run.notes), default=run.began_at)
    for note in run.notes:
        place = f"  ({file}:{note['line']})" if note["line"] else ""
        said = in_language(tell_note(note["what"], note["detail"], zone), language)
        told.append((note["at"], f"{said}{place}"))
    for message in run.messages:
        at = max(message["settled_at"] or message["created_at"], first)
        if (became := _became(message)) is not None:
            told.append((at, in_language(became, language)))
    for met in run.reactions:
        reacted = tell_reaction(met["channel"], met["template"], met["kind"], met["detail"])
        told.append((met["at"], in_language(reacted, language)))
    for at, text in sorted(told, key=lambda pair: pair[0]):
        yield f"  {_clock(at, zone)}  {text}"


def _became(message: Mapping[str, Any]) -> Message | None:
    """None for a note that went on to each way of its group: these have lines of their own."""
    state, reason = message["state"], message["reason"]
    if message["channel"] != "staff":
        return tell_message(message["channel"], message["template"], state, reason)
    if message["way"] is None and state == "sent":
        return None
    return tell_staff_note(message["template"], message["way"] or {}, state, reason)


def _state(run: RunStory, zone: ZoneInfo) -> str:
    if run.ended_at is not None:
        return say(
            "it ended at {time}: {reason}", time=_clock(run.ended_at, zone), reason=tell_reason(run.end_reason or "")
        )
    if run.wake_at is None:
        return say("it waits until its message is sent") if run.state == "sending" else say("it waits")
    time = _clock(run.wake_at, zone)
    if run.state == "sending":
        return say("it waits until {time}, in case its message comes back undelivered", time=time)
    if run.put_off_by is not None:
        return say("it waits until {time}: {reason}", time=time, reason=tell_reason(run.put_off_by))
    return say("it waits until {time}", time=time)


def _finding_lines(finding: Finding, language: Language) -> Iterator[str]:
    yield f"  {_SIGNS[finding.is_met]} {in_language(finding.text, language)}"
    for value in finding.saw:
        yield f"      {in_language(value, language)}"


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"
