"""Leaving, choosing, confirming, as a browser and as a mail program does it."""

from __future__ import annotations

import random
import re
from collections.abc import AsyncIterator

import pytest

from engine.channels import Mail
from engine.core.identity import partition_of
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.storage.customers.contacts import add_contact
from engine.storage.database import Database
from tests.api.consent_shop import RULES, SETTINGS, TEMPLATES, ConsentShop, button, links_in, open_consent_shop
from tests.engine.delivery.outbox import PARTITIONS

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
async def shop(database: Database) -> AsyncIterator[ConsentShop]:
    shop = await open_consent_shop(database)
    async with shop.client:
        yield shop


async def test_to_look_at_a_page_changes_nothing(shop: ConsentShop):
    links = links_in(await shop.sent())

    for path in links.values():
        for method in ("GET", "HEAD"):
            answer = await shop.client.request(method, path)
            assert answer.status_code == 200

    assert await shop.consent() == {}
    assert await shop.history() == []
    assert await shop.events() == []


async def test_a_press_leaves_the_topic_of_the_mail_and_says_so(shop: ConsentShop):
    handover = await shop.sent("news")

    answer = await shop.client.post(links_in(handover)["Stop"], data={"scope": "topic"})

    assert answer.status_code == 200
    assert "No more of “New coffees” will come to a•••@example.com." in answer.text
    assert await shop.consent() == {"news": False}
    assert await shop.history() == [("news", False, "unsubscribe link")]
    [(name, properties)] = await shop.events()
    assert name == "email_unsubscribed"
    assert properties == {
        "channel": "email",
        "topic": "news",
        "how": "unsubscribe link",
        "message_id": str(handover.message),
        "rule": "reminder",
        "template": "news",
    }


async def test_a_press_on_the_other_button_leaves_all_marketing_by_mail(shop: ConsentShop):
    answer = await shop.client.post(links_in(await shop.sent("news"))["Stop"], data={"scope": "all"})

    assert "No more news and offers" in answer.text
    assert await shop.consent() == {"email": False}


async def test_a_mail_without_a_topic_can_only_be_left_as_a_whole(shop: ConsentShop):
    path = links_in(await shop.sent("cart"))["Stop"]

    page = await shop.client.get(path)
    await shop.client.post(path, data={"scope": "topic"})

    assert 'value="topic"' not in page.text
    assert await shop.consent() == {"email": False}


@pytest.mark.parametrize("form", ["urlencoded", "multipart", "nothing"])
async def test_the_button_of_a_mail_program_acts_without_cookie_or_redirect(shop: ConsentShop, form: str):
    path = links_in(await shop.sent("news"))["Stop"]
    given = {"urlencoded": {"data": ONE_CLICK}, "multipart": {"files": {"List-Unsubscribe": (None, "One-Click")}}}

    answer = await shop.client.post(path, **given.get(form, {}))  # type: ignore[arg-type]

    assert (answer.status_code, answer.history, "set-cookie" in answer.headers) == (200, [], False)
    assert await shop.history() == [("news", False, "one-click")]


async def test_marketing_says_in_its_head_how_to_leave_and_service_mails_do_not(shop: ConsentShop):
    marketing = (await shop.sent("news")).content
    service = (await shop.sent("invoice", name="m2", transactional=True, rule="orders")).content

    assert isinstance(marketing, Mail)
    assert isinstance(service, Mail)
    assert marketing.ways_out[0].endswith(links_in_mail(marketing)["Stop"])
    assert service.ways_out == ()


async def test_a_mailbox_for_leaving_stands_beside_the_link(database: Database):
    mail = {"from": "Shop <hello@shop.example>", "unsubscribe": "leave@shop.example"}
    shop = await open_consent_shop(database, mail=mail)

    content = (await shop.sent("news")).content

    assert isinstance(content, Mail)
    token = content.ways_out[0].rpartition("/")[2]
    assert content.ways_out[1] == f"mailto:leave@shop.example?subject=unsubscribe%20{token}"


