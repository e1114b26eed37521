"""Starters: good mails from the first day, in both languages."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from api.cli.templates import STARTERS, add_starters, starter_source
from dsl.compiling import templates
from engine.core.model import Customer
from engine.errors import ConfigurationError
from engine.flow.checking.previewing import Ground, Reader, preview_request
from engine.flow.checking.template_sizes import SHOWN_BYTES
from engine.rendering.email import MailTemplates, RenderedMail
from engine.rendering.inspect import template_uses
from tests.channels.http_sink import HttpSink
from tests.channels.smtp_sink import SmtpSink
from tests.cli.running import kogda

NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)
SERVICE = ("confirm", "order_status", "receipt")
SENDS = """\
rule "Welcome"
  when registered
  once per customer
  send email "welcome"

rule "Shipped"
  when order_shipped
  once per event.order_id
  transactional
  send email "order_status"
"""
SETTINGS = {"name": "Teplo", "mail": {"accent": "#a8441f", "site": "https://teplo.example", "address": "Berlin"}}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("shop")
    add_starters(folder, ["all"])
    root = folder / "templates"
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*.mjml")}


def shown(sources: dict[str, str], name: str, locale: str) -> RenderedMail:
    ground = Ground(templates=sources, settings=SETTINGS, currency="EUR", timezone="Europe/Berlin")
    request = preview_request(ground, "email", name, now=NOW, locale=locale)
    return MailTemplates(sources, "email").mail(request)


def test_a_check_that_misses_a_template_knows_the_starters():
    assert set(templates.STARTERS) == set(STARTERS)


@pytest.mark.parametrize("locale", ["en", "ru"])
@pytest.mark.parametrize("name", STARTERS)
def test_a_starter_has_all_that_a_mail_needs(sources: dict[str, str], name: str, locale: str):
    inspection = template_uses("email", name, sources)

    mail = shown(sources, name, locale)

    assert (inspection.problems, inspection.warnings, mail.missing) == ((), (), ())
    assert mail.html is not None and len(mail.html.encode()) < SHOWN_BYTES / 4
    assert 5 < len(mail.subject) < 60 and "{" not in mail.subject
    assert all(" alt=" in tag for tag in re.findall(r"<img[^>]*>", mail.html))
    assert len(mail.text.split()) > 20 and "{" not in mail.text
    assert f'lang="{locale}"' in mail.html
    assert bool(re.search("[а-яё]", mail.text.replace("Хорошая", ""))) == (locale == "ru")


@pytest.mark.parametrize("locale", ["en", "ru"])
@pytest.mark.parametrize("name", STARTERS)
def test_marketing_can_be_unsubscribed_from_and_service_mails_say_what_they_are(
    sources: dict[str, str], name: str, locale: str
):
    html = shown(sources, name, locale).html or ""

    assert ('href="https://example.com/unsubscribe"' in html) == (name not in SERVICE)
    assert ('href="https://example.com/preferences"' in html) == (name not in SERVICE)
    assert 'href="https://example.com/in-a-browser"' in html


@pytest.mark.parametrize("locale", ["en", "ru"])
@pytest.mark.parametrize("name", ["cart", "receipt"])
def test_a_link_that_leads_nowhere_is_not_shown(sources: dict[str, str], name: str, locale: str):
    ground = Ground(templates=sources, settings=SETTINGS, currency="EUR")
    request = preview_request(ground, "email", name, now=NOW, locale=locale)

    mail = MailTemplates(sources, "email").mail(request._replace(variables={}))

    assert mail.html is not None
    assert 'href=""' not in mail.html
    assert "·" not in mail.html


def test_news_and_service_mails_pass_the_strict_check_in_both_languages(tmp_path: Path):
    kogda("init", "shop", cwd=tmp_path)
    shop = tmp_path / "shop"
    for name in ("cart", "welcome"):
        (shop / "templates" / "email" / f"{name}.html").unlink()
    (shop / "rules" / "first.rules").write_text(SENDS)
    schema = shop / "schema.yaml"
    shipped = "events:\n  order_shipped: {properties: {order_id: text, carrier: text, tracking_url: text}}\n"
    schema.write_text(schema.read_text().replace("events:\n", shipped, 1))
    kogda("templates", "add", "welcome", "order_status", cwd=shop)

    checked = kogda("check", "--strict", cwd=shop)

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert len(list((shop / "templates" / "email").glob("*.mjml"))) == 4


def test_a_discount_melts_in_the_readers_words(sources: dict[str, str]):
    assert "осталось 2 дня 12 часов" in shown(sources, "cart", "ru").text
    assert "2 days, 12 hours left" in shown(sources, "cart", "en").text


@pytest.mark.parametrize(
    ("locale", "of_one", "of_all"),
    [pytest.param("en", "€4.50 each", "€9.00", id="en"), pytest.param("ru", "4,50 € за штуку", "9,00 €", id="ru")],
)
@pytest.mark.parametrize("name", ["cart", "receipt"])
def test_a_line_of_several_things_tells_what_all_of_them_cost_and_what_one_does(
    sources: dict[str, str], name: str, locale: str, of_one: str, of_all: str
):
    ground = Ground(templates=sources, settings=SETTINGS, currency="EUR", timezone="Europe/Berlin")
    request = preview_request(ground, "email", name, now=NOW, locale=locale)
    event = {**request.event, "items": [{"name": "Cup", "quantity": 2, "price": 4.5}], "total": 10}

    text = MailTemplates(sources, "email").mail(request._replace(event=event)).text.replace("\xa0", " ")

    assert of_one in text and of_all in text


def test_the_accent_of_the_workspace_colours_the_button(sources: dict[str, str]):
    html = shown(sources, "welcome", "en").html or ""

    assert 'bgcolor="#a8441f"' in html


def test_every_starter_is_listed_and_every_file_belongs_to_one():
    folder = Path(__file__).parents[2] / "api" / "cli" / "starters" / "email"

    files = {path.name for path in folder.glob("*.mjml")}

    assert files == {f"{name}{locale}.mjml" for name in STARTERS for locale in ("", ".ru")}


def test_the_command_copies_a_starter_with_its_parts_and_never_writes_over(tmp_path: Path):
    kogda("init", "shop", cwd=tmp_path)
    mine = tmp_path / "shop" / "templates" / "email" / "partials" / "head.mjml"
    mine.parent.mkdir()
    mine.write_text("<!-- mine -->")

    added = kogda("templates", "add", "welcome", "--language", "ru", cwd=tmp_path / "shop")

    assert added.returncode == 0, added.stderr
    assert mine.read_text() == "<!-- mine -->"
    assert "was there already" in added.stdout
    assert (tmp_path / "shop/templates/email/welcome.ru.mjml").read_text() == starter_source("welcome.ru.mjml")
    assert not (tmp_path / "shop/templates/email/welcome.mjml").exists()


def test_a_mail_that_is_there_in_html_is_kept_and_the_workspace_still_sends_it(tmp_path: Path):
    kogda("init", "shop", cwd=tmp_path)

    added = kogda("templates", "add", "cart", "digest", cwd=tmp_path / "shop")
    checked = kogda("check", cwd=tmp_path / "shop")

    assert "templates/email/cart.html was there already" in " ".join(added.stdout.split())
    assert not (tmp_path / "shop/templates/email/cart.mjml").exists()
    assert (tmp_path / "shop/templates/email/digest.mjml").exists()
    assert not (tmp_path / "shop/templates/email/cart.ru.mjml").exists()  # no variant of somebody's own mail
    assert "error" not in checked.stdout + checked.stderr


def test_a_name_that_is_no_starter_is_answered_with_the_nearest(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="did you mean cart"):
        add_starters(tmp_path, ["crat"])


@pytest.mark.parametrize(
    ("channel", "name", "said"),
    [
        pytest.param("emai", "cart", "there are no emai templates; did you mean email?", id="a channel"),
        pytest.param("email", "crat", 'there is no email template "crat"; did you mean cart?', id="a template"),
        pytest.param("email", "zzz", 'there is no email template "zzz"', id="nothing near"),
    ],
)
def test_a_mistyped_preview_is_told_what_was_meant(sources: dict[str, str], channel: str, name: str, said: str):
    with pytest.raises(ConfigurationError) as refused:
        preview_request(Ground(templates=sources), channel, name, now=NOW)

    assert str(refused.value) == said


def test_a_preview_writes_the_mail_of_an_invented_reader(tmp_path: Path):
    kogda("init", "shop", cwd=tmp_path)

    shown = kogda("preview", "email", "cart", "--out", "cart.html", cwd=tmp_path / "shop")

    assert shown.returncode == 0, shown.stderr
    assert "anna@example.com" in shown.stdout
    assert "<html" in (tmp_path / "shop" / "cart.html").read_text()


def test_a_preview_of_somebody_has_what_is_known_of_them_and_their_event(sources: dict[str, str]):
    customer = Customer(
        id=None,
        key="u:42",
        email="ivan@example.com",
        locale="ru",
        timezone="Asia/Omsk",
        attributes={"first_name": "Иван"},
    )  # type: ignore[arg-type]
    reader = Reader(customer=customer, event={"order_id": "T-7"})

    request = preview_request(Ground(templates=sources), "email", "order_status", now=NOW, reader=reader)

    assert (request.locale, request.timezone) == ("ru", "Asia/Omsk")
    assert (request.customer["first_name"], request.event["order_id"]) == ("Иван", "T-7")


def test_a_test_mail_needs_a_provider(tmp_path: Path):
    kogda("init", "shop", cwd=tmp_path)

    sent = kogda("send-test", "email", "cart", "--to", "me@example.com", cwd=tmp_path / "shop")

    assert (sent.returncode, "KOGDA_SMTP_URL" in sent.stderr) == (2, True)


def test_a_test_mail_needs_an_address(tmp_path: Path):
    kogda("init", "shop", cwd=tmp_path)
    provider = {"KOGDA_SMTP_URL": "smtp://127.0.0.1:1", "KOGDA_LANGUAGE": "ru"}

    sent = kogda("send-test", "email", "cart", "--to", "nonsense", cwd=tmp_path / "shop", **provider)

    assert (sent.returncode, sent.stderr.strip()) == (2, "kogda: nonsense — не адрес для email")


async def test_a_test_mail_reaches_one_address_through_the_provider_and_is_signed(tmp_path: Path):
    kogda("init", "shop", cwd=tmp_path)
    with (tmp_path / "shop" / "kogda.yaml").open("a") as file:
        file.write("\ndkim: {domain: example.com, selector: kogda, key_env: SHOP_DKIM}\n")
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    sink = SmtpSink()

    async with sink.running():
        sent = await asyncio.to_thread(
            kogda,
            *("send-test", "email", "cart", "--to", "me@example.com"),
            cwd=tmp_path / "shop",
            KOGDA_SMTP_URL=f"smtp://127.0.0.1:{sink.port}?starttls=never",
            SHOP_DKIM=key,
        )

    assert sent.returncode == 0, sent.stderr
    [(recipient, raw)] = sink.accepted
    assert recipient == "me@example.com" and b"From: Shop <hello@example.com>" in raw
    assert b"DKIM-Signature: v=1; a=ed25519-sha256;" in raw


async def test_a_test_sms_reaches_one_number_through_the_gateway(tmp_path: Path):
    kogda("init", "shop", cwd=tmp_path)
    shop = tmp_path / "shop"
    (shop / "templates" / "sms").mkdir()
    (shop / "templates" / "sms" / "cart.txt").write_text("Your cart waits")
    sink = HttpSink()

    async with sink.running():
        gateway = (
            f"{{provider: gateway, url: 'http://127.0.0.1:{sink.port}/', body: {{to: '{{phone}}', text: '{{text}}'}}}}"
        )
        with (shop / "kogda.yaml").open("a") as file:
            file.write(f"\nchannels:\n  sms: {gateway}\n")
        sent = await asyncio.to_thread(
            kogda,
            *("send-test", "sms", "cart", "--to", "+49 170 1234567"),
            cwd=shop,
            KOGDA_WEBHOOKS_PRIVATE="true",
        )

    assert sent.returncode == 0, sent.stderr
    [(_, _, body)] = sink.requests
    assert json.loads(body) == {"to": "+491701234567", "text": "Your cart waits"}


def test_a_test_message_needs_a_channel_and_its_credentials(tmp_path: Path):
    kogda("init", "shop", cwd=tmp_path)
    shop = tmp_path / "shop"
    (shop / "templates" / "telegram").mkdir()
    (shop / "templates" / "telegram" / "cart.txt").write_text("Hi")
    with (shop / "kogda.yaml").open("a") as file:
        file.write("\nchannels:\n  telegram: {token_env: NO_SUCH_TOKEN}\n")

    sent = kogda("send-test", "telegram", "cart", "--to", "42", cwd=shop)

    assert (sent.returncode, "NO_SUCH_TOKEN is not set" in sent.stderr) == (2, True)
