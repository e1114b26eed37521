"""What a rendered template becomes on a channel that is not mail."""

from __future__ import annotations

from engine.channels import Button, Push, Text
from engine.errors import TemplateFailed
from engine.rendering.email import RenderedMail


def text_content(channel: str, template: str, rendered: RenderedMail) -> Text | Push:
    """Raises TemplateFailed."""
    text = rendered.text.strip()
    if channel in ("push", "inapp"):
        return Push(title=rendered.title or "", text=text, link=rendered.link or None, image=rendered.image or None)
    if not text:
        raise TemplateFailed(f"{channel}/{template}", "it rendered empty")
    return Text(text=text, buttons=tuple(Button(**button) for button in rendered.buttons))
