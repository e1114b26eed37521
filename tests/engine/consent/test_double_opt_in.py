"""A yes that an app tells is only asked for; the customer's own press makes it one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.channels import Mail
from engine.flow.checking.load_workspace import load_workspace
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.flow.publishing.publish_rules import publish
from tests.api.conftest import client_of
from tests.engine.delivery.outbox import ScriptedChannel
from tests.engine.flow.shop import Shop, open_shop

FOOT = '<p><a href="{{ unsubscribe_url }}">Stop</a></p>'
FILES = {
    "kogda.yaml": """
language: 1
name: Teplo
mail: {from: Shop <hello@shop.example>}
topics: {news: New coffees}
double_opt_in: {email: sure}
""",
    "schema.yaml": "events:\n  registered: {}\n  returned: {}\n",
    "rules/news.rules": 'when registered send email "news"\nwhen returned send email "more"\n',
    "templates/email/news.html": f"---\nsubject: News\ntopic: news\n---\n{FOOT}",
    "templates/email/more.html": f"---\nsubject: More\ntopic: news\n---\n{FOOT}",
    "templates/email/sure.html": '---\nsubject: Sure?\n---\n<p><a href="{{ confirm_url }}">Yes</a></p>',
}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return folder


@asynccontextmanager
async def open_teplo(database_url: str, folder: Path, files: dict[str, str] = FILES) -> AsyncIterator[Shop]:
    checked = load_workspace(write(folder, files))
    assert checked.diagnostics == ()
    assert checked.plan is not None
    async with open_shop(database_url) as shop:
        shop.runtime.channels = {"email": ScriptedChannel()}
        await publish(shop.runtime.database, checked.plan, templates=checked.templates, settings=checked.settings)
        yield shop


async def deliver(shop: Shop) -> list[str]:
    """Subjects of what was handed over."""
    channel: Any = shop.runtime.channels["email"]
    before = len(channel.given)
    await deliver_messages(shop.runtime)
    return [handover.content.subject for handover in channel.given[before:]]


async def agree(shop: Shop, **more: Any) -> None:
    await shop.post(shop.identify("anna", email="anna@b.example", consent={"email": True, "news": True}, **more))
    await shop.advance()


def confirm_link(shop: Shop) -> str:
    channel: Any = shop.runtime.channels["email"]
    [mail] = [each.content for each in channel.given if each.content.subject == "Sure?"]
    assert isinstance(mail, Mail)
    return "/c/" + (mail.html or "").split("/c/")[1].split('"')[0]


async def history(shop: Shop) -> list[tuple[Any, ...]]:
    async with shop.runtime.database.connection() as connection:
        rows = await connection.fetch("SELECT what, given, how FROM consent_entry ORDER BY at, what")
    return [tuple(row) for row in rows]


async def test_a_yes_is_asked_for_by_a_service_mail_and_counts_after_the_press(database_url: str, tmp_path: Path):
    async with open_teplo(database_url, tmp_path) as shop, client_of(shop.runtime) as client:
        await agree(shop)
        asked = await deliver(shop)
        await shop.post(shop.event("anna", "registered"))
        await shop.advance()
        too_early = await deliver(shop)
        path = confirm_link(shop)
        looked = await client.get(path)
        unchanged = await history(shop)
        pressed = await client.post(path)
        await shop.advance()
        await shop.post(shop.event("anna", "returned"))
        await shop.advance()
        after = await deliver(shop)

    assert (asked, too_early, after) == (["Sure?"], [], ["More"])
    assert "May we write to you by email at a•••@b.example?" in looked.text
    assert unchanged == [("email", None, "asked"), ("news", True, "identify")]
    assert pressed.status_code == 200
    assert "Thank you" in pressed.text
    assert "From now on we write to you by email at a•••@b.example." in pressed.text


async def test_two_ticks_of_a_form_are_asked_about_in_one_mail_and_confirmed_by_one_press(
    database_url: str, tmp_path: Path
):
    settings = FILES["kogda.yaml"].replace("{email: sure}", "{email: sure, news: sure}")
    async with (
        open_teplo(database_url, tmp_path, {**FILES, "kogda.yaml": settings}) as shop,
        client_of(shop.runtime) as client,
    ):
        await agree(shop)
        asked = await deliver(shop)
        looked = await client.get(confirm_link(shop))
        asked_in_russian = await client.get(confirm_link(shop), headers={"accept-language": "ru"})
        pressed = await client.post(confirm_link(shop))
        await shop.advance()
        consent = await client.get("/api/customers/u:anna/consent")

    assert asked == ["Sure?"]
    assert "May we write to you by email at a•••@b.example, and send you “New coffees”?" in looked.text
    assert "в том числе «New coffees»?" in asked_in_russian.text
    assert "and send you “New coffees”." in pressed.text
    assert consent.json()["consent"] == {"email": True, "news": True}


async def test_what_is_asked_by_another_mail_is_asked_by_itself(database_url: str, tmp_path: Path):
    settings = FILES["kogda.yaml"].replace("{email: sure}", "{email: sure, news: more_sure}")
    mail = FILES["templates/email/sure.html"].replace("Sure?", "More?")
    files = {**FILES, "kogda.yaml": settings, "templates/email/more_sure.html": mail}
    async with open_teplo(database_url, tmp_path, files) as shop:
        await agree(shop)
        asked = await deliver(shop)

    assert sorted(asked) == ["More?", "Sure?"]


async def test_the_press_is_kept_as_a_proof_and_told_to_rules(database_url: str, tmp_path: Path):
    async with open_teplo(database_url, tmp_path) as shop, client_of(shop.runtime) as client:
        await agree(shop)
        await deliver(shop)
        await client.post(confirm_link(shop))
        async with shop.runtime.database.connection() as connection:
            [entry] = await connection.fetch("SELECT * FROM consent_entry WHERE how = 'double opt-in'")
            names = [row["name"] for row in await connection.fetch("SELECT name FROM event WHERE kind = 0")]

    assert (entry["what"], entry["given"], entry["detail"]) == ("email", True, {"address": "anna@b.example"})
    assert entry["message"] is not None
    assert names == ["email_confirmed"]


async def test_an_app_that_says_it_with_every_visit_asks_once(database_url: str, tmp_path: Path):
    async with open_teplo(database_url, tmp_path) as shop:
        for _ in range(3):
            await agree(shop)
        await shop.post(*(shop.identify("anna", consent={"email": True}) for _ in range(3)))
        await shop.advance()
        asked = await deliver(shop)

    assert asked == ["Sure?"]


async def test_who_gives_an_address_at_night_is_asked_at_night(database_url: str, tmp_path: Path):
    night = {**FILES, "kogda.yaml": FILES["kogda.yaml"] + "quiet_hours: 0:00 to 23:59\n"}
    async with open_teplo(database_url, tmp_path, night) as shop:
        await agree(shop)
        asked = await deliver(shop)

    assert asked == ["Sure?"]


async def test_a_link_for_another_address_confirms_nothing(database_url: str, tmp_path: Path):
    async with open_teplo(database_url, tmp_path) as shop, client_of(shop.runtime) as client:
        await agree(shop)
        await deliver(shop)
        await shop.post(shop.identify("anna", email="somebody@else.example"))
        await shop.advance()

        answer = await client.post(confirm_link(shop))

    assert answer.status_code == 410
    assert "another address" in answer.text


async def test_an_old_link_confirms_nothing(database_url: str, tmp_path: Path):
    async with open_teplo(database_url, tmp_path) as shop, client_of(shop.runtime) as client:
        await agree(shop)
        async with shop.runtime.database.connection() as connection:
            await connection.execute("UPDATE message SET created_at = now() - interval '31 days'")
        await deliver(shop)

        answer = await client.post(confirm_link(shop))

    assert answer.status_code == 410
    assert "too old" in answer.text


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("double_opt_in: {email: shure}", "E204", 'there is no email template "shure"'),
        ("double_opt_in: {sms: sure}", "E506", '"sms" can not be confirmed by mail'),
        ("double_opt_in: yes", "E507", "double_opt_in"),
        ("mail: {unsubscribe: Shop <leave@shop.example>}", "E507", "a mail address without a name"),
    ],
    ids=["no such template", "no mail", "no mapping", "a mailbox with a name"],
)
def test_what_cannot_be_asked_is_refused(tmp_path: Path, line: str, code: str, words: str):
    key = line.partition(":")[0]
    settings = "\n".join(each for each in FILES["kogda.yaml"].splitlines() if not each.startswith(key)) + f"\n{line}\n"

    checked = load_workspace(write(tmp_path, {**FILES, "kogda.yaml": settings}))

    found = [each for each in checked.diagnostics if each.code == code]
    assert len(found) == 1
    assert words in str(found[0].message)