def links_in_mail(mail: Mail) -> dict[str, str]:
    html = mail.html or ""
    return {"Stop": "/u/" + html.split("/u/")[1].split('"')[0]}


async def test_what_was_refused_and_already_due_does_not_go_out(shop: ConsentShop):
    path = links_in(await shop.sent("news"))["Stop"]
    refused = await shop.outbox.message("m2", template="news", run_state="sending")
    other = await shop.outbox.message("m3", template="cart")
    service = await shop.outbox.message("m4", template="invoice", rule="orders", transactional=True)

    await shop.client.post(path, data=ONE_CLICK)

    row = await shop.outbox.row(refused)
    assert (row["state"], row["reason"]) == ("suppressed", "no consent: topic news refused")
    assert [(await shop.outbox.row(each))["state"] for each in (other, service)] == ["queued", "queued"]
    [outcome] = await shop.outbox.fetch("SELECT state FROM outcome WHERE message = $1", refused)
    assert outcome["state"] == "suppressed"
    assert (await deliver_messages(shop.outbox.runtime)).counts == {"sent": 2}


async def test_a_press_by_mistake_can_be_taken_back(shop: ConsentShop):
    path = links_in(await shop.sent("news"))["Stop"]
    left = await shop.client.post(path, data={"scope": "all"})

    answer = await shop.client.post(path, data={"undo": button(left.text, "undo")})

    assert "It is as it was before." in answer.text
    assert await shop.consent() == {}
    assert await shop.history() == [("email", False, "unsubscribe link"), ("email", None, "taken back")]
    assert [name for name, _ in await shop.events()] == ["email_unsubscribed", "email_subscribed"]


async def test_an_old_page_cannot_take_back_a_later_choice(shop: ConsentShop):
    path = links_in(await shop.sent("news"))["Stop"]
    first = await shop.client.post(path, data={"scope": "all"})
    undo = button(first.text, "undo")
    await shop.client.post(path, data={"undo": undo})
    await shop.client.post(path, data={"scope": "all"})

    answer = await shop.client.post(path, data={"undo": undo})

    assert "There is nothing to take back" in answer.text
    assert await shop.consent() == {"email": False}


