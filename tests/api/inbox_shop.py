"""A shop that writes into inboxes and to devices: rules, delivery, and tokens as its backend makes them."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

from dsl import plan
from engine.clock import utc_now
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.flow.publishing.publish_rules import publish
from engine.links.customer_tokens import inbox_key
from engine.runtime import Runtime
from tests.engine.flow.shop import Shop, rule

TEMPLATES = {
    "inapp/cart.txt": (
        "---\ntitle: '{{ customer.first_name }}, your cart waits'\nlink: '{{ event.link }}'\n---\n{{ event.text }}\n"
    ),
    "push/cart.txt": "---\ntitle: Your cart\nlink: 'https://shop.example/cart'\n---\n{{ customer.first_name }}\n",
}
SETTINGS: dict[str, Any] = {"channels": {"email": {}, "inapp": {}, "push": {}}}


async def open_inbox_shop(
    runtime: Runtime, *, channel: str = "inapp", settings: dict[str, Any] = SETTINGS, **more: Any
) -> Shop:
    step = plan.Send(channel=channel, template="cart", line=1, **more)
    live = plan.Plan(rules=(rule("cart", "cart_abandoned", step),))
    await publish(runtime.database, live, templates=TEMPLATES, settings=settings)
    return Shop(runtime)


async def write(shop: Shop, name: str, text: str = "Soon gone", *, link: str = "https://shop.example/cart") -> None:
    """One message, from the event to the channel; those before it are older than a minute (S24)."""
    await shop.execute("UPDATE message SET created_at = created_at - interval '2 minutes'")
    await shop.post(shop.identify(name, first_name=f"Dear {name}"))
    await shop.advance()
    await shop.post(shop.event(name, "cart_abandoned", text=text, link=link))
    await shop.advance()
    for _ in range(2):  # the second is for those that a first way could not deliver
        await deliver_messages(shop.runtime)
        await shop.advance()


def token(runtime: Runtime, name: str = "anna", **changes: Any) -> str:
    """By hand, as docs/inbox.md shows it."""
    ends: datetime = changes.pop("until", utc_now() + timedelta(hours=1))
    claims = {"sub": name, "exp": int(ends.timestamp())} | changes
    return signed(inbox_key(runtime.link_key), {"alg": "HS256", "typ": "JWT"}, claims)


def signed(key: str, *parts: dict[str, Any]) -> str:
    text = ".".join(_url(json.dumps(part).encode()) for part in parts)
    return f"{text}.{_url(hmac.digest(key.encode(), text.encode(), 'sha256'))}"


def _url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
