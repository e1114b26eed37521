"""The Segment-shaped API in the OpenAPI description. The edge reads it by hand (api/ingest), so this is data."""

from __future__ import annotations

from typing import Any

from api.ingest.batches import ENDPOINTS
from api.schemas.problem import problem_responses

_ID = {"type": ["string", "integer", "null"], "maxLength": 256}
_OBJECT = {"type": ["object", "null"]}
_TIME = {"type": ["string", "number", "null"], "description": "ISO 8601, or seconds or milliseconds since 1970"}
_COMMON = {
    "userId": _ID,
    "anonymousId": _ID,
    "messageId": {**_ID, "description": "the same event sent again has the same one"},
    "timestamp": _TIME,
    "sentAt": _TIME,
    "historical": {"type": "boolean", "description": "history only: starts nothing"},
    "context": _OBJECT,
}
_OWN: dict[str, dict[str, Any]] = {
    "track": {"event": {"type": "string", "examples": ["Order Completed"]}, "properties": _OBJECT},
    "identify": {"traits": _OBJECT},
    "page": {"name": {"type": "string"}, "properties": _OBJECT},
    "screen": {"name": {"type": "string"}, "properties": _OBJECT},
    "group": {"groupId": _ID, "traits": _OBJECT},
    "alias": {"previousId": _ID},
}
_REQUIRED = {"track": ["event"], "group": ["groupId"], "alias": ["previousId", "userId"]}
_DONE = {
    "description": "stored for good",
    "content": {
        "application/json": {
            "schema": {"type": "object", "properties": {"success": {"const": True}}, "required": ["success"]}
        }
    },
}
_STRICT = {
    "name": "strict",
    "in": "query",
    "schema": {"type": "string", "enum": ["1"]},
    "description": "with one bad event nothing is stored and all errors are answered; without it the others are stored",
}


def event_paths() -> dict[str, Any]:
    paths: dict[str, Any] = {f"/v1/{endpoint}": {"post": _post(endpoint, kind)} for endpoint, kind in ENDPOINTS.items()}
    paths["/v1/projects/{key}/settings"] = {"get": _SETTINGS}
    return paths


SECURITY_SCHEMES = {
    "writeKey": {"type": "http", "scheme": "basic", "description": "the write key as user, an empty password"},
    "writeKeyBearer": {"type": "http", "scheme": "bearer"},
}


def _post(endpoint: str, kind: str | None) -> dict[str, Any]:
    return {
        "tags": ["events"],
        "operationId": f"send_{endpoint}",
        "summary": f"Send one {kind}" if kind else "Send a batch of events",
        "parameters": [_STRICT],
        "security": [{"writeKey": []}, {"writeKeyBearer": []}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _body(kind)}}},
        "responses": {"200": _DONE, **_problems(400, 401, 405, 408, 413, 503)},
    }


def _body(kind: str | None) -> dict[str, Any]:
    if kind is not None:
        return _item(kind)
    items = {"type": "array", "items": {"anyOf": [_item(kind, named=True) for kind in _OWN]}}
    properties = {"batch": items, "sentAt": _TIME, "context": _OBJECT, "writeKey": {"type": "string"}}
    return {"type": "object", "properties": properties, "required": ["batch"]}


def _item(kind: str, *, named: bool = False) -> dict[str, Any]:
    own = {**_OWN[kind], **({"type": {"const": kind}} if named else {})}
    required = [*_REQUIRED.get(kind, []), *(["type"] if named else [])]
    return {"type": "object", "properties": {**_COMMON, **own}, "required": required}


def _problems(*statuses: int) -> dict[str, Any]:
    return {str(status): response for status, response in problem_responses(*statuses).items()}


_SETTINGS = {
    "tags": ["events"],
    "operationId": "browser_settings",
    "summary": "What Segment's browser client asks for first",
    "parameters": [{"name": "key", "in": "path", "required": True, "schema": {"type": "string"}}],
    "responses": {
        "200": {"description": "the settings", "content": {"application/json": {"schema": {"type": "object"}}}},
        **_problems(400, 404, 405, 503),
    },
}
