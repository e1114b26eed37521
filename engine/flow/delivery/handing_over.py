"""One message from claim to verdict: render it, hand it to its channel, say how it is to be settled."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from engine.channels import (
    Contact,
    Content,
    Handover,
    Mail,
    Origin,
    Push,
    Rejected,
    Sent,
    TryLater,
    Unknown,
    Verdict,
)
from engine.clock import monotonic
from engine.core.delivery.limits import Limits
from engine.core.delivery.retries import next_attempt
from engine.core.delivery.ways import VERDICT
from engine.core.effects import OUTWARD
from engine.core.reasons.of_delivery import (
    DEVICES_GONE,
    DEVICES_GONE_AND_MORE,
    GIVEN_UP,
    NO_CHANNEL,
    NOT_TAKEN,
    RENDERED_EMPTY,
    SENT_AGAIN,
)
from engine.domains import Met
from engine.errors import NotReady, TemplateFailed, TemplateRests
from engine.failpoints import reach
from engine.flow.delivery.claiming import Claimed
from engine.flow.delivery.dkim_keys import dkim_keys
from engine.flow.delivery.handing_out import hand_out
from engine.flow.delivery.mail_requests import mail_request
from engine.flow.delivery.message_links import links_of, ways_out
from engine.flow.delivery.text_content import text_content
from engine.flow.delivery.tracking_content import tracked_mail, tracked_text, tracking_of, way_here
from engine.links.bounce_addresses import bounce_address
from engine.rendering.email import RenderedMail
from engine.runtime import Runtime
from engine.storage.delivery.messages import DueMessage, SettledState, Settlement
from engine.storage.events.quarantine import Quarantined
from engine.storage.kept_words import storable

#: A template that fails is tried again, because texts are live and may be mended meanwhile.
TEMPLATE_TRIES = 3
_ADDRESS = re.compile(r"\S+@\S+")
_NO_SENDER = "the mail has no sender; set mail.from in kogda.yaml, or KOGDA_MAIL_FROM"


class Finished(NamedTuple):
    """How one attempt ended, and what else follows from it."""

    settlement: Settlement
    dead_addresses: tuple[tuple[str, str, str], ...] = ()  # channel, address, reason
    poison: Quarantined | None = None
    met: Met = "nobody"  # at the other end
    provider: str = ""  # whose outage it is, of a channel with several
    outage: str | None = None  # the provider takes no mail at all, and why; nothing of the customer is in it


async def hand_over(claimed: Claimed, runtime: Runtime, is_ours: Callable[[Claimed], bool]) -> Finished | None:
    """None: its lease ended before it reached the channel, so another worker may have it now."""
    if claimed.message.channel in OUTWARD:
        return await _handed_out(claimed, runtime, is_ours)
    channel = runtime.channel(claimed.message.channel, claimed.policy.settings)
    if channel is None:
        reason = NO_CHANNEL.of(channel=claimed.message.channel)
        return Finished(settlement=_settled(claimed, "failed", reason, undeliverable=True))
    try:
        rendered = await _rendered(claimed, runtime)
        handover = _handover(claimed, rendered, runtime)
    except (NotReady, TemplateRests) as error:
        return Finished(settlement=_again(claimed, str(error)))
    except TemplateFailed as error:
        return _failed_template(claimed, error)
    if not is_ours(claimed):
        return None
    reach("send.rendered")
    verdict: Verdict = await channel.send(handover)
    reach("send.answered")
    return settled_as(claimed, verdict, rendered.missing)


async def _handed_out(claimed: Claimed, runtime: Runtime, is_ours: Callable[[Claimed], bool]) -> Finished | None:
    ended = await hand_out(claimed, runtime, now=_now(claimed), is_ours=is_ours)
    if ended is None:
        return None
    reach("call.answered")
    verdict, where = ended
    finished = settled_as(claimed, verdict)
    # A receiver that is down is its own operator's concern: mails go on.
    return finished._replace(settlement=finished.settlement._replace(address=where), met="nobody", outage=None)


def settled_as(claimed: Claimed, verdict: Verdict, missing: tuple[str, ...] = ()) -> Finished:
    """What a channel's verdict means for the row. Pure."""
    match verdict:
        case Sent(provider_id, gone):
            reason = _beside(claimed, missing, gone)
            dead = _dead(claimed, gone, "gone")
            settlement = _settled(claimed, "sent", reason, provider_id=storable(provider_id))
            return Finished(settlement=settlement, dead_addresses=dead, met="answered")
        case Rejected(reason, suppress, gone):
            addresses = [each.address for each in claimed.message.contacts] or [claimed.message.address or ""]
            dead = _dead(claimed, addresses, reason) if suppress else _dead(claimed, gone, "gone")
            settlement = _settled(claimed, "failed", reason, undeliverable=True)
            return Finished(settlement=settlement, dead_addresses=dead, met="answered")
        case TryLater(reason, after, is_outage, provider, gone):
            outage = _ADDRESS.sub("…", storable(reason)) if is_outage else None
            met: Met = "nobody" if is_outage else "silent"
            settlement = _again(claimed, reason, after=after)
            dead = _dead(claimed, gone, "gone")
            return Finished(settlement=settlement, dead_addresses=dead, outage=outage, met=met, provider=provider)
        case Unknown(reason, gone):
            if claimed.policy.unknown_window(transactional=claimed.message.transactional) == "hold":
                settlement = _settled(claimed, "unknown", reason)
            else:
                settlement = _again(claimed, SENT_AGAIN.of(why=reason), maybe_duplicate=True)
            return Finished(settlement=settlement, dead_addresses=_dead(claimed, gone, "gone"), met="silent")


