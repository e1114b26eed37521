"""The workspaces of this repository are what people read first: no mistake, no warning, and mails that render."""

from pathlib import Path
from typing import Any

import pytest

from dsl.catalog import Catalog
from dsl.kinds import Kind
from dsl.render import render_text
from engine.flow.checking.load_workspace import load_workspace
from engine.rendering.email import MailRequest, MailTemplates

ROOT = Path(__file__).resolve().parents[2]
WORKSPACES = (".", "api/cli/starter", "examples/polka")

SAMPLES: dict[str, Any] = {
    "text": "Huila",
    "number": 2,
    "flag": True,
    "date": "2026-12-05",
    "moment": "2026-12-05T10:00:00Z",
    "money": {"amount": "13.50", "currency": "EUR"},
}

#: What the rules give to templates by `with`.
VARIABLES = dict.fromkeys(("product", "notes", "gift", "coffee", "last_coffee", "last_title"), "Huila") | {
    "discount": 10,
    "promo": {"code": "BACK-7KQ2", "discount": "15%", "expires": "2026-12-19T10:00:00+00:00"},
}


@pytest.mark.parametrize("folder", WORKSPACES)
def test_a_workspace_has_no_mistakes(folder: str):
    workspace = load_workspace(ROOT / folder)

    assert render_text(workspace.diagnostics) == ""
    assert workspace.plan is not None
    assert workspace.rules > 0


@pytest.mark.parametrize("locale", ["en", "ru"])
@pytest.mark.parametrize("folder", WORKSPACES)
def test_every_mail_renders_with_nothing_missing(folder: str, locale: str):
    workspace = load_workspace(ROOT / folder)
    texts = {channel: MailTemplates(workspace.templates, channel) for channel, _ in workspace.catalog.templates}

    mails = {
        (channel, name): texts[channel].mail(
            MailRequest(
                template=name,
                event=event_with_everything(workspace.catalog),
                customer={"first_name": "Anna", "email": "anna@example.com"},
                variables=VARIABLES,
                locale=locale,
                currency="EUR",
                strict=True,
            )
        )
        for channel, name in workspace.catalog.templates
    }

    assert mails
    assert all(mail.text.strip() for mail in mails.values())
    assert all(mail.subject.strip() and mail.html for (channel, _), mail in mails.items() if channel == "email")


def event_with_everything(catalog: Catalog) -> dict[str, Any]:
    return {name: sample(kind) for event in catalog.events.values() for name, kind in event.properties.items()}


def sample(kind: Kind) -> Any:
    value = {name: sample(field) for name, field in kind.fields.items()} if kind.fields else SAMPLES[kind.name]
    return [value, value] if kind.is_list else value
