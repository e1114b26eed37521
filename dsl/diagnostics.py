"""What is wrong with a workspace, as data: collected, coded, positioned. Rendering lives in `render.py`."""

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from dsl.source import Source, Span


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Label:
    """A place and the words that stand under it. The first label of a diagnostic is the primary one."""

    span: Span
    text: str = ""
    source: Source | None = None  # None: the diagnostic's own file


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace `span` by `text` in the diagnostic's own file."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that cures the mistake. Safe fixes keep or restore the only plausible meaning."""

    title: str
    edits: tuple[Edit, ...] = ()
    safety: Literal["safe", "unsafe"] = "unsafe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One mistake in the marketer's words. `code` is stable and has a page in docs/errors/."""

    code: str
    message: str
    source: Source
    labels: tuple[Label, ...]  # at least one
    notes: tuple[str, ...] = ()  # lines after "= "
    fixes: tuple[Fix, ...] = ()
    severity: Severity = Severity.ERROR

    @property
    def span(self) -> Span:
        return self.labels[0].span
