"""Questions about a text of rules, and the answers. Places are counted in UTF-16 units, as browsers count."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.server.parameters import Shape

MOST_CHARACTERS = 200_000  # of one text
MOST_FILES = 200

Text = Annotated[str, StringConstraints(max_length=MOST_CHARACTERS)]
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    Shape(r"^[^\x00-\x1f\\]+$", "must be a path with `/`, without control characters"),
]


class WorkspaceTexts(BaseModel):
    """The rest of the workspace, as far as it matters."""

    model_config = ConfigDict(extra="forbid")

    settings: Text | None = Field(default=None, description="kogda.yaml")
    schema_: Text | None = Field(default=None, alias="schema", description="schema.yaml")
    files: dict[Name, Text] = Field(default={}, max_length=MOST_FILES, description="other rule files, by path")
    templates: dict[Name, Text] = Field(
        default={}, max_length=MOST_FILES, description="by path below templates/: `email/cart.html`"
    )


class Question(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: Text
    path: Name = Field(default="rules/new.rules", description="`….test.rules` is a file of tests")
    workspace: WorkspaceTexts | None = Field(default=None, description="null: what is published on this server")
    language: Literal["en", "ru"] = Field(default="en", description="of messages")


class PlaceQuestion(Question):
    offset: int = Field(ge=0, le=2 * MOST_CHARACTERS, description="of the cursor, in UTF-16 units")


class FormatQuestion(Question):
    keywords: Literal["en", "ru"] | None = Field(default=None, description="translate the keywords")


class Checked(BaseModel):
    diagnostics: list[dict[str, Any]] = Field(description="as `kogda check --format json` prints them")


class ProposedText(BaseModel):
    label: str
    kind: str
    detail: str
    text: str = Field(description="with `${1:places}` to fill when it is a snippet")
    is_snippet: bool
    start: int = Field(description="of the text that it replaces, in UTF-16 units")
    end: int


class Completed(BaseModel):
    proposals: list[ProposedText] = Field(description="the best first")


class Hovered(BaseModel):
    text: str | None = Field(description="Markdown; null when there is nothing to say")
    start: int = 0
    end: int = 0


class Formatted(BaseModel):
    text: str | None = Field(description="null when the text has mistakes: then it stays as it is")
    diagnostics: list[dict[str, Any]] = []


class ToldLine(BaseModel):
    text: str
    depth: int = Field(description="how far it stands inside branches")
    number: str = Field(description="of a step")


class ToldRule(BaseModel):
    name: str
    lines: list[ToldLine]


class Explained(BaseModel):
    rules: list[ToldRule] = Field(description="read back in plain sentences; empty when the text has mistakes")
    diagnostics: list[dict[str, Any]] = []
