"""`kogda explain`: a rule in plain sentences, why it did or did not act for a customer, what a code means."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from api.language import spoken
from dsl.codes import CODES
from dsl.messages import say
from dsl.suggestions import nearest
from engine.errors import ConfigurationError

_CODE = re.compile(r"[EWN]\d{3}\Z", re.IGNORECASE)
_PAGES = Path(__file__).parent / "pages"


def explain(
    what: Annotated[
        str | None, typer.Argument(metavar="[RULE|CODE]", help='A rule by name, or a code: "E204".')
    ] = None,
    customer: Annotated[
        str | None, typer.Option(metavar="ID", help="The customer's userId, or a key: u:42, a:….")
    ] = None,
    rule: Annotated[
        str | None, typer.Option(metavar="NAME", help="With --customer: only this rule, step by step.")
    ] = None,
    at: Annotated[str | None, typer.Option(metavar="TIME", help='As it stood then: "2026-03-01 10:00".')] = None,
    workspace: Annotated[Path | None, typer.Option(help="Folder with kogda.yaml, schema.yaml, rules/.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL and Redis.")] = None,
) -> None:
    """Read a rule back in plain sentences; with --customer, say what it did for them, and why not; explain a code."""
    if what and _CODE.match(what) and customer is None:
        sys.stdout.write(_page(what.upper()))
        return
    # What follows takes longer to load than a page of a code takes to show.
    from engine.config import read_settings

    settings = read_settings(workspace=workspace, data=data)
    if customer is not None:
        from api.cli.explain_customer import explain_to

        explain_to(settings, customer, rule or what, at)
    else:
        _explain_rules(settings.workspace, what or rule)


def _page(code: str) -> str:
    if code not in CODES:
        near = nearest(code, CODES)
        if near:
            raise ConfigurationError(
                say("there is no code {code}; did you mean {near}?", code=code, near=", ".join(near[:3]))
            )
        raise ConfigurationError(say("there is no code {code}", code=code))
    return (_PAGES / f"{code}.md").read_text(encoding="utf-8")


def _explain_rules(folder: Path, name: str | None) -> None:
    from api.cli.explain_rule import render_rule
    from api.cli.naming import rule_named
    from dsl.render import render_text
    from engine.flow.checking.load_workspace import load_workspace

    if not (folder / "kogda.yaml").is_file():
        raise ConfigurationError(
            say("there is no kogda.yaml in {folder}; name the workspace with --workspace", folder=folder)
        )
    checked = load_workspace(folder)
    if checked.plan is None:
        sys.stderr.write(render_text(checked.diagnostics, spoken()) + "\n")
        raise ConfigurationError(say("nothing is explained, because the workspace has mistakes"))
    chosen = checked.plan.rules if name is None else [rule_named(checked.plan, name)]
    sys.stdout.write("\n".join(render_rule(each, checked.plan, spoken()) for each in chosen))
