"""Calls of any other provider of sms, in the form that kogda.yaml describes: what people answer, and what arrived."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from engine.callbacks import Call, Kind, Refused, Report, Unreadable
from engine.callbacks.proofs import check_secret, header, hmac_sha256
from engine.callbacks.reading import json_of
from engine.callbacks.replies import LONGEST, Reply, wish_of
from engine.channels.phones import e164
from engine.storage.kept_words import storable

NAME = "gateway"
_DIGITS = 8  # a shorter number is no phone with its country


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayForm:
    """Where things stand in a call, as paths like `message.0.id`."""

    channel: str = "sms"
    signature: str | None = None  # the header with HMAC-SHA256 of the body; None: the secret comes along
    sender: str = "from"
    text: str = "text"
    id: str = "id"
    status: str = "status"
    delivered: tuple[str, ...] = ("delivered",)
    failed: tuple[str, ...] = ("failed", "undelivered")

    @classmethod
    def of(cls, callbacks: Mapping[str, Any]) -> GatewayForm:
        """Of the settings of a rule set."""
        written = callbacks.get(NAME) or {}
        lists = {name: tuple(written[name]) for name in ("delivered", "failed") if name in written}
        return cls(**{**written, **lists})


def verify(call: Call, secret: str, form: GatewayForm) -> None:
    """Raises Refused."""
    if form.signature is None:
        check_secret(call, secret)
        return
    given = header(call, form.signature.lower()).strip().removeprefix("sha256=").encode()
    right = hmac_sha256(secret.encode(), call.body)
    same = [hmac.compare_digest(each, given) for each in (right.hex().encode(), base64.b64encode(right))]
    if not any(same):
        raise Refused("the signature is wrong: it is HMAC-SHA256 of the body, in hex or base64")


def read(body: bytes, now: datetime, form: GatewayForm, *, call_id: str) -> tuple[list[Report], Reply | None]:
    """Of a body that was verified: what became of messages, and what somebody wrote. Raises Unreadable."""
    said = _said(body)
    return _reports(said, now, form), _reply(said, now, form, call_id=call_id)


def _reports(said: Any, now: datetime, form: GatewayForm) -> list[Report]:
    status, ident = _text(said, form.status), _text(said, form.id)
    kind: Kind | None = "delivered" if status in form.delivered else "failed" if status in form.failed else None
    if _text(said, form.text) or kind is None:
        return []
    if not ident:
        raise Unreadable(f"{form.id} is missing: nobody can tell which message is meant")
    reason = f"the gateway says {status[:100]}" if kind == "failed" else None
    return [Report(kind=kind, at=now, channel=form.channel, provider_id=ident[:100], reason=reason)]


def _reply(said: Any, now: datetime, form: GatewayForm, *, call_id: str) -> Reply | None:
    """None: nobody has written anything, or no phone."""
    phone, text = _phone(_text(said, form.sender)), _text(said, form.text)
    if phone is None or not text:
        return None
    return Reply(
        id=_text(said, form.id)[:100] or call_id,
        channel=form.channel,
        phone=phone,
        text=text[:LONGEST],
        at=now,
        wish=wish_of(text),
        provider=NAME,
    )


def _phone(written: str) -> str | None:
    """Gateways write a number with its country, and often without the plus."""
    is_bare = written.isascii() and written.isdigit() and len(written) >= _DIGITS and not written.startswith("0")
    return e164(f"+{written}" if is_bare else written)


def _said(body: bytes) -> Any:
    """JSON, or a form."""
    if body.lstrip()[:1] in (b"{", b"["):
        return json_of(body)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=200))
    except ValueError as error:
        raise Unreadable("the body is neither JSON nor a form") from error


def _text(said: Any, path: str) -> str:
    """What stands there, a number as well. Empty: nothing does."""
    for step in path.split("."):
        if isinstance(said, list) and step.isdigit() and int(step) < len(said):
            said = said[int(step)]
        elif isinstance(said, Mapping):
            said = said.get(step)
        else:
            return ""
    return storable(str(said)).strip() if isinstance(said, str | int | float) else ""
