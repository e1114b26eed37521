"""`kogda explain --customer`: the part that asks the database, loaded only when it is."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime

from api.cli.explain_report import render_explanation, render_overview
from api.cli.naming import rule_named
from api.language import spoken
from api.opened_database import opened_connection
from api.supervisor.services import connected
from dsl.codec import from_json
from dsl.messages import say
from engine.actions import ACTIONS
from engine.config import Settings
from engine.core.calendar import zone_named
from engine.core.conditions.program import load_program
from engine.core.identity import typed_key
from engine.errors import ConfigurationError, NothingPublished
from engine.flow.customers.find_customer import NobodyThere
from engine.flow.telling.explain_customer import explain_customer
from engine.flow.telling.explain_rules import explain_rules
from engine.storage.database import Connection
from engine.storage.installation import partitions_of
from engine.storage.rules.published import live_rule_set, load_rule_set


def explain_to(settings: Settings, customer: str, rule: str | None, at: str | None) -> None:
    """One rule, or without a name a line for each."""
    with connected(settings, makes_database=False) as whole:
        sys.stdout.write(asyncio.run(_told(whole, customer, rule, at)))


async def _told(settings: Settings, customer: str, rule: str | None, at: str | None) -> str:
    try:
        async with opened_connection(settings) as connection:
            return await _explained(connection, customer, rule, at)
    except NobodyThere as error:
        raise ConfigurationError(say("there is no customer {customer}", customer=str(error))) from None


async def _explained(connection: Connection, customer: str, rule: str | None, at: str | None) -> str:
    live = await live_rule_set(connection)
    if live is None:
        raise NothingPublished
    program = load_program(from_json((await load_rule_set(connection, live)).plan), live, ACTIONS)
    key = typed_key(customer)
    moment = _moment(at, program.plan.timezone) if at else None
    partitions = await partitions_of(connection)
    if rule is None:
        overview = await explain_rules(connection, program, key, at=moment, partitions=partitions)
        return render_overview(overview, spoken())
    name = rule_named(program.plan, rule).name
    explanation = await explain_customer(connection, program, key, rule=name, at=moment, partitions=partitions)
    return render_explanation(explanation, spoken())


def _moment(written: str, timezone: str) -> datetime:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise ConfigurationError(
            say('--at "{written}" is no time; write "2026-03-01 10:00"', written=written)
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone_named(timezone))
