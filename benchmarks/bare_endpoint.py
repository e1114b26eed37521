"""The least that could take an event: Starlette, one pooled connection and one statement for each request.

Run as `python -m benchmarks.bare_endpoint PORT DATABASE_URL`. The server has the settings of ours, and the statement is
ours too: the event and its key.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from api.server.process import KEEP_ALIVE_S, tune_garbage_collection
from engine.clock import utc_now
from engine.core.identity import customer_id, event_id, partition_of
from engine.storage.database import Database
from engine.storage.events.events_in import TRACK, NewEvent, insert_events

PARTITIONS = 64


def bare_app(database: Database) -> Starlette:
    async def track(request: Request) -> JSONResponse:
        item = orjson.loads(await request.body())
        key = f"u:{item['userId']}"
        customer = customer_id(key)
        event = NewEvent(
            event_id("bare", item["messageId"]), partition_of(customer, PARTITIONS), customer, TRACK,
            item["event"], utc_now(), "bare",
            orjson.Fragment(orjson.dumps({"key": key, "properties": item["properties"]})),
        )  # fmt: skip
        async with database.connection() as connection:
            await insert_events(connection, [event])
        return JSONResponse({"success": True})

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await database.open()
        yield
        await database.close()

    return Starlette(routes=[Route("/v1/track", track, methods=["POST"])], lifespan=lifespan)


def main(port: int, database_url: str) -> None:
    tune_garbage_collection()
    config = uvicorn.Config(
        bare_app(Database(database_url)), port=port, http="httptools", ws="none", log_config=None, access_log=False,
        server_header=False, timeout_keep_alive=KEEP_ALIVE_S,
    )  # fmt: skip
    uvloop.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
