"""A workspace folder made live, or its mistakes; for `kogda publish` and `kogda up`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from api.planning import SavedPlan
from dsl.diagnostics import Severity
from dsl.messages import Language, in_language, say
from dsl.render import render_text
from engine.errors import PlanIsStale
from engine.flow.checking.load_workspace import CheckedWorkspace, load_workspace
from engine.flow.publishing.compare_rule_sets import Changes
from engine.flow.publishing.publish_rules import Publication, hash_of, publish
from engine.storage.database import Database
from engine.storage.rules.published import live_rule_set, load_rule_set
from engine.storage.write_keys import all_write_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """`publication` is None when the workspace was refused; what was live stays live then."""

    workspace: CheckedWorkspace
    publication: Publication | None
    live: int | None  # the rule set that is live now; None: nothing was ever published
    live_rules: int
    keys: int  # write keys in use


async def publish_folder(
    database_url: str, folder: Path, *, published_by: str, saved: SavedPlan | None = None
) -> Attempt:
    """Raises ConfigurationError when the database does not answer. Mistakes of the workspace are in the answer.

    With a saved plan: raises PlanIsStale unless the workspace and what is live are those that it was made for.
    """
    workspace = load_workspace(folder)
    if saved is not None and workspace.plan is not None:
        found = hash_of(workspace.plan, templates=workspace.templates, settings=workspace.settings)
        if found != saved.publishes:
            raise PlanIsStale
    database = Database(database_url, pool_size=2)
    await database.open()
    try:
        publication = None
        if workspace.plan is not None:
            publication = await publish(
                database,
                workspace.plan,
                templates=workspace.templates,
                settings=workspace.settings,
                published_by=published_by,
                only_over=saved.over if saved else None,
            )
        async with database.connection() as connection:
            live = await live_rule_set(connection)
            rules = (await load_rule_set(connection, live)).plan.get("rules", []) if live is not None else []
            keys = sum(key.revoked_at is None for key in await all_write_keys(connection))
    finally:
        await database.close()
    return Attempt(workspace=workspace, publication=publication, live=live, live_rules=len(rules), keys=keys)


def told_changes(changes: Changes) -> Iterator[str]:
    """What became different, a line each: `+` came, `~` changed, `-` went."""
    yield from (say('{mark} rule "{name}"', mark=mark, name=name) for mark, name in changes.rules.marked())
    yield from (say("{mark} segment {name}", mark=mark, name=name) for mark, name in changes.segments.marked())
    yield from (f"{mark} templates/{path}" for mark, path in changes.templates.marked())
    if changes.settings:
        yield "~ kogda.yaml"
    if changes.schema:
        yield "~ schema.yaml"


def report_attempt(attempt: Attempt, *, out: TextIO, language: Language = "en") -> None:
    """What a person wants to know: the mistakes, or what is different now."""
    found = attempt.workspace.diagnostics
    if found:
        print(render_text(found, language), file=out)
    publication = attempt.publication
    if publication is None:
        mistakes = sum(each.severity is Severity.ERROR for each in found)
        stays = (
            say("rule set {live} stays live", live=attempt.live)
            if attempt.live is not None
            else say("nothing is live yet")
        )
        print(
            say(
                "Not published: {count} {count:mistake|mistakes} in {folder}; {stays}.",
                count=mistakes,
                folder=attempt.workspace.folder,
                stays=stays,
            ).text(language),
            file=out,
        )
    elif publication.changes is None:
        message = say("Rule set {rule_set} is live already; nothing has changed.", rule_set=publication.rule_set)
        print(message.text(language), file=out)
    else:
        lines = list(told_changes(publication.changes))
        if publication.is_first:  # everything is new
            lines = [
                say(
                    "+ {rules} {rules:rules|rules}, {files} {files:template files|template files}",
                    rules=attempt.live_rules,
                    files=len(attempt.workspace.templates),
                )
            ]
        for line in lines:
            print(f"  {in_language(line, language)}", file=out)
        print(say("Rule set {rule_set} is live.", rule_set=publication.rule_set).text(language), file=out)
    out.flush()
