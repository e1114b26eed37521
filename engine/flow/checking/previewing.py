"""A template as one reader would get it, before anybody does: an invented reader, or one who exists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dsl.kinds import Kind
from dsl.messages import say
from dsl.suggestions import nearest
from engine.core.identity import typed_key
from engine.core.model import Customer
from engine.errors import ConfigurationError
from engine.flow.customers.find_customer import NobodyThere, find_customer
from engine.rendering.brand import brand_of
from engine.rendering.email import MailRequest, MailTemplates
from engine.rendering.inspect import template_uses
from engine.rendering.readers import reader_facts
from engine.rendering.samples import sample_of_uses, sample_promo, sample_values
from engine.rendering.sources import template_names
from engine.storage.database import Connection

#: What every template has besides the event and the customer.
_GIVEN = (
    "event",
    "customer",
    "workspace",
    "promo",
    "unsubscribe_url",
    "preferences_url",
    "view_url",
    "locale",
    "subject",
    "preheader",
    "message",
)
_LINKS = {
    "unsubscribe_url": "https://example.com/unsubscribe",
    "preferences_url": "https://example.com/preferences",
    "view_url": "https://example.com/in-a-browser",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a preview stands on: the texts and facts of a workspace, published or not."""

    templates: Mapping[str, str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Kind] = field(default_factory=dict)
    properties: Mapping[str, Kind] = field(default_factory=dict)  # of all events together
    timezone: str = "UTC"
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody who exists, with the newest event that has what the template reads."""

    customer: Customer
    event: Mapping[str, Any] = field(default_factory=dict)


def preview_request(
    ground: Ground,
    channel: str,
    template: str,
    *,
    now: datetime,
    locale: str | None = None,
    reader: Reader | None = None,
) -> MailRequest:
    """What a template is rendered with. Raises ConfigurationError when there is no such template."""
    mails = MailTemplates(ground.templates, channel)
    if not mails.has(template):
        raise _unknown(ground, channel, template)
    default = str(ground.settings.get("locale") or "en")
    speaks = locale or (reader.customer.locale if reader else None) or default
    uses = [use.path for use in template_uses(channel, template, ground.templates).info.uses]
    invented = sample_of_uses(uses, currency=ground.currency, locale=speaks)
    given = {name: value for name, value in invented.items() if name not in _GIVEN}
    return MailRequest(
        template=template,
        event={**_invented_event(ground, invented, speaks), **(reader.event if reader else {})},
        customer=reader_facts(reader.customer) if reader else _invented_customer(ground, invented, speaks),
        variables={**given, "promo": sample_promo(now=now), **_LINKS},
        workspace=brand_of(ground.settings),
        locale=speaks,
        default_locale=default,
        timezone=(reader.customer.timezone if reader else None) or ground.timezone,
        currency=ground.currency,
        now=now,
    )


def _unknown(ground: Ground, channel: str, template: str) -> ConfigurationError:
    known = template_names(ground.templates)
    channels = dict.fromkeys(each for each, _ in known)
    if channel not in channels and (meant := nearest(channel, channels)):
        return ConfigurationError(
            say("there are no {channel} templates; did you mean {near}?", channel=channel, near=meant[0])
        )
    near = nearest(template, [name for each, name in known if each == channel])
    if near:
        return ConfigurationError(
            say(
                'there is no {channel} template "{name}"; did you mean {near}?',
                channel=channel,
                name=template,
                near=near[0],
            )
        )
    return ConfigurationError(say('there is no {channel} template "{name}"', channel=channel, name=template))


def _invented_event(ground: Ground, invented: Mapping[str, Any], locale: str) -> dict[str, Any]:
    guessed = invented.get("event")
    known = sample_values(ground.properties, currency=ground.currency, locale=locale)
    return {**(guessed if isinstance(guessed, dict) else {}), **known}


def _invented_customer(ground: Ground, invented: Mapping[str, Any], locale: str) -> dict[str, Any]:
    guessed = invented.get("customer")
    known = sample_values(ground.attributes, currency=ground.currency, locale=locale)
    return {**(guessed if isinstance(guessed, dict) else {}), **known, "locale": locale}


async def find_reader(
    connection: Connection, ground: Ground, channel: str, template: str, *, key: str, partitions: int
) -> Reader | None:
    """None: no customer of this key. `key` may be a userId."""
    try:
        customer, _ = await find_customer(connection, typed_key(key), partitions)
    except NobodyThere:
        return None
    uses = template_uses(channel, template, ground.templates).info.uses
    read = sorted({use.path[1] for use in uses if use.path[0] == "event" and len(use.path) > 1})
    return Reader(customer=customer, event=await _newest_with(connection, customer.id, read) if read else {})


async def _newest_with(connection: Connection, customer: Any, properties: list[str]) -> dict[str, Any]:
    body = await connection.fetchval(
        """
        SELECT body->'properties' FROM event
        WHERE customer = $1 AND at <= $2 AND body->'properties' ?& $3::text[] ORDER BY at DESC LIMIT 1
        """,
        customer,
        datetime.max.replace(tzinfo=UTC),
        properties,
    )
    return dict(body or {})
