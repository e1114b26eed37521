"""The pictures of the starters in docs/images/templates: `python scripts/template_images.py`. Needs Chromium."""

from __future__ import annotations

import base64
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from api.cli.templates import STARTERS
from engine.flow.checking.previewing import Ground, preview_request
from engine.rendering.email import MailTemplates

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "api" / "cli" / "starters"
IMAGES = ROOT / "docs" / "images" / "templates"

NOW = datetime(2026, 3, 19, 9, tzinfo=UTC)
SETTINGS = {
    "name": "Teplo Coffee",
    "mail": {"accent": "#a8441f", "site": "https://teplo.example", "address": "Schönleinstraße 7, 10967 Berlin"},
}
#: Language, width of the reader's window, colours, width of a mail on the sheet.
SHEETS = (
    ("en", 375, "light", 250),
    ("en", 375, "dark", 250),
    ("en", 800, "light", 290),
    ("en", 800, "dark", 290),
    ("ru", 375, "light", 250),
)
_COLUMNS, _GAP = 5, 8

_WORDS: Mapping[str, Mapping[str, Any]] = {
    "en": {
        "first_name": "Anna",
        "items": ("Ethiopia Guji, 250 g", "Paper filters, 100"),
        "coffee": "Ethiopia Guji",
        "discount": "10%",
        "articles": (
            (
                "Why we rest our coffee",
                "Fresh is not always better. Nine days after the roast, most of our filter coffees taste rounder, "
                "and here is how to find your own day.",
            ),
            (
                "A grinder for life",
                "What we look at when a hand grinder comes in for repair, and the three that hardly ever do.",
            ),
            ("Harvest notes from Guji", "Asnakech writes about rain that came two weeks late."),
        ),
    },
    "ru": {
        "first_name": "Анна",
        "items": ("Эфиопия Гуджи, 250 г", "Бумажные фильтры, 100 шт."),
        "coffee": "Эфиопия Гуджи",
        "discount": "10 %",
        "articles": (
            (
                "Зачем кофе отдыхает",
                "Самый свежий — не всегда самый вкусный. Через девять дней после обжарки фильтр-кофе становится "
                "мягче: рассказываем, как найти свой день.",
            ),
            ("Кофемолка на всю жизнь", "На что мы смотрим в ремонте и какие три модели к нам почти не приносят."),
            ("Вести с урожая в Гуджи", "Аснакеч пишет о дожде, который опоздал на две недели."),
        ),
    },
}


def mail(sources: Mapping[str, str], name: str, language: str) -> str:
    words = _WORDS[language]
    ground = Ground(templates=sources, settings=SETTINGS, currency="EUR", timezone="Europe/Berlin")
    request = preview_request(ground, "email", name, now=NOW, locale=language)
    first, second = words["items"]
    items = [{"name": first, "quantity": 2, "price": 15}, {"name": second, "quantity": 1, "price": 4.5}]
    articles = [{"title": title, "text": text, "url": "https://teplo.example/"} for title, text in words["articles"]]
    event = {
        "items": items,
        "total": 34.5,
        "order_id": "T-1042",
        "carrier": "DHL",
        "articles": articles,
        "name": words["coffee"],
        "price": 15,
        "url": "https://teplo.example/guji",
        "image_url": None,
        "tracking_url": "https://dhl.example/T-1042",
    }
    promo = {"code": "GUJI-4F7K", "discount": words["discount"], "expires": "2026-03-21T21:59:00Z"}
    links = {"confirm_url": "https://teplo.example/confirm/8f2k", "survey_url": "https://teplo.example/nps"}
    filled = replace(
        request,
        event=event,
        customer={**request.customer, "first_name": words["first_name"]},
        variables={**request.variables, "promo": promo, **links},
    )
    return MailTemplates(sources, "email").mail(filled).html or ""


def picture(browser: Browser, html: str, width: int, colours: Any) -> bytes:
    page = browser.new_page(viewport={"width": width, "height": 300}, color_scheme=colours)
    page.set_content(html)
    taken = page.screenshot(full_page=True)
    page.close()
    return taken


def sheet(browser: Browser, mails: list[bytes], width: int) -> bytes:
    shown = [
        f'<img width="{width - _GAP}" src="data:image/png;base64,{base64.b64encode(each).decode()}">' for each in mails
    ]
    page = browser.new_page(viewport={"width": _COLUMNS * width + 2 * _GAP, "height": 300})
    page.set_content(
        f'<body style="margin:0;background:#888;display:grid;grid-template-columns:repeat({_COLUMNS},auto);'
        f'align-items:start;gap:{_GAP}px;padding:{_GAP}px;width:max-content">{"".join(shown)}'
    )
    taken = page.screenshot(full_page=True, type="jpeg", quality=80)
    page.close()
    return taken


def main() -> None:
    sources = {path.relative_to(SOURCES).as_posix(): path.read_text("utf-8") for path in SOURCES.rglob("*.mjml")}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=["--no-sandbox"]
        )
        for language, width, colours, shown in SHEETS:
            mails = [picture(browser, mail(sources, name, language), width, colours) for name in STARTERS]
            (IMAGES / f"{language}-{width}-{colours}.jpg").write_bytes(sheet(browser, mails, shown))
        browser.close()


if __name__ == "__main__":
    main()
