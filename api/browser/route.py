"""Answers to scripts of other origins: whatever becomes of a request, the page may read why."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import Response

from api.server.problems import Problem, database_trouble
from engine.storage.database import TROUBLE

#: Nobody is known by a cookie here, so every origin may ask: who asks shows a key or a token.
CORS = {"access-control-allow-origin": "*"}
PREFLIGHT = {
    **CORS,
    "access-control-allow-methods": "GET, POST, DELETE, OPTIONS",
    "access-control-allow-headers": "authorization, content-type",
    "access-control-max-age": "86400",
}

#: What the paths of these routes begin with: below /v1, where everything else is an event.
PREFIXES = ("/v1/contacts", "/v1/inbox", "/v1/push")

_log = structlog.get_logger()


class BrowserRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                response = await handle(request)
            except Problem as problem:
                return problem.response(CORS)
            except RequestValidationError as error:
                [first, *_] = error.errors()
                detail = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
                return Problem(422, "invalid_request", detail).response(CORS)
            except TROUBLE as error:
                _log.warning("database_trouble", path=request.url.path, error=repr(error))
                return database_trouble().response(CORS)
            response.headers.update(CORS)
            return response

        return answer


async def preflight() -> Response:
    return Response(status_code=204, headers=PREFLIGHT)
