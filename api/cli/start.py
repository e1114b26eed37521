"""`kogda start RULE --include-past`: start a rule for people who were past its mark before it was live (S13)."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from api.cli.looking import looking_at_customers
from api.language import told
from api.supervisor.services import connected
from dsl.messages import say
from dsl.plan import Plan, Rule
from dsl.suggestions import nearest
from engine.config import Settings, read_settings
from engine.core.conditions.program import Program, RuleCode
from engine.core.standing.asked_for import has_mark
from engine.errors import ConfigurationError, NothingPublished
from engine.flow.publishing.include_past import count_past, include_past
from engine.runtime import Runtime, open_runtime
from engine.storage.revisions import require_current
from engine.storage.rules.published import live_rule_set
from engine.storage.runs.rounds import count_customers
from engine.waker import NullWaker


def start(
    rule: Annotated[str, typer.Argument(help="Its whole name.")],
    include_past: Annotated[
        bool, typer.Option("--include-past", help="Start it for them. Without it they are only counted.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL and Redis.")] = None,
) -> None:
    """Start a live rule for people who are past its mark already: silent for so long, or in the segment. Once each."""
    with connected(read_settings(data=data), makes_database=False) as whole:
        asyncio.run(_start(whole, rule, includes_past=include_past, asks=not yes))


async def _start(settings: Settings, rule: str, *, includes_past: bool, asks: bool) -> None:
    assert settings.database_url is not None
    await require_current(settings.database_url.get_secret_value())
    async with open_runtime(settings, waker=NullWaker(), pool_size=2) as runtime:
        program, customers = await _live(runtime)
        code = _startable(program, rule, runtime)
        people = await _count(runtime, program, code, customers)
        print(told(_counted(people, rule, includes_past=includes_past)))
        if not (people and includes_past):
            return
        if asks and not _agrees():
            print(told(say("Nobody is started.")))
            raise typer.Exit(1)
        with looking_at_customers(customers) as on_look:
            started = await include_past(runtime, rule, on_look=on_look)
    n = f"{started:,}"
    print(told(say("{n} {n:person is|people are} started: the workers take some hundreds at a time.", n=n)))


async def _live(runtime: Runtime) -> tuple[Program, int]:
    """The live rules, and how many customers there are."""
    async with runtime.database.connection() as connection:
        live = await live_rule_set(connection)
        if live is None:
            raise NothingPublished
        return (await runtime.programs.load(connection, live)).program, await count_customers(connection)


def _startable(program: Program, name: str, runtime: Runtime) -> RuleCode:
    rule = _named(program.plan, name)
    code = program.by_name[rule.name]
    if not has_mark(rule.trigger):
        raise ConfigurationError(
            say(
                '"{rule}" has no mark that people stay past: only `no … for …` and `customer enters …` have one',
                rule=rule.name,
            )
        )
    if not code.active_from <= runtime.clock() < code.active_until:
        raise ConfigurationError(say('"{rule}" is not active today', rule=rule.name))
    return code


def _named(plan: Plan, name: str) -> Rule:
    for rule in plan.rules:
        if rule.name == name:
            return rule
    near = nearest(name, [rule.name for rule in plan.rules])
    if near:
        raise ConfigurationError(
            say('no live rule is called "{rule}"; did you mean "{near}"?', rule=name, near=near[0])
        )
    raise ConfigurationError(say('no live rule is called "{rule}"', rule=name))


async def _count(runtime: Runtime, program: Program, code: RuleCode, customers: int) -> int:
    with looking_at_customers(customers) as on_look:
        async with runtime.database.connection() as connection:
            return (await count_past(connection, program, [code], on_look=on_look))[code.rule.name]


def _counted(people: int, rule: str, *, includes_past: bool) -> str:
    if not people:
        return say("Nobody is past the mark, or they were all started already.")
    n = f"{people:,}"
    if includes_past:
        return say("{n} {n:person is|people are} past the mark already.", n=n)
    return say(
        '{n} {n:person is|people are} past the mark already. To start them: kogda start "{rule}" --include-past',
        n=n,
        rule=rule,
    )


def _agrees() -> bool:
    """Without a terminal there is nobody to ask."""
    if not sys.stdin.isatty():
        raise ConfigurationError(say("nobody is there to ask; add --yes to start them"))
    question = say("Start the rule for them now? Its conditions, consent, caps and quiet hours apply to each.")
    return typer.confirm(told(question))
