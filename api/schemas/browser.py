"""What scripts of the shop's pages and apps send and get, for the OpenAPI description. Bodies are read by hand
(api/browser), because a page that is told no must be able to read why."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field


class Done(BaseModel):
    success: Literal[True]


class BrowserKey(BaseModel):
    key: str = Field(description="the `applicationServerKey` of subscriptions")


class InboxMessage(BaseModel):
    id: UUID
    cursor: int = Field(description="later messages have higher ones")
    at: datetime
    title: str
    text: str
    link: str | None
    image: str | None
    data: dict[str, str]
    read: bool


class InboxPage(BaseModel):
    messages: list[InboxMessage] = Field(description="the newest first")
    unread: int
    next: int | None = Field(description="the `before` of those that are older")


def asked_with(properties: dict[str, Any], *, required: tuple[str, ...]) -> dict[str, Any]:
    """A small JSON object, for `openapi_extra`."""
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


_ID = {"type": ["string", "integer"], "maxLength": 256}
_KEYS = {"type": "object", "properties": {"p256dh": {"type": "string"}, "auth": {"type": "string"}}}
_WHOSE = {
    "writeKey": {"type": "string", "description": "where no header can be set"},
    "token": {"type": "string", "description": "of the shop's backend; it says whose it is, in place of a write key"},
    "userId": _ID,
    "anonymousId": _ID,
}
_WHERE = {
    "channel": {"const": "push"},
    "address": {"type": "string", "description": "the token that Firebase gave the app"},
    "subscription": {
        "type": "object",
        "description": "of a browser, as `PushManager.subscribe` gives it",
        "properties": {"endpoint": {"type": "string", "format": "uri"}, "keys": _KEYS},
        "required": ["endpoint"],
    },
}
_ABOUT = {name: {"type": "string"} for name in ("platform", "app", "language", "key")}

CONTACT = asked_with({**_WHOSE, **_WHERE, **_ABOUT}, required=())
CONTACT_GONE = asked_with({**_WHOSE, **_WHERE}, required=())
UNTIL = asked_with({"until": {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}}, required=("until",))
CLICKED = asked_with(
    {"clicked": {"type": "string", "description": "`kogda_clicked` of the message"}}, required=("clicked",)
)

#: Who may: a write key in the header or the body, or a token in the body.
OF_A_SENDER: dict[str, Any] = {"security": [{"writeKey": []}, {"writeKeyBearer": []}, {}]}
OF_A_CUSTOMER: dict[str, Any] = {"security": [{"customerToken": []}, {"customerTokenInQuery": []}]}
OF_ANYBODY: dict[str, Any] = {"security": []}

SECURITY_SCHEMES = {
    "customerToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "customerTokenInQuery": {"type": "apiKey", "in": "query", "name": "token"},
}
EVENTS_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"description": "`message` and `unread`, as they come", "content": {"text/event-stream": {}}}
}
