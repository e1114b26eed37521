"""The links that every mail may show, and those that mail programs look for in its head."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.channels import Handover, Mail
from engine.config import public_url
from engine.flow.claiming import Claimed
from engine.flow.tracking_mails import view_url
from engine.links.chat_links import chat_link
from engine.links.customer_links import CustomerLink, Sender
from engine.runtime import Runtime


def links_of(claimed: Claimed, runtime: Runtime) -> dict[str, str]:
    """`unsubscribe_url`, `preferences_url`, `view_url`, `telegram_url` when there is a bot and, in a mail that asks for
    a confirmation, `confirm_url`: those of them that a template shows."""
    templates, makers = claimed.texts.templates(claimed.message.channel), _makers(claimed, runtime)
    return {name: make() for name, make in makers.items() if templates.mention(name)}


def _makers(claimed: Claimed, runtime: Runtime) -> dict[str, Callable[[], str]]:
    sender, link = _sender(runtime), _link(claimed)
    makers: dict[str, Callable[[], str]] = {
        "unsubscribe_url": lambda: sender.url("unsubscribe", link),
        "preferences_url": lambda: sender.url("preferences", link),
        "view_url": lambda: view_url(claimed.message, sender.public_url, runtime.link_key),
    }
    bot = ((claimed.policy.settings.get("channels") or {}).get("telegram") or {}).get("bot")
    if bot:
        today = claimed.message.now.date()
        makers["telegram_url"] = lambda: chat_link(runtime.link_key, bot, link.customer, today=today)
    asked = (claimed.message.context.get("event") or {}).get("what")
    if isinstance(asked, str) and asked in (claimed.policy.settings.get("double_opt_in") or {}):
        to_confirm = replace(link, what=asked, at=claimed.message.created_at)
        makers["confirm_url"] = lambda: sender.url("confirm", to_confirm)
    return makers


def with_way_out(handover: Handover, claimed: Claimed, runtime: Runtime) -> Handover:
    """Marketing tells mail programs how to leave (RFC 2369, RFC 8058). Service mails do not: nobody can leave them."""
    if claimed.message.transactional or not isinstance(handover.content, Mail):
        return handover
    link = _link(claimed)
    ways = [_sender(runtime).url("unsubscribe", link)]
    mailbox = (claimed.policy.settings.get("mail") or {}).get("unsubscribe")
    if mailbox:
        ways.append(f"mailto:{mailbox}?subject=unsubscribe%20{ways[0].rpartition('/')[2]}")
    return replace(handover, content=replace(handover.content, ways_out=tuple(ways)))


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
