"""The shop of the simulated worlds, and what happens to it: all of it follows from the seed.

Events come at full hours and waits end at half past, so that faults, which cost minutes, never change what is to be
sent: only when. Where they could, because somebody refuses at the very moment of a message, only laws are checked.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import orjson

from dsl.catalog import Catalog
from dsl.plan import Length, Plan, QuietHours, WorkspaceCap
from engine.core.identity import customer_id, event_id, known_key, partition_of
from engine.storage.events.events_in import IDENTIFY, TRACK, NewEvent
from engine.storage.events.rejects import Reject
from engine.testing.compiled import compiled
from tests.semantics.conftest import catalog_of
from tests.simulation.server import moment

PARTITIONS = 2
MOST_A_DAY = 3
QUIET = QuietHours(start="21:10", end="09:10")
REFUSED_BY_PROVIDER = frozenset({"back"})
HOUR = 3600.0
#: Few, so that different people do something at the same time.
_HOURS = range(0, 30, 3)

RULES = """
rule "Hello"
  when registered
  send email "hello"
  wait 90 minutes
  if customer.stage is not "buyer" then send sms "tips" end

rule "Cart"
  when cart_abandoned after 90 minutes
  stop when order_placed
  once per event.cart_id per 7 days
  send email "cart"
  wait 2 hours
  send sms "cart_more"

rule "Order"
  when order_placed
  transactional
  set customer.stage to "buyer"
  increase customer.age by 1
  send email "order"
  emit chained_a with n = 1

rule "Thanks"
  when chained_a
  add tag "thanked"
  add 10 points
  increase customer.age by 10
  wait 26 hours
  send email "thanks"

rule "Seen"
  when product_viewed
  at most 1 message per day
  send sms "seen"

rule "Back"
  when order_paid
  send email "back" or sms "back_sms"
  add tag "asked"
  increase customer.age by 100
"""
TEXTS = ("hello", "cart", "order", "thanks", "back")
TEMPLATES = {
    **{f"email/{name}.html": f"---\nsubject: {name}\n---\n<p>{name}</p>" for name in TEXTS},
    **{f"sms/{name}.txt": name for name in ("tips", "cart_more", "seen", "back_sms")},
}
SETTINGS: dict[str, Any] = {
    "mail": {"from": "Shop <hello@shop.example>"},
    "tracking": {"opens": False, "clicks": False},
}


def catalog() -> Catalog:
    caps = (WorkspaceCap(limit=MOST_A_DAY, per=Length(1, "day")),)
    return replace(catalog_of(RULES), quiet_hours=QUIET, caps=caps)


def plan() -> Plan:
    return compiled(RULES, catalog())


@dataclass(frozen=True, slots=True)
class Post:
    """Events that an app sends together."""

    at: float  # virtual seconds
    events: tuple[NewEvent, ...]
    rejects: tuple[Reject, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    at: float
    customer: str
    channel: str


@dataclass(frozen=True, slots=True)
class Script:
    """What comes from outside. One app sends for some of the customers, the other for the rest."""

    apps: tuple[tuple[Post, ...], ...]
    refusals: tuple[Refusal, ...]
    customers: tuple[str, ...]
    racing: frozenset[str]  # who refuses when messages are due


def script_of(seed: int) -> Script:
    chance = random.Random(f"script {seed}")
    customers = tuple(f"{seed}-{number}" for number in range(chance.randint(1, 3)))
    apps: tuple[list[Post], list[Post]] = ([], [])
    for number, customer in enumerate(customers):
        apps[number % 2].extend(_posts(customer, chance))
    refusals = tuple(_refusals(customers, chance))
    racing = frozenset(each.customer for each in refusals if each.at % HOUR < 0.8 * HOUR)
    return Script(
        tuple(tuple(_together(sorted(posts, key=lambda each: each.at), chance)) for posts in apps),
        refusals,
        customers,
        racing,
    )


def _posts(customer: str, chance: random.Random) -> Iterator[Post]:
    hours = sorted(chance.sample(_HOURS, chance.randint(1, 4)))
    first = _event(customer, IDENTIFY, "", {"email": f"{customer}@x.example", "phone": f"+7{customer}"}, 0)
    for number, hour in enumerate(hours):
        name, properties = _said(customer, chance)
        event = _event(customer, TRACK, name, properties, number + 1)
        yield Post(hour * HOUR + chance.choice((0, chance.random() * 60)), (first, event) if not number else (event,))


def _said(customer: str, chance: random.Random) -> tuple[str, dict[str, Any]]:
    cart = {"cart_id": f"{customer}-{chance.randint(1, 2)}", "total": 10, "city": "Oslo", "items": ["a"]}
    return chance.choice(
        (
            ("registered", {}),
            ("cart_abandoned", cart),
            ("cart_abandoned", cart),
            ("cart_emptied", {"cart_id": cart["cart_id"]}),
            ("order_placed", {"cart_id": cart["cart_id"], "total": 10, "kind": "web"}),
            ("product_viewed", {"sku": "s"}),
            ("order_paid", {}),
        )
    )


def _refusals(customers: tuple[str, ...], chance: random.Random) -> Iterator[Refusal]:
    for customer in customers:
        if chance.random() < 0.5:
            hour, channel = chance.choice(_HOURS), chance.choice(("email", "sms"))
            moments = (0, 0.9 * HOUR, 1.5 * HOUR)  # among events, when nothing is due, when a wait ends
            yield Refusal(hour * HOUR + chance.choice(moments) + chance.random(), customer, channel)


def _together(posts: list[Post], chance: random.Random) -> Iterator[Post]:
    """What is sent in the same hour goes in one batch, with the first of them."""
    hours: dict[int, list[Post]] = {}
    for post in posts:
        hours.setdefault(int(post.at // HOUR), []).append(post)
    for found in hours.values():
        rejects = (Reject("app", "has no name", "$", "{}"),) if chance.random() < 0.4 else ()
        yield Post(found[0].at, tuple(event for post in found for event in post.events), rejects)


def _event(customer: str, kind: int, name: str, properties: dict[str, Any], number: int) -> NewEvent:
    key = known_key(customer)
    who = customer_id(key)
    message = f"{customer}-{number}"
    body = {"key": key, "properties": properties, "messageId": message}
    return NewEvent(
        event_id("app", message),
        partition_of(who, PARTITIONS),
        who,
        kind,
        name,
        moment(0) - timedelta(days=1),  # set when it is sent
        "app",
        orjson.Fragment(orjson.dumps(body)),
    )
