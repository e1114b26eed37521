"""A kept mail taken apart for reading. Its content is hostile until shown otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from urllib.parse import urlsplit

_MAX_LINKS = 200
#: Anything else is shown as text, so that nobody clicks it.
_CLICKABLE = ("http", "https", "mailto", "tel")


@dataclass(frozen=True, slots=True)
class Link:
    words: str
    target: str

    @property
    def is_clickable(self) -> bool:
        try:
            return urlsplit(self.target).scheme.lower() in _CLICKABLE
        except ValueError:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    headers: tuple[tuple[str, str], ...]
    html: str | None
    text: str | None
    links: tuple[Link, ...]
    size: int  # bytes

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


def read_mail(raw: bytes) -> Content:
    message = message_from_bytes(raw, policy=default)
    html = _part(message, "html")
    return Content(
        headers=tuple((name, str(value)) for name, value in message.items()),
        html=html,
        text=_part(message, "plain"),
        links=tuple(_links(html)) if html else (),
        size=len(raw),
    )


def _part(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else None


def _links(html: str) -> list[Link]:
    collector = _LinkCollector()
    collector.feed(html)
    collector.close()
    return collector.links[:_MAX_LINKS]


class _LinkCollector(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[Link] = []
        self._open: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        target = dict(attrs).get("href")
        if tag == "a" and target:
            self._open = (target.strip(), [])

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._open:
            target, words = self._open
            self.links.append(Link(" ".join("".join(words).split()), target))
            self._open = None
