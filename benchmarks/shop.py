"""A made-up shop for the road: N rules, of which one event in five starts a run; the same events for every run."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from hashlib import blake2b

from benchmarks.stand import WRITE_KEY
from engine.clock import utc_now

#: Events older than three days start nothing, so the stream ends about now.
START = utc_now() - timedelta(minutes=10)

SCHEMA = """\
events:
  product_viewed:
    properties: {product_id: text, category: text, price: money}
  cart_updated:
    key: cart_id
    properties: {cart_id: text, total: money, items: list of text}
  order_placed:
    key: order_id
    properties: {order_id: text, total: money, kind: text}
  search_made:
    properties: {query: text}
  page_viewed:
    open: true
customer:
  city: text
  tier: {enum: [bronze, silver, gold]}
"""

TEMPLATES = {
    "email/note.html": (
        "---\nsubject: A note for you\nfrom: Shop <shop@example.com>\n---\n"
        "<p>Hello {{ customer.city | default('there') }}, here is a note for you.</p>\n"
    )
}


def rules(count: int) -> str:
    """`count` rules; half of them wait, half send at once. Each acts on 1 % of its event's categories or kinds."""
    lines = []
    for number in range(count):
        if number % 2:
            lines.append(
                f'rule "viewed {number}"\n  when product_viewed where event.category is "c{number}" after 1h\n'
                f'  stop when order_placed\n  send email "note"\n'
            )
        else:
            lines.append(
                f'rule "ordered {number}"\n'
                f'  when order_placed where event.kind is "k{number}" and event.total > 10 EUR\n'
                f'  send email "note"\n'
            )
    return "\n".join(lines)


def events(count: int, *, customers: int, rules: int, seed: int) -> Iterator[dict[str, object]]:
    """Track calls, oldest first. One in five is of a category or kind that a rule waits for."""
    for number in range(count):
        draw = int.from_bytes(blake2b(f"{seed}:{number}".encode(), digest_size=8).digest(), "big")
        yield {
            "type": "track",
            "messageId": f"m-{seed}-{number}",
            "userId": str(draw % customers),
            "timestamp": (START + timedelta(milliseconds=number)).isoformat(),
            **_what_happened(number, draw >> 32, rules),
        }


def _what_happened(number: int, draw: int, rules: int) -> dict[str, object]:
    matching = number % 5 == 0
    if number % 10 == 0 or number % 10 == 3:
        kind = f"k{draw % (rules // 2) * 2}" if matching else "none"
        properties = {"order_id": f"o{number}", "total": 10.5 + draw % 900, "kind": kind, "currency": "EUR"}
        return {"event": "Order Placed", "properties": properties}
    if number % 10 == 5 or number % 10 == 7:
        category = f"c{draw % (rules // 2) * 2 + 1}" if matching else "none"
        properties = {"product_id": f"p{draw % 500}", "category": category, "price": 19.9, "currency": "EUR"}
        return {"event": "Product Viewed", "properties": properties}
    if number % 10 in (1, 2):
        return {"event": "Search Made", "properties": {"query": f"coffee {draw % 100}"}}
    return {"event": "Page Viewed", "properties": {"path": f"/p/{draw % 500}", "title": "A page of the shop"}}


def batches(all_events: Iterator[dict[str, object]], size: int) -> list[bytes]:
    """Whole HTTP requests, ready to write to a socket: the client must not be what is measured."""
    requests, batch = [], []
    for event in all_events:
        batch.append(event)
        if len(batch) == size:
            requests.append(_request(batch))
            batch = []
    if batch:
        requests.append(_request(batch))
    return requests


def singles(all_events: Iterator[dict[str, object]]) -> list[bytes]:
    """One request for each event."""
    return [_post("track", {field: value for field, value in event.items() if field != "type"}) for event in all_events]


def _request(batch: list[dict[str, object]]) -> bytes:
    return _post("batch", {"batch": batch, "sentAt": batch[-1]["timestamp"]})


def _post(endpoint: str, content: dict[str, object]) -> bytes:
    body = json.dumps(content, separators=(",", ":")).encode()
    credentials = b64encode(f"{WRITE_KEY}:".encode()).decode()
    head = (
        f"POST /v1/{endpoint} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"Authorization: Basic {credentials}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
