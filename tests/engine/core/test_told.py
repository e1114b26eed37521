"""What is recorded, said for people, in both languages and by one clock."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dsl.messages import in_language
from engine.core.reasons import tell_reason
from engine.core.telling.told import tell_message, tell_note, tell_staff_note

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("what", "detail", "english", "russian"),
    [
        ("started", "order_placed", "began: order_placed", "началось: order_placed"),
        ("ended", "holdout", "ended: held out, for comparison", "кончилось: в контрольной группе"),
        ("ended", "stop when order_placed", "ended: stop when order_placed", "кончилось: stop when order_placed"),
        ("branch", "no", "the condition: no", "условие: нет"),
        ("waits", "until 2026-03-02T09:00:00+00:00", "waits until 2026-03-02 10:00:00", "ждёт до 2026-03-02 10:00:00"),
        (
            "waits",
            "for paid until 2026-03-02T09:00:00+00:00",
            "waits: for paid until 2026-03-02 10:00:00",
            "ждёт paid до 2026-03-02 10:00:00",
        ),
        (
            "waits",
            "until 2026-03-02T09:00:00+00:00: quiet hours",
            "waits until 2026-03-02 10:00:00: quiet hours",
            "ждёт до 2026-03-02 10:00:00: тихие часы",
        ),
        (
            "skipped",
            'email "a": once per',
            'skipped email "a": once per',
            "пропущено email «a»: один раз",
        ),
        ("hummed", "a song", "hummed: a song", "hummed: a song"),
    ],
)
def test_a_note_is_a_sentence_by_the_customers_clock(what: str, detail: str, english: str, russian: str) -> None:
    note = tell_note(what, detail, BERLIN)

    assert note == english
    assert in_language(note, "ru") == russian


def test_a_message_tells_its_state_and_the_reason() -> None:
    told = tell_message("email", "cart", "suppressed", "no consent: email refused")

    assert told == 'email "cart" not sent: no consent: email refused'
    assert in_language(told, "ru") == "email «cart» не отправлено: нет согласия: от email отказались"


def test_a_push_tells_of_devices_that_are_gone_beside_what_was_empty() -> None:
    told = tell_message("push", "cart", "sent", "1 of 3 devices gone; rendered empty: event.total")

    english, russian = in_language(told, "en"), in_language(told, "ru")
    assert english.endswith("1 of 3 devices gone, and left out from now on; empty in the template: event.total")
    assert "1 из 3, на них не шлём" in russian


@pytest.mark.parametrize(
    ("way", "english", "russian"),
    [
        (
            {"email": "a@shop.example"},
            'the note to "team" by a@shop.example sent',
            "записка группе «team», a@shop.example: отправлено",
        ),
        ({"slack": {"url_env": "URL"}}, 'the note to "team" by slack sent', "записка группе «team», slack: отправлено"),
        ({}, 'the note to "team" sent', "записка группе «team»: отправлено"),
    ],
)
def test_a_note_to_the_staff_says_by_which_way(way: dict[str, Any], english: str, russian: str) -> None:
    told = tell_staff_note("team", way, "sent", None)

    assert told == english
    assert in_language(told, "ru") == russian


def test_a_reason_within_a_reason_is_translated_too() -> None:
    told = tell_reason("the address is suppressed: RCPT answered 550 no such user")

    assert in_language(told, "ru") == "на этот адрес писать нельзя: RCPT отвечает 550 no such user"


def test_a_cap_of_mails_counts_in_plural() -> None:
    told = tell_reason("workspace cap: 2 email per 24 hours")

    assert told == "workspace cap: 2 emails per 24 hours"
    assert in_language(told, "ru") == "общий лимит: 2 письма за 24 часа"


def test_a_reason_that_an_author_wrote_stays_as_it_is() -> None:
    assert tell_reason("unless order_placed in last 3 days") == "unless order_placed in last 3 days"


RECORDED = {
    "cap: 1 message per day": "лимит: 1 сообщение за день",
    "workspace cap: 2 messages on news per 7 days": "общий лимит: 2 сообщения на тему news за 7 дней",
    "workspace cap: 5 sms per week": "общий лимит: 5 sms за неделю",
    "quiet hours; another way follows": "тихие часы; дальше другой способ",
    "no email address": "нет адреса почты",
    "no sms address": "нет адреса для sms",
    "no consent: topic news refused": "нет согласия: тема news отклонена",
    "no consent: news was never confirmed": "нет согласия: news не подтверждено",
    "no consent: email was never agreed to": "нет согласия: на email не соглашались",
    "only first 50 customers": "только первые 50 клиентов",
    "cancelled by order_placed": "отменено событием order_placed",
    "given up after 5 days: smtp.shop.example answered 451 later": (
        "оставлено через 5 дней: smtp.shop.example отвечает 451 later"
    ),
    "sent again: the worker was gone while handing it over": "отправлено снова: воркер исчез во время передачи",
}


@pytest.mark.parametrize("reason", RECORDED)
def test_a_reason_of_the_engine_is_said_in_russian_and_stays_in_english(reason: str) -> None:
    told = tell_reason(reason)

    assert told == reason
    assert in_language(told, "ru") == RECORDED[reason]


@pytest.mark.parametrize(
    ("what", "detail", "russian"),
    [
        (
            "chooses",
            'best "cart": sms, email (sms delivered last; email was refused)',
            "выбран канал: лучший для «cart»: sms, email (последнее дошло через sms; от email отказались)",
        ),
        ("changed", 'add tag "vip"', "изменено: добавлена метка «vip»"),
        ("changed", "remove 10 points, 3 of them", "изменено: списать баллов: 10, списано 3"),
        ("changed", "goes on in the new version of its rule", "изменено: продолжается в новой версии правила"),
        ("issued", 'no code: "BACK10" is dry', "промокод: кода нет: в «BACK10» они кончились"),
        ("started", "customer enters vip", "началось: клиент входит в vip"),
        ("called", 'the staff group "managers"', "сообщено: группа сотрудников «managers»"),
    ],
)
def test_what_a_run_did_is_said_in_russian(what: str, detail: str, russian: str) -> None:
    said = in_language(tell_note(what, detail, BERLIN), "ru")

    assert said == russian
