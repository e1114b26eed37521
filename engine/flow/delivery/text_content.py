"""What a rendered template becomes on a channel that is not mail."""

from __future__ import annotations

from engine.channels import Button, Push, Text
from engine.errors import TemplateFailed
from engine.rendering.email import RenderedMail
from engine.storage.kept_words import storable


def text_content(channel: str, template: str, rendered: RenderedMail) -> Text | Push:
    """As providers and the database can take it: a template may write `"\\x00"`. Raises TemplateFailed."""
    text = storable(rendered.text).strip()
    if channel in ("push", "inapp"):
        title, link, image = (storable(part or "") for part in (rendered.title, rendered.link, rendered.image))
        return Push(title=title, text=text, link=link or None, image=image or None)
    if not text:
        raise TemplateFailed(f"{channel}/{template}", "it rendered empty")
    buttons = ({name: storable(part) for name, part in button.items()} for button in rendered.buttons)
    return Text(text=text, buttons=tuple(Button(**button) for button in buttons))
