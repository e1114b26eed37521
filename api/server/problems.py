"""Every error that leaves the server by HTTP: RFC 9457, one shape for all programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from api.mailbox.problem_page import has_problem_page, problem_page
from api.server.parameters import reason_of
from engine.errors import DatabaseUnreachable, Overloaded
from engine.storage.database import TROUBLE

MEDIA_TYPE = "application/problem+json"

_log = structlog.get_logger()


class Problem(Exception):
    """An error answer. `code` is for programs and never changes, `detail` is for people."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, object]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.errors, self.headers = errors, headers

    def response(self, headers: Mapping[str, str] | None = None) -> Response:
        content: dict[str, Any] = {
            "type": f"urn:kogda:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "message": self.detail,  # where Segment's clients look for it
        }
        if self.errors:
            content["errors"] = self.errors
        return Response(
            orjson.dumps(content, default=str),
            status_code=self.status,
            media_type=MEDIA_TYPE,
            headers={**(self.headers or {}), **(headers or {})},
        )


def unauthorized(code: str, detail: str) -> Problem:
    """401, which names a way to say who one is (RFC 9110). Basic does as well, but a browser that reads of it asks
    whoever is before it for a password."""
    return Problem(401, code, detail, headers={"www-authenticate": 'Bearer realm="kogda"'})


def overloaded(error: Overloaded) -> Problem:
    return Problem(503, "overloaded", str(error), headers={"retry-after": str(error.retry_after_s)})


def database_trouble() -> Problem:
    """What the database said stays in the log: it may name hosts, tables and values."""
    return Problem(503, "database_trouble", "the database does not answer; try again", headers={"retry-after": "2"})


def incomplete_body() -> Problem:
    return Problem(400, "incomplete_body", "the connection ended before the body did")


def add_problem_handlers(app: FastAPI) -> None:
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(Overloaded, _on_overloaded)
    for trouble in (DatabaseUnreachable, *TROUBLE):
        app.add_exception_handler(trouble, _on_trouble)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    app.add_exception_handler(Exception, on_crash)


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    if has_problem_page(request, error.status):
        return problem_page(error.status, error.detail)
    return error.response()


async def _on_overloaded(_: Request, error: Exception) -> Response:
    assert isinstance(error, Overloaded)
    return overloaded(error).response()


async def _on_trouble(request: Request, error: Exception) -> Response:
    _log.warning("database_trouble", path=request.url.path, error=repr(error))
    return database_trouble().response()


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if has_problem_page(request, error.status_code):
        return problem_page(error.status_code, "")
    status = HTTPStatus(error.status_code)
    return Problem(status, status.name.lower(), _detail(request, status, error), headers=error.headers).response()


def _detail(request: Request, status: HTTPStatus, error: HTTPException) -> str:
    """The framework's own refusals say no more than the status."""
    if error.detail != status.phrase:
        return str(error.detail)
    if status is HTTPStatus.NOT_FOUND:
        return f"there is nothing at {request.url.path[:200]}; /openapi.json tells what there is"
    allowed = (error.headers or {}).get("Allow")
    return f"use {allowed} here" if allowed else status.phrase


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if has_problem_page(request, 422):
        return problem_page(422, "")
    errors = [{"path": _json_path(one["loc"]), "reason": reason_of(one)} for one in error.errors()]
    return Problem(422, "invalid_request", "the request is not valid; see `errors`", errors=errors).response()


async def _on_disconnect(_: Request, error: Exception) -> Response:
    """Nobody reads this any more; without it each of them would be logged as a crash of ours."""
    return incomplete_body().response()


async def on_crash(_: Request, error: Exception) -> Response:
    """The only place where the API catches everything. Starlette raises on, so the traceback is logged."""
    return Problem(500, "internal_error", "something went wrong on our side; it is in the server's log").response()


def _json_path(location: Sequence[object]) -> str:
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