def _beside(claimed: Claimed, missing: Sequence[str], gone: Sequence[str]) -> str | None:
    """The reason kept with a message that was sent: values that were missing, devices that are gone. None: neither."""
    empty = RENDERED_EMPTY.of(names=", ".join(missing)) if missing else None
    if not gone:
        return empty
    lost = {"lost": len(gone), "known": len(claimed.message.contacts)}
    return DEVICES_GONE_AND_MORE.of(**lost, why=empty) if empty else DEVICES_GONE.of(**lost)


def _dead(claimed: Claimed, addresses: Sequence[str], reason: str) -> tuple[tuple[str, str, str], ...]:
    return tuple((claimed.message.channel, address, storable(reason)) for address in addresses)


def _failed_template(claimed: Claimed, error: TemplateFailed) -> Finished:
    tries = claimed.message.attempts + 1
    if tries < TEMPLATE_TRIES:
        return Finished(settlement=_again(claimed, str(error)))
    poison = Quarantined(
        what="message",
        subject=str(claimed.message.id),
        rule=claimed.message.rule,
        tries=tries,
        reason=str(error),
        detail=f"{claimed.message.channel} {claimed.message.template}, rule set {claimed.texts.rule_set}",
    )
    return Finished(settlement=_settled(claimed, "failed", str(error)), poison=poison)


def _again(
    claimed: Claimed, reason: str, *, after: timedelta | None = None, maybe_duplicate: bool = False
) -> Settlement:
    message, now = claimed.message, _now(claimed)
    due = next_attempt(message.id, message.attempts + 1, first_due=message.created_at, now=now, after=after)
    if _has_other_way(message) and not (maybe_duplicate or message.maybe_duplicate):
        verdict_due = message.created_at + VERDICT
        if now >= verdict_due:
            return _settled(claimed, "failed", NOT_TAKEN.of(why=reason), undeliverable=True)
        due = min(due or verdict_due, verdict_due)
    if due is None:
        return _settled(claimed, "failed", GIVEN_UP.of(why=reason), maybe_duplicate=maybe_duplicate)
    return _settled(claimed, "queued", reason, due_at=due, maybe_duplicate=maybe_duplicate)


def _has_other_way(message: DueMessage) -> bool:
    return Limits.from_json(message.limits).has_other_way


def _settled(claimed: Claimed, state: SettledState, reason: str | None, **values: Any) -> Settlement:
    message = claimed.message
    return Settlement(
        partition=message.partition,
        message=message.id,
        attempt=claimed.attempt,
        state=state,
        reason=None if reason is None else storable(reason),
        address=message.address,
        **values,
    )


def _now(claimed: Claimed) -> datetime:
    """By the database's clock: its time at the claim, and what has passed here since."""
    return claimed.message.now + timedelta(seconds=monotonic() - claimed.claimed_at)


async def _rendered(claimed: Claimed, runtime: Runtime) -> RenderedMail:
    """Raises TemplateFailed. Templates that take long, or were never tried, do not hold up the event loop."""
    mails = claimed.texts.templates(claimed.message.channel)
    request = mail_request(claimed.message, claimed.policy, links=links_of(claimed, runtime), at=_now(claimed))
    if mails.is_light(request.template):
        return mails.mail(request)
    return await asyncio.to_thread(mails.mail, request)


def _handover(claimed: Claimed, rendered: RenderedMail, runtime: Runtime) -> Handover:
    message = claimed.message
    return Handover(
        message=message.id,
        address=message.address or "",
        content=_content(claimed, rendered, runtime),
        at=_now(claimed),
        origin=Origin(partition=message.partition, run=message.run, rule=message.rule, template=message.template),
        is_service=message.transactional,
        contacts=tuple(Contact(address=each.address, detail=each.detail) for each in message.contacts),
        channel=message.channel,
    )


def _content(claimed: Claimed, rendered: RenderedMail, runtime: Runtime) -> Content:
    channel = claimed.message.channel
    if channel == "email":
        return _mail(claimed, rendered, runtime)
    content = text_content(channel, claimed.message.template, rendered)
    if isinstance(content, Push):  # apps report presses themselves, and may open only links of their own domain
        return content
    message, topic = claimed.message, claimed.texts.templates(channel).topic(claimed.message.template)
    return tracked_text(message, content, tracking_of(claimed.policy), topic=topic, way=way_here(runtime))


def _mail(claimed: Claimed, rendered: RenderedMail, runtime: Runtime) -> Mail:
    message, policy = claimed.message, claimed.policy
    sender = rendered.sender or policy.mail_setting("from") or runtime.settings.mail_from
    if not sender:
        raise TemplateFailed(f"{message.channel}/{message.template}", _NO_SENDER)
    topic = claimed.texts.templates(message.channel).topic(message.template)
    html, text = tracked_mail(message, rendered, tracking_of(policy), topic=topic, way=way_here(runtime))
    mailbox = policy.mail_setting("bounces")
    return Mail(
        sender=sender,
        subject=rendered.subject,
        text=text,
        html=html,
        reply_to=rendered.reply_to or policy.mail_setting("reply_to"),
        dkim=dkim_keys(policy.settings, runtime.secrets),
        bounces_to=bounce_address(runtime.link_key, mailbox, message.id) if mailbox else None,
        ways_out=ways_out(claimed, runtime),
    )