async def test_to_leave_twice_is_one_line_of_history(shop: ConsentShop):
    path = links_in(await shop.sent("news"))["Stop"]

    answers = [await shop.client.post(path, data=ONE_CLICK) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len(await shop.history()) == len(await shop.events()) == 1


async def test_the_boxes_show_what_holds_and_save_what_was_changed(shop: ConsentShop):
    await shop.outbox.change("UPDATE customer SET consent = '{\"sales\": false}'")
    path = links_in(await shop.sent("news"))["Choose"]
    page = await shop.client.get(path)

    answer = await shop.client.post(
        path, data={"on": ["email", "sales"], "shown": ["email=on", "news=on", "sales=off", "evil=on"]}
    )

    assert 'value="news" checked' in page.text
    assert 'value="sales" checked' not in page.text
    assert "Orders" not in page.text, "nobody can leave service mails"
    assert answer.status_code == 200
    assert 'value="sales" checked' in answer.text
    assert await shop.consent() == {"news": False, "sales": True}
    assert await shop.history() == [("news", False, "preferences page"), ("sales", True, "preferences page")]


async def test_one_press_refuses_all(shop: ConsentShop):
    path = links_in(await shop.sent("news"))["Choose"]

    await shop.client.post(path, data={"scope": "none"})

    assert await shop.consent() == {"email": False, "news": False, "sales": False}


async def test_the_page_speaks_the_customers_language_else_the_browsers(shop: ConsentShop):
    path = links_in(await shop.sent("news"))["Stop"]

    browsers = await shop.client.get(path, headers={"accept-language": "ru-RU,ru;q=0.9"})
    await shop.outbox.change("UPDATE customer SET locale = 'ru'")
    customers = await shop.client.get(path, headers={"accept-language": "en"})

    for page in (browsers, customers):
        assert '<html lang="ru">' in page.text
        assert "Больше не присылать «Новый кофе»" in page.text


async def test_what_is_no_link_of_ours_is_told_in_words(shop: ConsentShop):
    path = links_in(await shop.sent("news"))["Stop"]
    chance = random.Random(7)
    garbled = [path[:-1], path + "A", "/u/x", "/u/%00", "/u/" + "A" * 3000, path.replace("/u/", "/p/"), "/c/x"]
    for _ in range(40):
        place = chance.randrange(3, len(path))
        garbled.append(path[:place] + chance.choice("ABCabc019-_%") + path[place + 1 :])

    for each in {*garbled} - {path}:
        for method in ("GET", "POST"):
            answer = await shop.client.request(method, each)
            assert answer.status_code == 404, each
            assert "This link is not known" in answer.text
    assert await shop.consent() == {}


async def test_bodies_of_any_kind_are_no_reason_to_fail(shop: ConsentShop):
    handover = await shop.sent("news")
    bodies = [b"\xff\xfe", b"a" * 100_000, b"&" * 5000, b"scope=%ff%fe&undo", b"undo=x", b"shown=x&on=" + b"y" * 99]

    for path in links_in(handover).values():
        for body in bodies:
            for kind in ("application/x-www-form-urlencoded", "multipart/form-data", "application/json", ""):
                answer = await shop.client.post(path, content=body, headers={"content-type": kind})
                assert answer.status_code == 200


async def test_the_address_of_somebody_who_was_merged_leads_to_who_they_are_now(shop: ConsentShop):
    path = links_in(await shop.sent("news"))["Stop"]
    known = await shop.outbox.customer("u:anna-2")
    await shop.outbox.change("UPDATE customer SET merged_into = $1 WHERE key = 'u:anna'", known)

    await shop.client.post(path, data=ONE_CLICK)

    assert await shop.consent("u:anna-2") == {"news": False}


async def test_a_press_speaks_for_every_customer_of_the_mailbox(shop: ConsentShop):
    path = links_in(await shop.sent("news"))["Stop"]
    await shop.outbox.customer("u:anna-2", email="Anna@Example.com")
    await shop.outbox.customer("u:olga", email="olga@example.com")
    due = await shop.outbox.message("m2", key="u:anna-2", template="news")

    await shop.client.post(path, data=ONE_CLICK)

    assert [await shop.consent(key) for key in ("u:anna", "u:anna-2", "u:olga")] == [
        {"news": False},
        {"news": False},
        {},
    ]
    assert (await shop.outbox.row(due))["state"] == "suppressed"


async def test_a_page_lets_nothing_in_and_is_kept_nowhere(shop: ConsentShop):
    answer = await shop.client.get(links_in(await shop.sent("news"))["Stop"])

    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "anna@example.com" not in answer.text


async def test_every_channel_that_reaches_the_customer_can_be_chosen_and_no_other(shop: ConsentShop):
    texts = {f"{channel}/news.txt": "News" for channel in ("sms", "telegram", "push", "inapp", "viber")}
    await shop.outbox.publish(templates={**TEMPLATES, **texts}, rules=RULES, settings=SETTINGS)
    customer = await shop.outbox.customer()
    async with shop.outbox.database.transaction() as connection:
        await add_contact(connection, (partition_of(customer, PARTITIONS), customer), "telegram", "4711")
    path = links_in(await shop.sent("news"))["Choose"]

    page = await shop.client.get(path)
    await shop.client.post(path, data={"scope": "none"})

    shown = re.findall(r'name="shown" value="(\w+)=on"', page.text)
    assert set(shown) & {"email", *(name.partition("/")[0] for name in texts)} == {"email", "telegram", "inapp"}
    assert (await shop.consent())["telegram"] is False
