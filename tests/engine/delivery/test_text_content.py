"""A template of a text may write letters that neither a database nor JSON can take."""

from __future__ import annotations

import pytest

from engine.channels import Button, Push, Text
from engine.flow.delivery.text_content import text_content
from engine.rendering.email import MailRequest, MailTemplates, RenderedMail

ODD = '{{ "\\x00\\ud800" }}'


def rendered(path: str, source: str) -> RenderedMail:
    channel, name = path.split("/")
    request = MailRequest(template=name, event={}, customer={})
    return MailTemplates({f"{path}.txt": source}, channel=channel).mail(request)


@pytest.mark.parametrize("channel", ["sms", "telegram"])
def test_a_text_leaves_without_the_letters_that_nobody_can_take(channel: str):
    made = text_content(channel, "odd", rendered(f"{channel}/odd", f"Hi{ODD} Anna"))

    assert made == Text(text="Hi? Anna")


def test_so_does_a_button():
    source = f"---\nbuttons:\n  - {{text: 'Open{ODD}', link: 'https://shop.example/{ODD}'}}\n---\nHi"

    made = text_content("telegram", "odd", rendered("telegram/odd", source))

    assert made == Text(text="Hi", buttons=(Button(text="Open?", link="https://shop.example/?"),))


@pytest.mark.parametrize("channel", ["inapp", "push"])
def test_so_does_what_has_a_title(channel: str):
    source = f"---\ntitle: 'Hi{ODD}'\nlink: 'https://shop.example/{ODD}'\n---\nAnna{ODD}"

    made = text_content(channel, "odd", rendered(f"{channel}/odd", source))

    assert made == Push(title="Hi?", text="Anna?", link="https://shop.example/?", image=None)
