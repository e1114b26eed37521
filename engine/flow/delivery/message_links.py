"""The links that every mail may show, and those that mail programs look for in its head."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from engine.config import public_url
from engine.core.delivery.double_opt_in import asked_about
from engine.flow.delivery.claiming import Claimed
from engine.flow.delivery.tracking_content import view_url
from engine.links.chat_links import chat_link
from engine.links.customer_links import SEPARATOR, CustomerLink, Sender
from engine.runtime import Runtime
from engine.tracking.tokens import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """A message, as far as its links tell of it."""

    link: CustomerLink
    place: Place
    context: Mapping[str, Any]
    created_at: datetime
    sent_at: datetime


def links_of(claimed: Claimed, runtime: Runtime) -> dict[str, str]:
    """Those that its template shows."""
    message = claimed.message
    mention = claimed.texts.templates(message.channel).mention
    if not any(map(mention, _MAKERS)):
        return {}
    linked = Linked(
        link=_link(claimed),
        place=Place(message.partition, message.id),
        context=message.context,
        created_at=message.created_at,
        sent_at=message.now,
    )
    return links_for(linked, claimed.policy.settings, _sender(runtime), mention=mention)


def links_for(
    linked: Linked, settings: Mapping[str, Any], sender: Sender, *, mention: Callable[[str], bool]
) -> dict[str, str]:
    """`unsubscribe_url`, `preferences_url`, `view_url`, `telegram_url` when there is a bot and, in a mail that asks for
    a confirmation, `confirm_url`."""
    made = {name: make(linked, settings, sender) for name, make in _MAKERS.items() if mention(name)}
    return {name: url for name, url in made.items() if url is not None}


def _telegram(linked: Linked, settings: Mapping[str, Any], sender: Sender) -> str | None:
    bot = ((settings.get("channels") or {}).get("telegram") or {}).get("bot")
    return chat_link(sender.key, bot, linked.link.customer, today=linked.sent_at.date()) if bot else None


def _confirm(linked: Linked, settings: Mapping[str, Any], sender: Sender) -> str | None:
    asked = asked_about(linked.context, settings.get("double_opt_in") or {})
    if not asked:
        return None
    return sender.url("confirm", replace(linked.link, what=SEPARATOR.join(asked), at=linked.created_at))


#: By the names that templates know links by. None: there is no such link.
_MAKERS: Mapping[str, Callable[[Linked, Mapping[str, Any], Sender], str | None]] = {
    "unsubscribe_url": lambda linked, _, sender: sender.url("unsubscribe", linked.link),
    "preferences_url": lambda linked, _, sender: sender.url("preferences", linked.link),
    "view_url": lambda linked, _, sender: view_url(linked.place, sender.public_url, sender.key),
    "telegram_url": _telegram,
    "confirm_url": _confirm,
}


def ways_out(claimed: Claimed, runtime: Runtime) -> tuple[str, ...]:
    """Marketing tells mail programs how to leave (RFC 2369, RFC 8058). Service mails do not: nobody can leave them."""
    if claimed.message.transactional:
        return ()
    link = _link(claimed)
    ways = [_sender(runtime).url("unsubscribe", link)]
    mailbox = (claimed.policy.settings.get("mail") or {}).get("unsubscribe")
    if mailbox:
        ways.append(f"mailto:{mailbox}?subject=unsubscribe%20{ways[0].rpartition('/')[2]}")
    return tuple(ways)


def _sender(runtime: Runtime) -> Sender:
    return Sender(public_url=public_url(runtime.settings), key=runtime.link_key)


def _link(claimed: Claimed) -> CustomerLink:
    message = claimed.message
    return CustomerLink(
        customer=message.customer,
        message=message.id,
        channel=message.channel,
        what=claimed.texts.templates(message.channel).topic(message.template),
    )
