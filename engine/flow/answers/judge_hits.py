"""Tells who asked for a tracked link or picture: a person or a machine. What people did becomes an event."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, cast
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from engine.failpoints import reach
from engine.flow.answers.reacting import Reaction, ReactionRuntime, take_reactions
from engine.flow.delivery.tracking_content import tracking_of
from engine.storage.delivery.hits import StoredHit, clicks_of, lock_unjudged, save_classes
from engine.storage.delivery.reactions import SentMessage, sent_messages
from engine.storage.rules.published import live_rule_set
from engine.tracking.classes import AT_ONCE, Hit, HitClass, class_of
from engine.tracking.policy import Tracking

#: A hit is judged when those that belong with it have come in, too.
SETTLED = AT_ONCE + timedelta(seconds=1)
_AT_ONCE = 500


async def judge_hits(runtime: ReactionRuntime, *, settled: timedelta = SETTLED) -> Counter[HitClass]:
    """All that are due, by class. Any number of calls may run at the same time, anywhere."""
    total: Counter[HitClass] = Counter()
    while True:
        async with runtime.database.transaction() as connection:
            hits = await lock_unjudged(connection, settled=settled, limit=_AT_ONCE)
            if not hits:
                return total
            live = await live_rule_set(connection)
            texts = await runtime.texts.of(connection, live) if live is not None else None
            tracking = tracking_of(texts)
            places = [(hit.partition, hit.message) for hit in hits]
            messages = await sent_messages(connection, places, partitions=runtime.partitions)
            clicks = await clicks_of(connection, places)
            judged = _judged(hits, clicks, messages)
            await save_classes(connection, judged)
            reactions = list(_reactions(judged, messages, tracking))
            woken = await take_reactions(connection, reactions, texts, partitions=runtime.partitions)
            reach("hits.judged")
        reach("hits.committed")
        if woken:
            await runtime.waker.wake(woken)
        total.update(judged_as for _, judged_as in judged)
        if len(hits) < _AT_ONCE:
            return total


def _judged(
    hits: Sequence[StoredHit], clicks: Sequence[StoredHit], messages: Mapping[UUID, SentMessage]
) -> list[tuple[StoredHit, HitClass]]:
    by_message: dict[UUID, list[Hit]] = defaultdict(list)
    for click in clicks:
        by_message[click.message].append(_hit(click))
    return [(hit, class_of(_hit(hit), _sent_at(hit, messages), by_message[hit.message])) for hit in hits]


def _sent_at(hit: StoredHit, messages: Mapping[UUID, SentMessage]) -> datetime | None:
    """When the message went out. Of one still being handed over, the time of the request: no person is so fast."""
    message = messages.get(hit.message)
    if message is None:
        return None
    return hit.at if message.state == "sending" else message.settled_at


def _hit(stored: StoredHit) -> Hit:
    return Hit(
        kind=cast('Literal["opened", "clicked"]', stored.kind),
        at=stored.at,
        method=stored.raw.get("method", "GET"),
        headers=stored.raw.get("headers"),
        link=stored.link,
        links=stored.links,
    )


def _reactions(
    judged: Sequence[tuple[StoredHit, HitClass]], messages: Mapping[UUID, SentMessage], tracking: Tracking
) -> list[Reaction]:
    found = []
    for hit, judged_as in judged:
        message = messages.get(hit.message)
        counts = judged_as == "person" or (judged_as == "proxy" and tracking.proxies)
        if message is None or not counts:
            continue
        link = {"link": plain_link(hit.target), "link_number": hit.link} if hit.target else {}
        place = str(hit.link or "")
        found.append(Reaction(message=message, kind=hit.kind, at=hit.at, place=place, properties=link))
    return found


def plain_link(target: str) -> str:
    """The link without its utm_ parameters, which only web statistics read."""
    parts = urlsplit(target)
    if "utm_" not in parts.query:
        return target
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name[:4] != "utm_"]
    return parts._replace(query=urlencode(kept)).geturl()
