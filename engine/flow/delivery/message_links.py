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


#: Names that templates know links by.
_NAMES = ("unsubscribe_url", "preferences_url", "view_url", "telegram_url", "confirm_url")


def links_of(claimed: Claimed, runtime: Runtime) -> dict[str, str]:
    """Those that its template shows."""
    message = claimed.message
    mention = claimed.texts.templates(message.channel).mention
    if not any(map(mention, _NAMES)):
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
    link = linked.link
    makers: dict[str, Callable[[], str]] = {
        "unsubscribe_url": lambda: sender.url("unsubscribe", link),
        "preferences_url": lambda: sender.url("preferences", link),
        "view_url": lambda: view_url(linked.place, sender.public_url, sender.key),
    }
    bot = ((settings.get("channels") or {}).get("telegram") or {}).get("bot")
    if bot:
        makers["telegram_url"] = lambda: chat_link(sender.key, bot, link.customer, today=linked.sent_at.date())
    asked = asked_about(linked.context, settings.get("double_opt_in") or {})
    if asked:
        to_confirm = replace(link, what=SEPARATOR.join(asked), at=linked.created_at)
        makers["confirm_url"] = lambda: sender.url("confirm", to_confirm)
    return {name: make() for name, make in makers.items() if mention(name)}


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
