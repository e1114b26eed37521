from __future__ import annotations

import httpx
import pytest


async def test_the_bare_address_leads_to_the_mailbox(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")

    assert (answer.status_code, answer.headers["location"]) == (307, "/mailbox")


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_no_page_of_ours_loads_scripts_from_elsewhere(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


async def test_the_api_is_described(client: httpx.AsyncClient) -> None:
    description = (await client.get("/openapi.json")).json()

    assert {"/v1/batch", "/api/messages", "/health/ready"} <= set(description["paths"])
