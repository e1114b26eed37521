"""GET /api/explain, and POST /api/language/simulate."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from dsl import plan
from engine.runtime import Runtime
from tests.api.conftest import ADMIN_KEY
from tests.api.test_language import RULE, WORKSPACE
from tests.engine.flow.shop import HOUR, Shop, rule

KAZAN = plan.Guard(
    word="only if",
    condition=plan.Compare(
        left=plan.Attribute(name="city", kind="text"), comparison="is", right=plan.Constant("text", "Kazan")
    ),
    text='only if customer.city is "Kazan"',
    line=3,
)


@pytest.fixture
def admin(client: httpx.AsyncClient) -> httpx.AsyncClient:
    client.auth = httpx.BasicAuth(ADMIN_KEY, "")
    return client


@pytest.fixture
async def shop(runtime: Runtime) -> Shop:
    shop = Shop(runtime)
    await shop.publish(rule("cart", "cart_left", delay=HOUR), rule("far", "cart_left", guards=(KAZAN,)))
    await shop.post(shop.identify("1", city="Perm"), shop.event("1", "cart_left"))
    await shop.advance()
    return shop


async def test_a_run_under_way_is_told_with_its_record(admin: httpx.AsyncClient, shop: Shop) -> None:
    answer = await admin.get("/api/explain", params={"customer": "u:1", "rule": "cart"})

    assert answer.status_code == 200, answer.text
    [run] = answer.json()["runs"]
    assert (run["state"], run["ended_at"]) == ("waiting", None)
    assert [note["what"] for note in run["notes"]] == ["started"]


async def test_what_has_not_started_is_told_with_the_condition_that_said_no(
    admin: httpx.AsyncClient, shop: Shop
) -> None:
    told = (await admin.get("/api/explain", params={"customer": "u:1", "rule": "far"})).json()
    russian = (await admin.get("/api/explain", params={"customer": "u:1", "rule": "far", "language": "ru"})).json()

    assert told["runs"] == []
    [refused] = [each for each in told["findings"] if each["is_met"] is False]
    assert refused["text"] == 'only if customer.city is "Kazan"'
    assert "Perm" in " ".join(refused["saw"])
    assert russian["findings"] != told["findings"]


async def test_what_delivery_would_say_is_told_of_now_only(admin: httpx.AsyncClient, shop: Shop) -> None:
    asked = {"customer": "u:1", "rule": "far"}

    told = (await admin.get("/api/explain", params=asked)).json()
    before = (await admin.get("/api/explain", params={**asked, "at": "2026-03-01T10:00:00Z"})).json()

    assert told["delivery"] == [{"text": 'email "far": no email address', "is_met": False, "saw": []}]
    assert before["delivery"] is None


async def test_all_rules_are_told_at_once(admin: httpx.AsyncClient, shop: Shop) -> None:
    answer = await admin.get("/api/explain/rules", params={"customer": "u:1"})

    assert answer.status_code == 200, answer.text
    cart, far = sorted(answer.json()["rules"], key=lambda each: str(each["rule"]))
    assert (cart["rule"], cart["run"]["state"], cart["run"]["not_sent"]) == ("cart", "waiting", None)
    assert (far["run"], far["against"]["text"]) == (None, 'only if customer.city is "Kazan"')


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"customer": "u:9"}, 404, "unknown_customer"),
        ({"customer": "u:1", "at": "2026-03-01T10:00"}, 422, "invalid_request"),
    ],
)
async def test_all_rules_of_nobody_or_of_no_moment_are_refused(
    admin: httpx.AsyncClient, shop: Shop, asked: dict[str, str], status: int, code: str
) -> None:
    answer = await admin.get("/api/explain/rules", params=asked)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"customer": "u:9", "rule": "cart"}, 404, "unknown_customer"),
        ({"customer": "u:1", "rule": "gone"}, 404, "unknown_rule"),
        ({"customer": "9", "rule": "cart"}, 404, "unknown_customer"),
        ({"customer": "", "rule": "cart"}, 422, "invalid_request"),
        ({"customer": "u:1", "rule": "cart", "at": "soon"}, 422, "invalid_request"),
        ({"customer": "u:1", "rule": "cart", "at": "2026-03-01T10:00"}, 422, "invalid_request"),
    ],
)
async def test_what_cannot_be_explained_is_a_problem(
    admin: httpx.AsyncClient, shop: Shop, asked: dict[str, str], status: int, code: str
) -> None:
    answer = await admin.get("/api/explain", params=asked)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def simulate(admin: httpx.AsyncClient, text: str, *events: dict[str, Any]) -> httpx.Response:
    body = {"text": text, "workspace": WORKSPACE, "events": events}
    return await admin.post("/api/language/simulate", json=body)


async def test_a_text_is_simulated_for_a_few_events(admin: httpx.AsyncClient) -> None:
    cart = {"event": "Cart Updated", "values": {"cart_id": "c1", "total": "120 EUR"}}

    answer = await simulate(
        admin,
        RULE,
        {**cart, "at": "2026-03-02T12:00:00Z", "customer": "bob", "values": {"cart_id": "c2", "total": "20 EUR"}},
        {**cart, "at": "2026-03-02T10:00:00Z"},
    )

    assert answer.status_code == 200, answer.text
    [message] = answer.json()["messages"]
    assert (message["at"], message["rule"], message["state"]) == ("2026-03-02T11:00:00Z", "Корзина", "sent")


async def test_a_customer_who_is_known_without_an_address_gets_nothing_and_it_is_said_why(
    admin: httpx.AsyncClient,
) -> None:
    answer = await simulate(
        admin,
        RULE,
        {"at": "2026-03-02T09:00:00Z", "customer": "ann", "values": {"email": "ann@example.com"}},
        {"at": "2026-03-02T10:00:00Z", "event": "cart_updated", "values": {"cart_id": "c", "total": "120 EUR"}},
    )

    [message] = answer.json()["messages"]
    assert (message["state"], message["reason"]) == ("suppressed", "no email address")


async def test_a_text_with_mistakes_is_answered_with_them(admin: httpx.AsyncClient) -> None:
    answer = await simulate(
        admin, RULE.replace("cart_updated", "cart_gone"), {"at": "2026-03-02T09:00:00Z", "event": "a"}
    )

    assert answer.json()["messages"] == []
    assert [each["code"] for each in answer.json()["diagnostics"]] == ["E201"]


@pytest.mark.parametrize(
    "event", [{"at": "2026-03-02T09:00:00"}, {"event": "a"}, {"at": "2026-03-02T09:00:00Z", "x": 1}]
)
async def test_a_wrong_event_is_refused(admin: httpx.AsyncClient, event: dict[str, Any]) -> None:
    assert (await simulate(admin, RULE, event)).status_code == 422
