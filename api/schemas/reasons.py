"""A reason on the wire: words as they are recorded, and beside them the code and the facts for programs."""

from __future__ import annotations

from pydantic import BaseModel, Field, computed_field

from engine.core.reasons import read_reason


def code_of(reason: str | None) -> str | None:
    found = read_reason(reason) if reason else None
    return found.code if found is not None else None


class WithReason(BaseModel):
    """Something that did not happen, or waits."""

    reason: str | None = Field(description="as it is recorded; null: there is none to tell")

    @computed_field(description="docs/reasons.md names them all; null: words of a provider, a template or a server")
    def reason_code(self) -> str | None:
        return code_of(self.reason)

    @computed_field(description="of the code: the channel, the topic, the limit …")
    def reason_facts(self) -> dict[str, str]:
        found = read_reason(self.reason) if self.reason else None
        return dict(found.facts) if found is not None else {}


class WithEnd(BaseModel):
    """A run, which has ended or has not."""

    end_reason: str | None

    @computed_field(description="docs/reasons.md names them all; null: it goes on, or has failed")
    def end_reason_code(self) -> str | None:
        return code_of(self.end_reason)
