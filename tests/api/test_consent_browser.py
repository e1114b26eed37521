"""The pages for customers in a real browser: on a phone and a desk, by keyboard, without scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from engine.storage.database import Database
from tests.api.conftest import api_settings, live
from tests.api.consent_shop import ConsentShop, links_in, open_consent_shop
from tests.api.test_mailbox import CHROMIUM, FLAGS

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

#: Of what can be pressed: its height, what names it for a screen reader, and whether focus can be seen on it.
LOOK = """() => ({
  overflow: document.documentElement.scrollWidth - window.innerWidth,
  lang: document.documentElement.lang,
  headings: document.querySelectorAll('h1').length,
  small: [...document.querySelectorAll('button, label')].filter(e => e.getBoundingClientRect().height < 44).length,
  unnamed: [...document.querySelectorAll('input:not([type=hidden])')].filter(e => !e.labels.length).length,
})"""


@pytest.fixture
async def shop(database: Database) -> AsyncIterator[ConsentShop]:
    yield await open_consent_shop(database)


@pytest.fixture
async def page(shop: ConsentShop, database_url: str, width: int) -> AsyncIterator[Any]:
    from playwright.async_api import async_playwright

    with live(api_settings(database_url, link_secret="k" * 32)) as server:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
            context = await browser.new_context(
                viewport={"width": width, "height": 700}, java_script_enabled=False, base_url=server.url
            )
            page = await context.new_page()
            page.outside = []
            context.on("request", lambda request: page.outside.append(request.url))
            yield page
            assert not [url for url in page.outside if not url.startswith(server.url)]
            await browser.close()


async def _is_sound(page: Any, language: str = "en") -> None:
    found = await page.evaluate(LOOK)
    assert found == {"overflow": 0, "lang": language, "headings": 1, "small": 0, "unnamed": 0}


@pytest.mark.parametrize("width", [375, 800])
async def test_to_leave_and_to_come_back_by_keyboard_alone(shop: ConsentShop, page: Any):
    path = links_in(await shop.sent("news"))["Stop"]

    await page.goto(path)
    await _is_sound(page)
    await page.keyboard.press("Tab")
    outline = await page.evaluate("() => getComputedStyle(document.activeElement).outlineWidth")
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="You have unsubscribed").wait_for()
    await _is_sound(page)
    left = await shop.consent()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="Taken back").wait_for()

    assert outline == "3px"
    assert left == {"news": False}
    assert await shop.consent() == {}


@pytest.mark.parametrize("width", [375, 800])
async def test_to_choose_by_keyboard_alone(shop: ConsentShop, page: Any):
    path = links_in(await shop.sent("news"))["Choose"]

    await page.goto(path)
    await _is_sound(page)
    await page.get_by_label("New coffees").focus()
    await page.keyboard.press("Space")
    await page.get_by_role("button", name="Save").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="Saved").wait_for()

    assert not await page.get_by_label("New coffees").is_checked()
    assert await page.get_by_label("Offers").is_checked()
    assert await shop.consent() == {"news": False}
    await _is_sound(page)


@pytest.mark.parametrize("width", [375])
async def test_in_russian_nothing_runs_over_the_edge(shop: ConsentShop, page: Any):
    await shop.outbox.change("UPDATE customer SET locale = 'ru', email = repeat('a', 60) || '@example.com'")
    links = links_in(await shop.sent("news"))

    for path in (*links.values(), "/u/none"):
        await page.goto(path)
        await _is_sound(page, "ru" if path != "/u/none" else "en")
