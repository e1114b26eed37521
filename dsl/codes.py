"""Every diagnostic there is. A number is never used again for something else; each has a page in docs/errors/."""

from __future__ import annotations

from dataclasses import dataclass

from dsl.diagnostics import Severity


@dataclass(frozen=True, slots=True)
class Code:
    number: str
    title: str

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.number.startswith("W") else Severity.ERROR

    @property
    def page(self) -> str:
        return f"docs/errors/{self.number}.md"


_ALL = (
    # E1xx: how it is written
    Code("E101", "unknown or misplaced word"),
    Code("E102", "the event is missing"),
    Code("E103", "text must be in quotes"),
    Code("E104", "ambiguous length of time"),
    Code("E105", "a sign instead of a word"),
    Code("E106", "no verb after `else`"),
    Code("E107", "the rule does nothing yet"),
    Code("E108", "a number written as a word"),
    Code("E109", "a quote is not closed"),
    Code("E110", "other quotes than the language's"),
    Code("E111", "unknown currency"),
    Code("E112", "a number written in another way"),
    Code("E113", "the audience is missing"),
    Code("E114", "a guard after a step"),
    Code("E115", "a word is missing"),
    Code("E116", "a word too many"),
    Code("E117", "two items on one line"),
    Code("E118", "`end` is missing"),
    Code("E119", "a date or time that does not exist"),
    Code("E120", "a date written in another way"),
    Code("E121", "the verb is `exit`"),
    Code("E122", "the wrong keyboard layout"),
    Code("E123", "`else` and `if` on two lines"),
    Code("E125", "a sign that has no meaning"),
    Code("E126", "a rule without a trigger"),
    Code("E127", "the text ends too early"),
    Code("E128", "a placeholder outside a test"),
    Code("E129", "a schedule that cannot be read"),
    Code("E130", "a test that expects nothing"),
    Code("E131", "a row that does not fit its table"),
    # E2xx: names
    Code("E202", "mixed alphabets in a name"),
    # E3xx: types and values
    # E4xx: tests
    # E5xx: workspace files
    # E6xx: not compiled yet
    # W5xx, W6xx: lints
)

CODES: dict[str, Code] = {code.number: code for code in _ALL}
