"""What delivery knows of a workspace besides its plan, for a virtual world: the guards are those of delivery."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

from dsl.catalog import Catalog
from dsl.compiling.double_opt_in import templates_of
from engine.core.delivery.addresses import address_of
from engine.core.delivery.sparing import Sparing
from engine.core.effects import NewMessage
from engine.core.guards import MessageFacts
from engine.core.model import Customer, Run
from engine.tracking.policy import Tracking

ConsentPolicy = Literal["required", "unless_refused"]


def _reactions(catalog: Catalog) -> frozenset[str]:
    written: Any = catalog.settings.get("tracking")
    tracking = Tracking.from_json(written)
    if not (tracking.opens or tracking.clicks):
        return frozenset()
    return frozenset(f"{channel}_{word}" for channel in catalog.channels for word in ("opened", "clicked"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What the guards ask of a workspace besides the plan."""

    policy: ConsentPolicy = "unless_refused"
    confirmed: frozenset[str] = frozenset()  # channels and topics with double opt-in
    topics: Mapping[tuple[str, str], str] = field(default_factory=dict)  # of templates that have one
    sparing: Sparing = field(default_factory=Sparing)
    reactions: frozenset[str] = frozenset()  # events that say that a message was read; none where nothing is tracked
    failing: Collection[str] = ()  # templates that the provider refuses
    reaches_all: bool = False  # nobody's address is known: everybody is taken to have one

    @staticmethod
    def of(catalog: Catalog, **more: Any) -> Delivery:
        return Delivery(
            policy=cast(ConsentPolicy, catalog.settings.get("consent", "unless_refused")),
            confirmed=frozenset(templates_of(catalog)),
            sparing=Sparing.from_json(catalog.settings),
            reactions=_reactions(catalog),
            topics={key: each.topic for key, each in catalog.templates.items() if each.topic is not None},
            **more,
        )

    def topic(self, channel: str, template: str) -> str | None:
        return self.topics.get((channel, template))

    def facts(
        self,
        message: NewMessage,
        customer: Customer,
        *,
        run: Run | None,
        contacts: Collection[str],
        limits: MessageFacts,
    ) -> MessageFacts:
        """`limits` with what the other guards look at."""
        address = address_of(message.channel, email=customer.email, phone=customer.phone, key=customer.key)
        if message.channel in contacts:
            address = "?"
        return replace(
            limits,
            address=address or ("?" if self.reaches_all else None),
            topic=self.topic(message.channel, message.template),
            consent=customer.consent,
            consent_policy=self.policy,
            confirmed=self.confirmed,
            run_end=run.end_reason if run else None,
        )
