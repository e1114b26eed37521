"""`kogda explain`: a rule in plain sentences, why it did or did not act for a customer, what a code means."""

from __future__ import annotations

import asyncio
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from api.cli.explain_report import render_explanation, render_rule
from api.language import spoken
from api.supervisor.services import connected
from dsl.codes import CODES
from dsl.plan import Plan, Rule
from dsl.render import render_text
from dsl.suggestions import nearest
from engine.config import Settings, read_settings
from engine.core.calendar import zone_named
from engine.errors import ConfigurationError, NothingPublished
from engine.flow.explain_customer import Explanation, NobodyThere, explain_customer
from engine.flow.load_workspace import load_workspace
from engine.runtime import Programs
from engine.storage.database import Database
from engine.storage.installation import found_installation
from engine.storage.migrate import require_current
from engine.storage.rule_sets import live_rule_set

_CODE = re.compile(r"[EWN]\d{3}\Z", re.IGNORECASE)
_PAGES = Path(__file__).parent / "pages"


def explain(
    what: Annotated[
        str | None, typer.Argument(metavar="[RULE|CODE]", help='A rule by name, or a code: "E204".')
    ] = None,
    customer: Annotated[
        str | None, typer.Option(metavar="ID", help="The customer's userId, or a key: u:42, a:….")
    ] = None,
    rule: Annotated[str | None, typer.Option(metavar="NAME", help="The rule, when a customer is given.")] = None,
    at: Annotated[str | None, typer.Option(metavar="TIME", help='As it stood then: "2026-03-01 10:00".')] = None,
    workspace: Annotated[Path | None, typer.Option(help="Folder with kogda.yaml, schema.yaml, rules/.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL and Redis.")] = None,
) -> None:
    """Read a rule back in plain sentences; with --customer, say what it did for them, and why not; explain a code."""
    settings = read_settings(workspace=workspace, data=data)
    if what and _CODE.match(what) and customer is None:
        sys.stdout.write(_page(what.upper()))
    elif customer is not None:
        name = rule or what
        if name is None:
            raise ConfigurationError("say which rule: kogda explain --customer ID --rule NAME")
        _explain_customer(settings, customer, name, at)
    else:
        _explain_rules(settings, what or rule)


def _page(code: str) -> str:
    if code not in CODES:
        near = ", ".join(nearest(code, CODES)[:3])
        raise ConfigurationError(f"there is no code {code}" + (f"; did you mean {near}?" if near else ""))
    return (_PAGES / f"{code}.md").read_text(encoding="utf-8")


def _explain_rules(settings: Settings, name: str | None) -> None:
    folder = settings.workspace
    if not (folder / "kogda.yaml").is_file():
        raise ConfigurationError(f"there is no kogda.yaml in {folder}; name the workspace with --workspace")
    checked = load_workspace(folder)
    if checked.plan is None:
        sys.stderr.write(render_text(checked.diagnostics) + "\n")
        raise ConfigurationError("nothing is explained, because the workspace has mistakes")
    chosen = checked.plan.rules if name is None else [_named(checked.plan, name)]
    sys.stdout.write("\n".join(render_rule(each, spoken()) for each in chosen))


def _named(plan: Plan, name: str) -> Rule:
    """By its whole name, or by a part of it that no other rule has."""
    exact = [rule for rule in plan.rules if rule.name == name]
    partly = [rule for rule in plan.rules if name.casefold() in rule.name.casefold()]
    found = exact or partly
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigurationError(
            f'"{name}" is in the name of several rules: ' + ", ".join(f'"{each.name}"' for each in found)
        )
    near = nearest(name, [rule.name for rule in plan.rules])
    raise ConfigurationError(f'there is no rule called "{name}"' + (f'; did you mean "{near[0]}"?' if near else ""))


def _explain_customer(settings: Settings, customer: str, rule: str, at: str | None) -> None:
    with connected(settings) as whole:
        explanation = asyncio.run(_load(whole, customer, rule, at))
    sys.stdout.write(render_explanation(explanation, spoken()))


async def _load(settings: Settings, customer: str, rule: str, at: str | None) -> Explanation:
    assert settings.database_url is not None
    url = settings.database_url.get_secret_value()
    await require_current(url)
    database = Database(url, pool_size=1)
    await database.open()
    try:
        installation = await found_installation(database, settings.partitions)
        async with database.connection() as connection:
            live = await live_rule_set(connection)
            if live is None:
                raise NothingPublished
            program = (await Programs().load(connection, live)).program
            key = customer if customer[:2] in ("u:", "a:") else f"u:{customer}"
            name = _named(program.plan, rule).name
            moment = _moment(at, program.plan.timezone) if at else None
            return await explain_customer(
                connection, program, key, rule=name, at=moment, partitions=installation.partitions
            )
    except NobodyThere as error:
        raise ConfigurationError(f"there is no customer {error}") from None
    finally:
        await database.close()


def _moment(written: str, timezone: str) -> datetime:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise ConfigurationError(f'--at "{written}" is no time; write "2026-03-01 10:00"') from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone_named(timezone))
