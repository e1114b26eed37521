"""The questions of an editor in a browser."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from api.routes.language import MOST_BYTES
from engine.flow.checking.load_workspace import load_workspace
from engine.flow.publishing.publish_rules import publish
from engine.runtime import open_runtime
from engine.storage.database import Database
from tests.api.conftest import ADMIN_KEY, api_settings, client_of

SCHEMA = """\
events:
  cart_updated:
    title: {en: "cart changed", ru: "корзина изменена"}
    properties: {cart_id: text, total: money}
customer:
  tier: {enum: [bronze, gold]}
"""
WORKSPACE = {
    "settings": "language: 1\nname: Shop\ncurrency: EUR\n",
    "schema": SCHEMA,
    "files": {"rules/common.rules": "let big = 100 EUR\n"},
    "templates": {"email/cart.html": "---\nsubject: Cart\nfrom: Shop <a@example.com>\n---\n<p>Hello</p>\n"},
}
RULE = """\
use "common.rules"
# 🎉
rule "Корзина"
  when cart_updated where event.total > big after 1h
  send email "cart"
"""


@pytest.fixture
def admin(client: httpx.AsyncClient) -> httpx.AsyncClient:
    client.auth = httpx.BasicAuth(ADMIN_KEY, "")
    return client


async def ask(admin: httpx.AsyncClient, what: str, text: str, **more: Any) -> Any:
    answer = await admin.post(f"/api/language/{what}", json={"text": text, "workspace": WORKSPACE, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def units(text: str, words: str) -> int:
    """Behind the words, as a browser counts."""
    return len(text[: text.index(words) + len(words)].encode("utf-16-le")) // 2


async def test_a_text_is_checked_with_its_workspace(admin: httpx.AsyncClient) -> None:
    good = await ask(admin, "check", RULE)
    bad = await ask(admin, "check", RULE.replace("cart_updated", "cart_updatedd"), language="ru")

    assert [each["code"] for each in good["diagnostics"] if each["severity"] == "error"] == []
    [mistake] = [each for each in bad["diagnostics"] if each["code"] == "E201"]
    assert "cart_updatedd" in mistake["message"]
    assert "событи" in mistake["message"]
    assert mistake["fixes"][0]["edits"][0]["text"] == "cart_updated"


async def test_a_check_runs_the_lints_and_knows_what_is_allowed(admin: httpx.AsyncClient) -> None:
    delayed = RULE.replace("after 1h", "after 24h")
    allowed = delayed.replace("after 24h", 'after 24h  # kogda: allow W532 until 2100-01-01 "exactly a day"')

    found = [each["code"] for each in (await ask(admin, "check", delayed))["diagnostics"]]
    left = [each["code"] for each in (await ask(admin, "check", allowed))["diagnostics"]]

    assert "W532" in found
    assert "W532" not in left


async def test_mistakes_of_other_files_are_not_those_of_the_text(admin: httpx.AsyncClient) -> None:
    workspace = {**WORKSPACE, "files": {**WORKSPACE["files"], "rules/other.rules": "when nothing_there exit\n"}}  # type: ignore[dict-item]

    answer = await ask(admin, "check", RULE, workspace=workspace)

    assert {each["path"] for each in answer["diagnostics"]} <= {"rules/new.rules"}


async def test_completion_counts_places_as_browsers_do(admin: httpx.AsyncClient) -> None:
    answer = await ask(admin, "complete", RULE, offset=units(RULE, "event.to"))

    [found] = answer["proposals"]
    assert (found["label"], found["kind"]) == ("total", "property")
    written = RULE.encode("utf-16-le")[2 * found["start"] : 2 * found["end"]].decode("utf-16-le")
    assert written == "total"


async def test_hover_says_what_is_under_the_cursor(admin: httpx.AsyncClient) -> None:
    event = await ask(admin, "hover", RULE, offset=units(RULE, "when cart_"))
    nothing = await ask(admin, "hover", RULE, offset=units(RULE, "# "))

    assert "**cart_updated** — cart changed" in event["text"]
    assert nothing["text"] is None


async def test_a_text_is_formatted_or_its_mistakes_are_told(admin: httpx.AsyncClient) -> None:
    good = await ask(admin, "format", 'when   cart_updated\nsend email "cart"')
    russian = await ask(admin, "format", 'when cart_updated send email "cart"', keywords="ru")
    bad = await ask(admin, "format", "when when when")

    assert good["text"].startswith("when cart_updated")
    assert "когда cart_updated отправить письмо" in russian["text"]
    assert bad["text"] is None
    assert bad["diagnostics"]


async def test_rules_are_read_back_in_sentences(admin: httpx.AsyncClient) -> None:
    answer = await ask(admin, "explain", RULE)

    [rule] = answer["rules"]
    assert rule["name"] == "Корзина"
    assert any("cart_updated" in line["text"] for line in rule["lines"])
    assert any("cart" in line["text"] and line["number"] for line in rule["lines"])


async def test_tests_are_checked_as_tests(admin: httpx.AsyncClient) -> None:
    answer = await ask(admin, "check", 'test "x"\n  expect nothing\n', path="rules/a.test.rules")

    assert answer["diagnostics"] == []


async def test_without_a_workspace_what_is_published_counts(
    admin: httpx.AsyncClient, database: Database, tmp_path: Any
) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "templates" / "email").mkdir(parents=True)
    (tmp_path / "kogda.yaml").write_text(str(WORKSPACE["settings"]))
    (tmp_path / "schema.yaml").write_text(SCHEMA)
    (tmp_path / "rules" / "a.rules").write_text('when cart_updated send email "cart"\n')
    (tmp_path / "templates" / "email" / "cart.html").write_text(WORKSPACE["templates"]["email/cart.html"])  # type: ignore[index]
    checked = load_workspace(tmp_path)
    assert checked.plan is not None
    before = await ask(admin, "check", 'when cart_updated send email "cart"', workspace=None)
    await publish(database, checked.plan, templates=checked.templates, settings=checked.settings)

    good = await ask(admin, "check", 'when cart_updated send email "cart"', workspace=None)
    bad = await ask(admin, "check", 'when cart_updated send email "carrt"', workspace=None)

    assert "E201" in [each["code"] for each in before["diagnostics"]]
    assert [each["code"] for each in good["diagnostics"] if each["severity"] == "error"] == []
    assert "E204" in [each["code"] for each in bad["diagnostics"]]


async def test_only_those_with_the_key_may_ask(client: httpx.AsyncClient) -> None:
    client.auth = None

    answer = await client.post("/api/language/check", json={"text": ""})

    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_admin_key")


REFUSED = {
    "no JSON": (b"when", 422, "invalid_request"),
    "no text": (b"{}", 422, "invalid_request"),
    "an unknown key": (b'{"text": "", "txt": 1}', 422, "invalid_request"),
    "a text too long": (b'{"text": "' + b"x" * 200_001 + b'"}', 422, "invalid_request"),
    "half a character": (rb'{"text": "\ud800"}', 422, "invalid_request"),
    "too many bytes": (b" " * (MOST_BYTES + 1), 413, "too_large"),
}


@pytest.mark.parametrize(("body", "status", "code"), REFUSED.values(), ids=REFUSED)
async def test_what_cannot_be_read_is_refused_with_a_reason(
    admin: httpx.AsyncClient, body: bytes, status: int, code: str
) -> None:
    answer = await admin.post("/api/language/check", content=body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("offset", [0, 3, 400_000])
async def test_a_place_outside_of_the_text_is_its_end(admin: httpx.AsyncClient, offset: int) -> None:
    answer = await ask(admin, "complete", "🎉", offset=offset)

    assert isinstance(answer["proposals"], list)


def test_a_question_waits_for_the_one_before_it_and_not_for_those_of_another_server(database_url: str) -> None:
    """Servers of one process have loops of their own: what one has waited for is no use to the other."""

    async def both_answered() -> list[int]:
        async with open_runtime(api_settings(database_url)) as runtime, client_of(runtime) as client:
            client.auth = httpx.BasicAuth(ADMIN_KEY, "")
            body = {"text": RULE, "workspace": WORKSPACE}
            answers = await asyncio.gather(*(client.post("/api/language/check", json=body) for _ in range(2)))
            return [answer.status_code for answer in answers]

    statuses = [asyncio.run(both_answered()) for _ in range(2)]

    assert statuses == [[200, 200]] * 2


HOSTILE = {
    "brackets": "(" * 50_000,
    "one word again and again": "when " * 10_000,
    "control characters": "\x00\x0c\u2028",
    "nested conditions": "when a where " + "not " * 10_000,
    "one comment": "#" * 100_000,
    "quotes": '"' * 9_999,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
async def test_hostile_texts_are_answered_or_given_up_in_time(admin: httpx.AsyncClient, text: str) -> None:
    for what, more in (("check", {}), ("format", {}), ("complete", {"offset": len(text)}), ("hover", {"offset": 5})):
        body = {"text": text, "workspace": WORKSPACE, **more}

        answer = await admin.post(f"/api/language/{what}", json=body, timeout=60)

        assert answer.status_code == 200 or answer.json()["code"] == "busy"
