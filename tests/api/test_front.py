from __future__ import annotations

import httpx
import pytest


async def test_the_bare_address_leads_to_the_mailbox(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")

    assert (answer.status_code, answer.headers["location"]) == (307, "/mailbox")


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_no_page_of_ours_loads_scripts_from_elsewhere(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


async def test_a_wrong_path_or_method_of_the_api_is_told_in_words(client: httpx.AsyncClient) -> None:
    nothing, other = await client.get("/api/rulez"), await client.delete("/api/messages")

    assert "nothing at /api/rulez" in nothing.json()["detail"]
    assert (other.status_code, other.json()["detail"]) == (405, "use GET here")


async def test_the_api_is_described(client: httpx.AsyncClient) -> None:
    description = (await client.get("/openapi.json")).json()

    assert {"/v1/batch", "/api/messages", "/health/ready"} <= set(description["paths"])
