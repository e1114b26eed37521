"""How `kogda explain` speaks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from dsl.messages import Language, in_language, say
from dsl.plan import Rule
from dsl.telling import tell_rule
from engine.core.reasons import Finding
from engine.core.told import tell_message, tell_note
from engine.core.told_reasons import tell_reason
from engine.flow.explain_customer import Explanation, RunStory

_SIGNS = {True: "✓", False: "✗", None: "·"}


def render_rule(rule: Rule, language: Language) -> str:
    head = f'"{rule.name}"  {rule.file}:{rule.line}'
    lines = [head] if rule.owner is None else [f"{head}  ({rule.owner})"]
    lines += [f"  {rule.description}"] if rule.description else []
    for line in tell_rule(rule):
        number = f"{line.number}. " if line.number else ""
        lines.append("  " + "   " * line.depth + number + in_language(line.text, language))
    return "\n".join(lines) + "\n"


def render_explanation(explanation: Explanation, language: Language) -> str:
    return "".join(f"{in_language(line, language)}\n" for line in _lines(explanation, language))


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


def _run_lines(run: RunStory, file: str, zone: ZoneInfo, language: Language) -> Iterator[str]:
    yield say("A run began at {time}: {state}", time=_clock(run.began_at, zone), state=_state(run, zone))
    told: list[tuple[datetime, str]] = []
    for note in run.notes:
        place = f"  ({file}:{note['line']})" if note["line"] else ""
        said = in_language(tell_note(note["what"], note["detail"], zone), language)
        told.append((note["at"], f"{said}{place}"))
    for message in run.messages:
        at = message["settled_at"] or message["created_at"]
        became = tell_message(message["channel"], message["template"], message["state"], message["reason"])
        told.append((at, in_language(became, language)))
    for at, text in sorted(told, key=lambda pair: pair[0]):
        yield f"  {_clock(at, zone)}  {text}"


def _state(run: RunStory, zone: ZoneInfo) -> str:
    if run.ended_at is not None:
        return say(
            "it ended at {time}: {reason}", time=_clock(run.ended_at, zone), reason=tell_reason(run.end_reason or "")
        )
    if run.wake_at is not None:
        return say("it waits until {time}", time=_clock(run.wake_at, zone))
    return say("it waits for the outcome of a message") if run.state == "sending" else say("it waits")


def _finding_lines(finding: Finding, language: Language) -> Iterator[str]:
    yield f"  {_SIGNS[finding.is_met]} {in_language(finding.text, language)}"
    for value in finding.saw:
        yield f"      {in_language(value, language)}"


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"
