"""The scripts for pages of the shop, in a real browser, on a page of another origin with a strict policy."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from engine.links.push_clicks import sign_click
from engine.runtime import Runtime
from tests.api.conftest import LiveServer
from tests.api.inbox_shop import open_inbox_shop, token, write
from tests.engine.flow.shop import Shop

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
HOSTILE = "<img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script>"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@dataclass
class ShopPage:
    """A page of the shop that shows the bell."""

    page: Page
    context: BrowserContext
    url: str
    errors: list[str] = field(default_factory=list)

    @property
    def bell(self) -> Any:
        return self.page.get_by_role("button", name="Messages")

    @property
    def panel(self) -> Any:
        return self.page.get_by_role("dialog", name="Messages")


@asynccontextmanager
async def opened(server: LiveServer, body: str, **files: str) -> AsyncIterator[ShopPage]:
    """`body` inside a page whose policy lets nothing in but this server; `files` by their names."""
    from playwright.async_api import async_playwright

    host = server.url
    policy = f"default-src 'none'; script-src {host}; connect-src 'self' {host}; worker-src 'self'; img-src 'none'"
    html = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Shop</title>{body}</html>'
    async with serving(html, policy, files) as url, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        context = await browser.new_context(viewport={"width": 375, "height": 720})
        shown = ShopPage(await context.new_page(), context, url)
        shown.page.on("pageerror", lambda error: shown.errors.append(str(error)))
        shown.page.on("console", lambda message: shown.errors.append(message.text) if message.type == "error" else None)
        await shown.page.goto(shown.url)
        yield shown
        await browser.close()


@asynccontextmanager
async def serving(html: str, policy: str, files: dict[str, str]) -> AsyncIterator[str]:
    """The shop's own server: its files by their names, and its page for everything else."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode().strip("/")
            text, kind = (files[path], "text/javascript") if path in files else (html, "text/html; charset=utf-8")
            head = f"HTTP/1.1 200 X\r\ncontent-type: {kind}\r\ncontent-length: {len(text.encode())}\r\n"
            writer.write(f"{head}content-security-policy: {policy}\r\nconnection: close\r\n\r\n{text}".encode())
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


def bell_of(server: LiveServer, shown: str) -> str:
    return f'<script src="{server.url}/inbox/kogda-inbox.js" defer></script><kogda-inbox token="{shown}"></kogda-inbox>'


@pytest.fixture
async def shop(runtime: Runtime) -> Shop:
    return await open_inbox_shop(runtime)


async def test_a_customer_opens_the_bell_by_keyboard_reads_and_closes_it(
    shop: Shop, runtime: Runtime, live_server: LiveServer
):
    await write(shop, "anna", HOSTILE)
    async with opened(live_server, bell_of(live_server, token(runtime))) as shown:
        await shown.page.get_by_role("button", name="Messages, 1 unread").wait_for()

        await shown.page.keyboard.press("Tab")
        await shown.page.keyboard.press("Enter")

        await shown.panel.wait_for()
        assert HOSTILE in await shown.panel.inner_text()
        assert await shown.bell.get_attribute("aria-expanded") == "true"
        await shown.panel.get_by_role("button", name="Mark all as read").click()
        await shown.page.get_by_role("button", name="Messages", exact=True).wait_for()
        await shown.page.keyboard.press("Escape")
        assert await shown.panel.is_hidden()
        assert await shown.page.evaluate("document.activeElement.shadowRoot.activeElement.className") == "bell"
        assert await shown.page.title() == "Shop"
        assert shown.errors == []


async def test_a_message_appears_by_itself_and_its_link_is_told(shop: Shop, runtime: Runtime, live_server: LiveServer):
    async with opened(live_server, bell_of(live_server, token(runtime))) as shown:
        await shown.bell.click()
        await shown.panel.get_by_text("No messages yet").wait_for()

        await write(shop, "anna", "Just arrived", link=f"{shown.url}cart")
        await shown.panel.get_by_text("Just arrived").wait_for()
        await shown.panel.get_by_role("link").click()
        await shown.page.wait_for_url(f"{shown.url}cart")

        async with asyncio.timeout(60):
            while len(events := await shop.fetch("SELECT name FROM event WHERE source = 'kogda' ORDER BY seq")) < 2:
                await asyncio.sleep(0.05)
        assert [event["name"] for event in events] == ["inapp_opened", "inapp_clicked"]


async def test_a_page_that_outlives_its_token_asks_for_another(shop: Shop, runtime: Runtime, live_server: LiveServer):
    await write(shop, "anna")
    body = bell_of(live_server, "over").replace("<kogda-inbox", '<kogda-inbox token-url="/token"')

    async with opened(live_server, body, token=token(runtime)) as shown:
        await shown.page.get_by_role("button", name="Messages, 1 unread").wait_for()


async def test_a_pushed_message_is_shown_and_its_press_is_told(runtime: Runtime, live_server: LiveServer):
    shop = await open_inbox_shop(runtime, channel="push")
    await write(shop, "anna")
    [message] = await shop.fetch("SELECT partition, id FROM message")
    worker = f"importScripts('{live_server.url}/push/sw.js'); self.KOGDA_HOST = '{live_server.url}';"
    said = {
        "title": "Your cart",
        "text": "It waits",
        "link": "https://shop.example/cart",
        "image": "javascript:alert(1)",
        "message": str(message["id"]),
        "clicked": sign_click(runtime.link_key, message["partition"], message["id"]),
    }
    script = f'<script src="{live_server.url}/push/kogda.js"></script>'
    async with opened(live_server, script, **{"sw.js": worker}) as shown:
        await shown.context.grant_permissions(["notifications"], origin=shown.url)
        notices = await push(shown, json.dumps(said))
        ignored = await push(shown, "of somebody else")

        assert await shown.page.evaluate("kogdaPush.state()") == "none"
    assert notices == [{"title": "Your cart", "body": "It waits", "tag": said["message"], "image": ""}]
    assert len(ignored) == 1


async def push(shown: ShopPage, said: str) -> Any:
    """As a push service would bring it; what is shown then."""
    devtools = await shown.context.new_cdp_session(shown.page)
    found: dict[str, str] = {}
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.update({each["scopeURL"]: each["registrationId"] for each in event["registrations"]}),
    )
    await devtools.send("ServiceWorker.enable")
    await shown.page.evaluate("navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready)")
    origin = shown.url.rstrip("/")
    await devtools.send(
        "ServiceWorker.deliverPushMessage", {"origin": origin, "registrationId": found[shown.url], "data": said}
    )
    return await shown.page.evaluate("""async () => {
        const registration = await navigator.serviceWorker.ready;
        for (let tries = 0; tries < 50; tries++) {
            const notices = await registration.getNotifications();
            const shown = ({ title, body, tag, image }) => ({ title, body, tag, image: image || "" });
            if (notices.length) return notices.map(shown);
            await new Promise((go) => setTimeout(go, 100));
        }
        return [];
    }""")
