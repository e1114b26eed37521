"""Links of an sms or a chat: short, so that they say less than those of a mail. Which message it is, and a few bits of
where the link led; the target itself is read from the message again, so a link leads where the message said or nowhere.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from engine.base64url import from_text, to_text
from engine.channels import Button, Text
from engine.rendering.parts import parts_of
from engine.tracking.policy import Tracking
from engine.tracking.tokens import Place
from engine.tracking.writing import found_in_text, replaced_in_text, target_of, with_utm

PAGE = "s"
#: The only channel that is paid for by its length.
_PAID_BY_LENGTH = "sms"
_MAC, _ID, _HINT = 6, 8, 2  # bytes; with two for the partition 24 letters
_SIZE = 2 + _ID + _HINT
_PURPOSE = b"short link"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortLink:
    partition: int
    begins: bytes  # the message's id
    hint: bytes  # of the target


def short_token(key: bytes, place: Place, target: str) -> str:
    said = place.partition.to_bytes(2, "big") + place.message.bytes[:_ID] + hint_of(target)
    return to_text(_mac(key, said) + said)


def read_short(key: bytes, token: str) -> ShortLink | None:
    """None for everything that was not signed here as a short link."""
    if len(token) != (_MAC + _SIZE) * 4 // 3 or not token.isascii():
        return None
    try:
        raw = from_text(token)
    except ValueError:
        return None
    mac, said = raw[:_MAC], raw[_MAC:]
    if not hmac.compare_digest(mac, _mac(key, said)) or to_text(raw) != token:
        return None
    return ShortLink(partition=int.from_bytes(said[:2], "big"), begins=said[2:-_HINT], hint=said[-_HINT:])


def hint_of(target: str) -> bytes:
    return sha256(target.encode()).digest()[:_HINT]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortener:
    """Of one message."""

    key: bytes
    url: str  # of this server, without a slash at the end
    place: Place
    channel: str

    def shortened(self, content: Text, tracking: Tracking, words: Mapping[str, str]) -> Text:
        """With links that count. Where an sms would need another part for them, they stay as they are."""
        found = targets(content, tracking, words, own=self.url)
        short = {written: f"{self.url}/{PAGE}/{short_token(self.key, self.place, to)}" for written, to in found.items()}
        counted = _with_links(content, short.get, self.url)
        if self.channel == _PAID_BY_LENGTH and parts_of(counted.text).count > parts_of(content.text).count:
            return content
        return counted


def targets(content: Text, tracking: Tracking, words: Mapping[str, str], *, own: str | None) -> dict[str, str]:
    """Each link as it is written, in their order, and where it leads in the end."""
    in_text = [each.target for each in found_in_text(content.text, own)]
    in_buttons = [target for each in content.buttons if each.link and (target := target_of(each.link, own))]
    return {target: with_utm(target, tracking.utm, words) for target in (*in_text, *in_buttons)}


def meant(link: ShortLink, leads_to: Iterable[str]) -> str | None:
    """None: the message has no such link any more."""
    return next((target for target in leads_to if hint_of(target) == link.hint), None)


def _with_links(content: Text, short: Callable[[str], str | None], own: str) -> Text:
    text = replaced_in_text(content.text, lambda target: short(target) or target, own)
    return replace(content, text=text, buttons=tuple(_button(each, short, own) for each in content.buttons))


def _button(button: Button, short: Callable[[str], str | None], own: str) -> Button:
    target = target_of(button.link, own) if button.link else None
    return replace(button, link=short(target)) if target else button


def _mac(key: bytes, said: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + said, "sha256")[:_MAC]


def numbered(leads_to: Sequence[str], target: str) -> tuple[int, int]:
    """The number of a link, and how many there are."""
    return leads_to.index(target) + 1, len(leads_to)
