"""Double opt-in: who is said to agree is asked by mail, by rules of our own that stand in the plan like any other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dsl import plan
from dsl.catalog import Catalog, EventType
from dsl.kinds import Kind

_FILE = "kogda.yaml"


def asked_event(what: str) -> str:
    """Somebody told us that the customer agrees to this channel or topic, and the customer has not confirmed it."""
    return f"{what}_confirmation_asked"


def asked_events(keys: Iterable[str]) -> dict[str, EventType]:
    properties = {"what": Kind(name="text")}
    return {
        asked_event(what): EventType(name=asked_event(what), properties=properties, open=True, built_in=True)
        for what in keys
    }


def templates_of(catalog: Catalog) -> dict[str, str]:
    """By channel or topic, the mail that asks."""
    found = catalog.settings.get("double_opt_in")
    return {str(what): str(name) for what, name in found.items()} if isinstance(found, Mapping) else {}


def confirmation_rules(catalog: Catalog) -> list[plan.Rule]:
    return [
        plan.Rule(
            name=f"double opt-in: {what}",
            file=_FILE,
            line=1,
            trigger=plan.EventTrigger(match=plan.EventMatch(events=(asked_event(what),))),
            repeated="parallel",
            transactional=True,
            ignore_quiet_hours=True,  # who just gave an address waits for this mail
            steps=(plan.Send(channel="email", template=template, line=1),),
        )
        for what, template in templates_of(catalog).items()
    ]


def mails_asking(built: plan.Plan) -> dict[str, str]:
    """As `templates_of`, of a plan."""
    sends = {
        event: rule.steps[0].template if isinstance(rule.steps[0], plan.Send) else ""
        for rule in built.rules
        if rule.file == _FILE and isinstance(rule.trigger, plan.EventTrigger)
        for event in rule.trigger.match.events
    }
    return {what: sends[asked_event(what)] for what in built.double_opt_in if asked_event(what) in sends}
