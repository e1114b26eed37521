"""The HTTP application: events in at /v1, the management API at /api, health, metrics."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any, cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from api.browser.inbox_streams import InboxStreams
from api.browser.route import PREFIXES
from api.ingest.edge import IngestEdge
from api.ingest.in_hand import InHand
from api.routes import ROUTERS
from api.schemas import browser
from api.schemas.events import SECURITY_SCHEMES, event_paths
from api.schemas.problem import ProblemBody
from api.server.admin import ADMIN_SCHEMES
from api.server.auth import WriteKeys
from api.server.gate import BacklogGate
from api.server.metrics import Metrics
from api.server.problems import add_problem_handlers, on_crash
from api.server.services import ApiRuntime, Services
from engine.channels.http_post import Asker
from engine.flow.accept_events import EventWriter
from engine.flow.answers.keep_hits import HitKeeper
from engine.flow.answers.take_callbacks import CallbackDesk


class _Application(FastAPI):
    """Events pass by the layers of middleware that only the management API needs."""

    edge: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/v1/") and not scope["path"].startswith(PREFIXES):
            await self.edge(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(runtime: ApiRuntime) -> FastAPI:
    """The runtime stays the caller's: open before the first request, closed after the last."""
    services = _services(runtime)
    # No /docs: its page would run a script of somebody else's on the address of the management API.
    app = _Application(title="Kogda", lifespan=_lifespan, redirect_slashes=False, docs_url=None, redoc_url=None)
    app.state.services = services
    add_problem_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    edge = IngestEdge(
        settings=runtime.settings,
        partitions=runtime.partitions,
        keys=services.keys,
        writer=services.writer,
        gate=services.gate,
        in_hand=services.in_hand,
        counts=services.metrics,
    )
    app.router.routes.append(Mount("/v1", edge))
    app.edge = ServerErrorMiddleware(edge, handler=on_crash)
    app.openapi = lambda: _description(app)  # type: ignore[method-assign]
    return app


def _description(app: FastAPI) -> dict[str, Any]:
    """FastAPI's own, with what the edge and the problems add by hand."""
    if app.openapi_schema is None:
        described = get_openapi(title=app.title, version=version("kogda"), routes=app.routes)
        described["paths"] |= event_paths()
        schemas = described["components"]["schemas"]
        schemas["ProblemBody"] = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schemas["ProblemBody"].pop("$defs")
        described["components"]["securitySchemes"] = {**SECURITY_SCHEMES, **browser.SECURITY_SCHEMES, **ADMIN_SCHEMES}
        for path, operations in described["paths"].items():
            if path.startswith("/api/"):
                for operation in operations.values():
                    operation["security"] = [{name: []} for name in ADMIN_SCHEMES]
        app.openapi_schema = described
    return app.openapi_schema


def _services(runtime: ApiRuntime) -> Services:
    return Services(
        runtime=runtime,
        keys=WriteKeys(runtime.database, runtime.settings.write_key),
        writer=EventWriter(runtime.database, runtime.waker),
        gate=BacklogGate(runtime.database, runtime.settings.max_backlog_s),
        in_hand=InHand(runtime.settings.max_in_hand_bytes),
        metrics=Metrics(),
        hits=HitKeeper(runtime),
        inbox_streams=InboxStreams(runtime.database, runtime.stopping),
        callbacks=CallbackDesk(runtime, lambda: cast("Asker", runtime.poster)),
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    watching = asyncio.create_task(services.gate.watch())
    services.hits.judge_soon()
    try:
        yield
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        await services.inbox_streams.close()
        await services.hits.close()
        await services.writer.close()
