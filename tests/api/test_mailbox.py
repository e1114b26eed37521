"""The mailbox page, over HTTP and in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from engine.channels import Button, Handover, Mail, Origin, Sent, Text
from engine.channels.mailbox import MailboxChannel
from engine.channels.mime import build_mail
from engine.clock import utc_now
from engine.keeping import keeper
from engine.runtime import Runtime
from engine.storage.delivery.mailbox import NewMail, keep_mail
from tests.api.conftest import LiveServer, client_of

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")


async def keep(
    runtime: Runtime, *, html: str | None = "<p>Hello</p>", subject: str = "Your cart", text: str = "Hello"
) -> UUID:
    """Its run."""
    run = uuid4()
    handover = Handover(
        message=uuid4(),
        address="anna@example.com",
        content=Mail(sender="Shop <hello@shop.example>", subject=subject, text=text, html=html),
        at=datetime.now(UTC),  # noqa: TID251
        origin=Origin(partition=3, run=run, rule="cart reminder", template="cart"),
    )
    built = build_mail(handover)
    async with runtime.database.transaction() as connection:
        await connection.execute(
            "INSERT INTO run_note VALUES (3, $1, $2, 7, 'started', 'cart_abandoned')",
            run,
            handover.at - timedelta(hours=1),
        )
        await keep_mail(
            connection,
            NewMail(
                message=handover.message,
                at=handover.at,
                recipient=built.recipient,
                subject=built.subject,
                rule="cart reminder",
                template="cart",
                partition=3,
                run=run,
                raw=built.raw,
            ),
        )
    return run


async def settle(runtime: Runtime, run: UUID, template: str, state: str, reason: str | None = None) -> None:
    async with runtime.database.transaction() as connection:
        await connection.execute(
            "INSERT INTO message (partition, id, customer, run, rule, rule_set, step, channel, template, context,"
            " transactional, state, reason, due_at, settled_at)"
            " VALUES (3, $1, $1, $2, 'cart reminder', 1, 1, 'email', $3, '{}', false, $4, $5, now(), now())",
            uuid4(),
            run,
            template,
            state,
            reason,
        )


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(runtime) as client:
        client.auth = ("admin-key", "")
        yield client


async def test_the_list_says_who_got_what_and_why(runtime: Runtime, client: httpx.AsyncClient):
    await keep(runtime, subject="First")
    await keep(runtime, subject="Second")

    page = (await client.get("/mailbox")).text

    assert page.index("Second") < page.index("First")
    assert "anna@example.com" in page and "cart reminder" in page and "after cart_abandoned" in page


async def test_a_message_of_another_channel_is_shown_with_its_buttons(runtime: Runtime, client: httpx.AsyncClient):
    buttons = (Button(text="Open", link="https://shop.example/"), Button(text="Later", press="later"))
    channel = MailboxChannel(keeper(runtime.database))
    verdict = await channel.send(
        Handover(
            message=uuid4(),
            address="42",
            content=Text(text="Ваш кофе ждёт <b>\nлучшего часа", buttons=buttons),
            at=utc_now(),
            origin=Origin(partition=3, run=uuid4(), rule="cart reminder", template="cart"),
            channel="telegram",
        )
    )

    page = (await client.get("/mailbox/1")).text

    assert isinstance(verdict, Sent)
    assert "Ваш кофе ждёт &lt;b&gt; лучшего часа" in page
    assert '<span class="channel">telegram</span>' in page
    assert "[Open] https://shop.example/" in page and "[Later] later" in page


async def test_an_empty_mailbox_says_what_to_do(client: httpx.AsyncClient):
    page = await client.get("/mailbox")

    assert page.status_code == 200
    assert "No mails yet" in page.text


@pytest.mark.parametrize(
    ("view", "shown"),
    [
        ("mail", '<iframe title="The mail: Your cart" sandbox="allow-popups allow-popups-to-escape-sandbox"'),
        ("text", "Plain words"),
        ("links", "https://shop.example/cart"),
        ("headers", "Message-ID"),
        ("why", "The run began with cart_abandoned"),
    ],
)
async def test_a_mail_can_be_looked_at_in_five_ways(runtime: Runtime, client: httpx.AsyncClient, view: str, shown: str):
    await keep(runtime, html='<a href="https://shop.example/cart">Back</a>', text="Plain words")

    page = await client.get("/mailbox/1", params={"view": view})

    assert shown in page.text


async def test_why_ends_with_what_became_of_the_messages(runtime: Runtime, client: httpx.AsyncClient):
    run = await keep(runtime)
    await settle(runtime, run, "cart", "sent")
    await settle(runtime, run, "cart_again", "suppressed", "no consent: email refused")
    await settle(runtime, uuid4(), "of_another_run", "sent")

    page = (await client.get("/mailbox/1?view=why")).text

    began, sent = page.index("The run began with cart_abandoned"), page.index("It sent email &#34;cart&#34;")
    assert began < sent < page.index("It did not send email &#34;cart_again&#34;: no consent: email refused")
    assert "of_another_run" not in page


async def test_pages_follow_each_other_and_search_narrows_them(runtime: Runtime, client: httpx.AsyncClient):
    for number in range(53):
        await keep(runtime, subject=f"Mail no {number:02d}.")

    first = (await client.get("/mailbox")).text
    second = (await client.get("/mailbox?before=4")).text
    found = (await client.get("/mailbox?q=no 07.")).text

    assert "Mail no 52." in first and "Mail no 03." in first and "Mail no 02." not in first
    assert "/mailbox?before=4" in first
    assert "Mail no 02." in second and "Mail no 03." not in second
    assert "Mail no 07." in found and "Mail no 08." not in found


async def test_newer_mails_come_as_rows_and_nothing_comes_as_nothing(runtime: Runtime, client: httpx.AsyncClient):
    await keep(runtime, subject="Old")
    await keep(runtime, subject="New")

    rows = await client.get("/mailbox/newer", params={"than": 1})
    none = await client.get("/mailbox/newer", params={"than": 2})

    assert "New" in rows.text and "Old" not in rows.text
    assert (none.status_code, none.content) == (204, b"")


@pytest.mark.parametrize("path", ["/mailbox/99", "/mailbox/99/body", "/mailbox/99/raw"])
async def test_a_mail_that_is_not_there_is_404(client: httpx.AsyncClient, path: str):
    assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/mailbox/99", 404, "There is no mail 99."),
        ("/mailbox/99/body", 404, "There is no mail 99."),
        ("/mailbox/first", 422, ""),
        ("/mailbox/", 404, ""),
        ("/preview/body?template=<b>", 422, ""),
        ("/preview/body?template=nobody", 404, "nobody"),
    ],
)
async def test_a_browser_gets_a_page_where_nothing_is(client: httpx.AsyncClient, path: str, status: int, said: str):
    page = await client.get(path, headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})

    assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert "There is nothing here" in page.text and said in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("path", "accept"),
    [("/mailbox/99", "*/*"), ("/preview/body?template=nobody", "*/*"), ("/api/nothing", "text/html")],
)
async def test_a_program_and_the_rest_of_the_server_get_the_problem(client: httpx.AsyncClient, path: str, accept: str):
    answer = await client.get(path, headers={"accept": accept})

    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_strangers_are_asked_for_the_admin_key(runtime: Runtime, client: httpx.AsyncClient):
    await keep(runtime)

    answers = [await client.get(path, auth=("wrong", "")) for path in ("/mailbox", "/mailbox/1/body", "/mailbox/newer")]

    assert {answer.status_code for answer in answers} == {401}
    assert answers[0].headers["www-authenticate"].startswith("Basic ")


async def test_hostile_values_are_escaped_on_the_page(runtime: Runtime, client: httpx.AsyncClient):
    await keep(runtime, subject='<script>alert(1)</script>"><img src=x onerror=alert(2)>')

    pages = [(await client.get(path)).text for path in ("/mailbox", "/mailbox/1?view=headers", "/mailbox/newer?than=0")]

    for page in pages:
        assert "<script>alert" not in page and "<img" not in page
        assert "&lt;script&gt;alert(1)" in page


XSS = """
<a id=go href="javascript:opener.document.title='pwned'">click</a>
<form action="https://evil.example/"><button id=send>send</button></form>
<script>parent.document.title='pwned'; fetch('/mailbox/1/raw')</script>
<img src=x onerror="top.document.title='pwned'"><svg onload="document.title='pwned'">
<iframe srcdoc="<script>top.document.title='pwned'</script>"></iframe>
<img src="http://127.0.0.1:{port}/health/live?stolen"><link rel=stylesheet href="http://127.0.0.1:{port}/health/live?css">
<meta http-equiv=refresh content="0;url=http://127.0.0.1:{port}/health/live?refresh">
<base href="https://evil.example/"><details open ontoggle="document.title='pwned'">x</details>
"""


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
async def test_a_hostile_mail_runs_nothing_and_asks_for_nothing(runtime: Runtime, live_server: LiveServer):
    from playwright.async_api import async_playwright

    await keep(runtime, html=XSS.replace("{port}", str(live_server.port)))
    asked: list[str] = []
    errors: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        context = await browser.new_context(http_credentials={"username": "admin-key", "password": ""})
        page = await context.new_page()
        # What the policy stops is announced as a request too, but never answered.
        context.on("response", lambda response: asked.append(response.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("dialog", lambda dialog: errors.append(dialog.message))

        await page.goto(f"{live_server.url}/mailbox/1", wait_until="load")
        frame = page.frame_locator("iframe[title^='The mail']")
        await frame.locator("#go").click(no_wait_after=True)
        await frame.locator("#send").click(no_wait_after=True)
        await page.goto(f"{live_server.url}/mailbox/1/body", wait_until="load")
        title = await page.title()
        await browser.close()

    assert not [url for url in asked if any(word in url for word in ("?stolen", "?css", "?refresh", "evil"))]
    assert not [url for url in asked if "/raw" in url]
    assert "pwned" not in title
    assert errors == []


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
async def test_new_mails_appear_by_themselves(runtime: Runtime, live_server: LiveServer):
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        context = await browser.new_context(http_credentials={"username": "admin-key", "password": ""})
        page = await context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        await page.goto(f"{live_server.url}/mailbox")

        await keep(runtime, subject="Just arrived")
        await page.get_by_text("Just arrived").first.wait_for(timeout=60_000)

        assert await page.locator("#empty").is_hidden()
        assert errors == []
        await browser.close()
