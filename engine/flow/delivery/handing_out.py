"""Messages that do not go to the customer: calls of webhook targets, and notes to the staff, one for each way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from engine.channels import Handover, Mail, Origin, Rejected, TryLater, Verdict
from engine.channels.credentials import Credentials
from engine.channels.http_post import Post
from engine.channels.signing import NoSecret, read_secret, signed_headers
from engine.channels.telegram import cut, url_of
from engine.core.reasons.of_delivery import NO_CHANNEL
from engine.errors import NotReady
from engine.failpoints import reach
from engine.flow.delivery.claiming import Claimed
from engine.flow.delivery.dkim_keys import dkim_keys
from engine.rendering.readers import reader_facts
from engine.runtime import Runtime
from engine.storage.delivery.messages import DueMessage

_JSON = {"content-type": "application/json"}
_LONGEST_SUBJECT = 120


async def hand_out(
    claimed: Claimed, runtime: Runtime, *, now: datetime, is_ours: Callable[[Claimed], bool]
) -> tuple[Verdict, str] | None:
    """What became of it, and where it went. None: its lease ended before it reached anybody."""
    target = claimed.message.template
    try:
        if claimed.message.channel == "webhook":
            thing: Post | Handover = call_of(claimed, runtime.secrets, now=now)
        else:
            thing = note_of(claimed, runtime, now=now)
    except NotReady as error:
        return TryLater(str(error)), target
    except LookupError as error:
        return Rejected(str(error)), target
    if not is_ours(claimed):
        return None
    reach("call.made")
    if isinstance(thing, Post):
        return await runtime.poster.post(thing), target
    channel = runtime.channels.get("email")
    if channel is None:
        return Rejected(NO_CHANNEL.of(channel="email")), thing.address
    verdict = await channel.send(thing)
    return (replace(verdict, suppress=False) if isinstance(verdict, Rejected) else verdict), thing.address


def call_of(claimed: Claimed, secrets: Mapping[str, str], *, now: datetime) -> Post:
    """Pure. The same body at each attempt. Raises LookupError when kogda.yaml has no such target any more."""
    message = claimed.message
    target = claimed.policy.settings.get("webhooks", {}).get(message.template)
    if target is None:
        raise LookupError(f'kogda.yaml has no webhook "{message.template}"')
    body = orjson.dumps(
        {
            "type": message.template,
            "timestamp": message.created_at.isoformat(),
            "data": message.context.get("with") or {},
        }
    )
    try:
        secret = read_secret(Credentials(secrets)[target["secret_env"]])
    except NoSecret as error:
        raise NotReady(f"{target['secret_env']} holds no secret: {error}") from error
    return Post(url=target["url"], body=body, headers=signed_headers(message.id, body, secret, at=now))


def note_of(claimed: Claimed, runtime: Runtime, *, now: datetime) -> Post | Handover:
    """Pure but for what it is given. One way of a group: the claim has made a message for each."""
    message = claimed.message
    way: dict[str, Any] = message.context["way"]
    text = _told(claimed, runtime.settings.public_url)
    if "telegram" in way:
        token = Credentials(runtime.secrets)[way["telegram"]["token_env"]]
        body = orjson.dumps({"chat_id": way["telegram"]["chat"], "text": cut(text)})
        url = url_of(claimed.policy.settings.get("channels", {}).get("telegram") or {}, token)
        return Post(url=url, body=body, headers=_JSON)
    if "slack" in way:
        url = Credentials(runtime.secrets)[way["slack"]["url_env"]]
        return Post(url=url, body=orjson.dumps({"text": _escaped(text)}), headers=_JSON)
    sender = claimed.policy.mail_setting("from") or runtime.settings.mail_from
    if not sender:
        raise NotReady("the note has no sender; set mail.from in kogda.yaml, or KOGDA_MAIL_FROM")
    return Handover(
        message=message.id,
        address=way["email"],
        content=Mail(
            sender=sender,
            subject=_subject(message),
            text=text,
            dkim=dkim_keys(claimed.policy.settings, runtime.secrets),
        ),
        at=now,
        origin=Origin(partition=message.partition, run=message.run, rule=message.rule, template=message.template),
    )


def _subject(message: DueMessage) -> str:
    words = " ".join(str(message.context.get("text", "")).split())
    return words if len(words) <= _LONGEST_SUBJECT else words[: _LONGEST_SUBJECT - 1] + "…"


def _told(claimed: Claimed, public_url: str | None) -> str:
    """What the rule says, who it is about, and no more of the customer than the group is shown."""
    message = claimed.message
    group = claimed.policy.settings.get("staff", {}).get(message.template) or {}
    known = {**reader_facts(message), "tags": ", ".join(message.tags)}
    key = message.key or ""
    lines = [str(message.context.get("text", "")), "", f"Customer: {key.partition(':')[2]}"]
    lines += [f"{name}: {_plain(known[name])}" for name in group.get("shows", ()) if known.get(name) not in (None, "")]
    lines.append(f"Rule: {message.rule}")
    if public_url:
        lines.append(f"{public_url.rstrip('/')}/api/runs?customer={key}")
    return "\n".join(lines)


def _plain(value: Any) -> str:
    if isinstance(value, dict) and "amount" in value:
        return f"{value['amount']} {value.get('currency', '')}".strip()
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _escaped(text: str) -> str:
    """Slack reads <…> as links and mentions."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
