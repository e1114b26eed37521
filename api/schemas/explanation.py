"""What a rule did for a customer, on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from api.schemas.reasons import WithEnd, WithReason, code_of
from dsl.messages import Language, Message, in_language
from engine.core.reasons import tell_reason
from engine.core.telling.findings import Finding
from engine.core.telling.told import tell_message, tell_note
from engine.flow.telling.explain_customer import Explanation, RunStory
from engine.flow.telling.explain_rules import Overview, RuleStanding


class ToldNote(BaseModel):
    at: datetime
    what: str
    detail: str
    line: int = Field(description="of the rule file; 0: no single one")


class ToldMessage(WithReason):
    at: datetime
    channel: str
    template: str
    state: str


class ToldReaction(BaseModel):
    at: datetime = Field(description="the first time")
    channel: str
    template: str
    kind: str = Field(description="delivered, opened, clicked, pressed, bounced, failed, complained, converted")
    detail: dict[str, Any]


class _ToldState(WithEnd):
    id: str
    began_at: datetime
    state: str
    wake_at: datetime | None
    put_off_by: str | None = Field(
        description="why it waits for `wake_at`, when delivery put its message off, in the language that was asked for"
    )
    put_off_code: str | None = Field(description="of `put_off_by`, as of reasons of messages")
    ended_at: datetime | None


class ToldRun(_ToldState):
    notes: list[ToldNote]
    messages: list[ToldMessage]
    reactions: list[ToldReaction] = Field(description="what the messages met with")


class ToldFinding(BaseModel):
    text: str
    is_met: bool | None = Field(description="null: only told")
    saw: list[str] = Field(description="the values that decided")


class ExplainedCustomer(BaseModel):
    rule: str
    file: str
    line: int
    customer: str
    at: datetime
    is_recalled: bool = Field(description="attributes are those of an earlier moment, as far as events tell")
    runs: list[ToldRun] = Field(description="newest first")
    findings: list[ToldFinding] = Field(description="what the rule asks, in the order in which the engine asks")
    delivery: list[ToldFinding] | None = Field(
        description="of each message that the rule could send, whether delivery would let it pass now, or why not; "
        "null with `at` in the past: its facts are not kept by time"
    )


class ToldRuleRun(_ToldState):
    not_sent: str | None = Field(description="why its last message did not go out, or was left out")


class ToldStanding(BaseModel):
    rule: str
    file: str
    line: int
    run: ToldRuleRun | None = Field(description="the newest")
    against: ToldFinding | None = Field(description="the first thing that speaks against a start now")


class ExplainedRules(BaseModel):
    customer: str
    at: datetime
    is_recalled: bool = Field(description="attributes are those of an earlier moment, as far as events tell")
    rules: list[ToldStanding] = Field(description="in the order in which they act")


def explained_rules(found: Overview, language: Language) -> ExplainedRules:
    return ExplainedRules(
        customer=found.customer.key,
        at=found.at,
        is_recalled=found.is_recalled,
        rules=[
            ToldStanding(
                rule=each.rule.name,
                file=each.rule.file,
                line=each.rule.line,
                run=_newest_run(each, language),
                against=_findings([each.against], language)[0] if each.against is not None else None,
            )
            for each in found.rules
        ],
    )


def _newest_run(standing: RuleStanding, language: Language) -> ToldRuleRun | None:
    run = standing.run
    if run is None:
        return None
    unsent: Message | None = None
    if standing.skipped is not None:
        unsent = tell_note("skipped", standing.skipped, standing.zone)
    elif standing.not_sent is not None:
        unsent = tell_message(**standing.not_sent)
    return ToldRuleRun(**_state(run, language), not_sent=in_language(unsent, language) if unsent is not None else None)


def explained(found: Explanation, language: Language) -> ExplainedCustomer:
    return ExplainedCustomer(
        rule=found.rule.name,
        file=found.rule.file,
        line=found.rule.line,
        customer=found.customer.key,
        at=found.at,
        is_recalled=found.is_recalled,
        runs=[_run(run, language) for run in found.runs],
        findings=_findings(found.findings, language),
        delivery=_findings(found.delivery, language) if found.delivery is not None else None,
    )


def _findings(findings: Sequence[Finding], language: Language) -> list[ToldFinding]:
    return [
        ToldFinding(
            text=in_language(each.text, language),
            is_met=each.is_met,
            saw=[in_language(value, language) for value in each.saw],
        )
        for each in findings
    ]


def _run(run: RunStory, language: Language) -> ToldRun:
    return ToldRun(
        **_state(run, language),
        notes=[
            ToldNote(at=each["at"], what=each["what"], detail=each["detail"], line=each["line"]) for each in run.notes
        ],
        messages=[_message(dict(each)) for each in run.messages],
        reactions=[_reaction(dict(each)) for each in run.reactions],
    )


def _state(run: RunStory, language: Language) -> dict[str, Any]:
    """The fields of every told run."""
    why = run.put_off_by
    return {
        "id": str(run.id),
        "began_at": run.began_at,
        "state": run.state,
        "wake_at": run.wake_at,
        "put_off_by": in_language(tell_reason(why), language) if why is not None else None,
        "put_off_code": code_of(why),
        "ended_at": run.ended_at,
        "end_reason": run.end_reason,
    }


def _reaction(row: dict[str, Any]) -> ToldReaction:
    return ToldReaction(
        at=row["at"], channel=row["channel"], template=row["template"], kind=row["kind"], detail=row["detail"]
    )


def _message(row: dict[str, Any]) -> ToldMessage:
    return ToldMessage(
        at=row["settled_at"] or row["created_at"],
        channel=row["channel"],
        template=row["template"],
        state=row["state"],
        reason=row["reason"],
    )
