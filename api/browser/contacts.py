"""Devices and browsers that customers may be reached on: apps and pages say which, and when no longer."""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.browser.asking import body_of, readable, sender_of
from api.browser.route import BrowserRoute, preflight
from api.schemas.browser import CONTACT, CONTACT_GONE, OF_A_SENDER, Done
from api.schemas.problem import problem_responses
from api.server.problems import Problem
from api.server.services import Served, Services
from engine.channels.web_push_sealing import BadKey, read_browser_keys
from engine.core.identity import customer_id
from engine.storage.customers.contacts import add_contact, remove_contact, retire_oldest
from engine.storage.delivery.inbox import place_of

router = APIRouter(
    prefix="/v1/contacts",
    route_class=BrowserRoute,
    tags=["browser"],
    responses=problem_responses(400, 401, 405, 413, 422, 503),
)

_CHANNEL = "push"
_DEVICE = re.compile(r"[A-Za-z0-9_:.-]{20,4096}")
_LONGEST_ENDPOINT = 1000
_DETAILS = ("platform", "app", "language")


class _Told(NamedTuple):
    address: str
    detail: dict[str, Any]


router.add_api_route("", preflight, methods=["OPTIONS"], include_in_schema=False)


@router.post("", response_model=Done, openapi_extra=CONTACT | OF_A_SENDER)
async def add(request: Request, services: Served) -> Response:
    """The same again changes nothing. What belonged to another customer is this one's from now on."""
    body = await body_of(request)
    key = await sender_of(request, body, services)
    told = _told(body, services)
    if key is None:
        raise Problem(422, "invalid_request", "userId or anonymousId says whose it is")
    async with services.runtime.database.transaction() as connection:
        place = await place_of(connection, customer_id(key), services.runtime.partitions)
        await add_contact(connection, place, _CHANNEL, told.address, detail=told.detail)
        await retire_oldest(connection, place, _CHANNEL)
    return _done()


@router.delete("", response_model=Done, openapi_extra=CONTACT_GONE | OF_A_SENDER)
async def remove(request: Request, services: Served) -> Response:
    """Nothing is sent there any more. With a customer named, only when it is that customer's."""
    body = await body_of(request)
    key = await sender_of(request, body, services)
    address = _address(body)
    async with services.runtime.database.transaction() as connection:
        place = await place_of(connection, customer_id(key), services.runtime.partitions) if key else None
        await remove_contact(connection, place, _CHANNEL, address)
    return _done()


def _done() -> Response:
    return Response(b'{"success":true}', media_type="application/json")


def _address(body: dict[str, Any]) -> str:
    subscription = body.get("subscription")
    found = subscription.get("endpoint") if isinstance(subscription, dict) else body.get("address")
    if body.get("channel", _CHANNEL) != _CHANNEL:
        raise Problem(422, "invalid_request", "channel is push: other channels have no contacts that apps know")
    if not isinstance(found, str) or not found or len(found) > 4096:
        raise Problem(422, "invalid_request", "address is the token of a device, subscription that of a browser")
    return readable(found, "address")


def _told(body: dict[str, Any], services: Services) -> _Told:
    address = _address(body)
    if isinstance(subscription := body.get("subscription"), dict):
        return _Told(_endpoint(address, services), _browser(subscription, body))
    if not _DEVICE.fullmatch(address):
        raise Problem(422, "invalid_request", "address is the token that Firebase gave the app")
    detail = {name: readable(body[name], name)[:64] for name in _DETAILS if isinstance(body.get(name), str)}
    return _Told(address, detail)


def _endpoint(address: str, services: Services) -> str:
    schemes = ("https", "http") if services.runtime.settings.webhooks_private else ("https",)
    try:
        parts = urlsplit(address)
        is_one = parts.scheme in schemes and bool(parts.hostname) and parts.username is None and (parts.port or 1) > 0
    except ValueError:
        is_one = False
    if not is_one or len(address) > _LONGEST_ENDPOINT or not address.isascii() or not address.isprintable():
        raise Problem(422, "invalid_request", "subscription.endpoint is an address that begins with https://")
    return address


def _browser(subscription: dict[str, Any], body: dict[str, Any]) -> dict[str, str]:
    keys = subscription.get("keys")
    try:
        read_browser_keys(keys if isinstance(keys, dict) else {})
    except BadKey as error:
        raise Problem(422, "invalid_request", f"subscription.keys: {error}") from error
    assert isinstance(keys, dict)
    made_with = body.get("key")
    return {
        "p256dh": keys["p256dh"],
        "auth": keys["auth"],
        **({"key": readable(made_with, "key")[:100]} if isinstance(made_with, str) else {}),
    }
