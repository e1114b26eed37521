"""A mail with links that are counted. What leads to our own pages, to unsubscribe above all, is left as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape, unescape
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from engine.tracking.policy import Tracking
from engine.tracking.tokens import OPEN, Link, Place, link_token, place_token

#: A start tag that may lead somewhere, whole, also in what only Outlook reads. It ends before another begins.
_TAG = re.compile(r"""<(?:a|area|v:roundrect|v:rect)(?=\s)(?:[^<>"']|"[^"]*"|'[^']*')*+>""", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([^\s=>"'/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")
_BARE = re.compile(r"""https?://[^\s<>"'\x00-\x20]+""", re.IGNORECASE)
_AFTER_A_LINK = ".,;:!?)]}»”'"
_BODY_END = re.compile(r"</body\s*>", re.IGNORECASE)
_OWN_PAGES = ("u", "p", "c", "v", "l", "o", "s")
_PIXEL = '<img src="{}" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0" />'
_UNWRITABLE = re.compile(r"[\x00-\x20\x7f-\x9f<>\"\\^`{|}\u2028\u2029\ud800-\udfff]")
#: Of a URL, what stays as it is; the rest is written in percent.
_SAFE = "!#$%&'()*+,/:;=?@[]~-._"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Whose mail it is, and where its links will be asked for."""

    key: bytes  # that links are signed with
    url: str | None  # of this server, without a slash at the end; None: nobody outside knows it
    place: Place
    words: Mapping[str, str]  # for {rule}, {template} and {topic} in utm parameters


class _Found(NamedTuple):
    start: int
    end: int  # of what is replaced
    target: str
    quote: str  # around it as it will be written


def tracked(html: str | None, text: str, tracking: Tracking, mark: Mark) -> tuple[str | None, str]:
    """HTML and text with the links, parameters and picture that the workspace wants."""
    in_html = list(_links_of(html, mark)) if html else []
    in_text = list(found_in_text(text, mark.url)) if tracking.text_links else []
    numbers: dict[str, int] = {}
    for found in (*in_html, *in_text):
        numbers.setdefault(found.target, len(numbers) + 1)
    hrefs = {
        target: _href(with_utm(target, tracking.utm, mark.words), number, len(numbers), tracking, mark)
        for target, number in numbers.items()
    }
    if html:
        html = _replaced(html, in_html, hrefs)
        if tracking.opens and mark.url:
            html = _with_pixel(html, f"{mark.url}/o/{place_token(mark.key, OPEN, mark.place)}.gif")
    return html, _replaced(text, in_text, hrefs, escaped=False)


def _href(target: str, number: int, of: int, tracking: Tracking, mark: Mark) -> str:
    if not (tracking.clicks and mark.url):
        return target
    token = link_token(mark.key, Link(mark.place, number, of, target))
    return f"{mark.url}/l/{token}" if token else target


def _links_of(html: str, mark: Mark) -> Iterator[_Found]:
    for tag in _TAG.finditer(html):
        href = None
        for attribute in _ATTRIBUTE.finditer(html, tag.start() + 2, tag.end() - 1):
            name, value = attribute[1].lower(), attribute.lastindex or 0  # 1: it has no value
            if name == "href" and value > 1 and href is None:
                href = attribute, value
            elif name == "data-track" and value > 1 and attribute[value].lower() == "off":
                href = None
                break
        if href:
            attribute, value = href
            target = target_of(unescape(attribute[value]), mark.url)
            if target:
                edges = 0 if value == 4 else 1
                yield _Found(attribute.start(value) - edges, attribute.end(value) + edges, target, '"')


def found_in_text(text: str, own: str | None) -> Iterator[_Found]:
    for match in _BARE.finditer(text):
        written = match[0].rstrip(_AFTER_A_LINK)
        if target := target_of(written, own):
            yield _Found(match.start(), match.start() + len(written), target, "")


def replaced_in_text(text: str, href: Callable[[str], str], own: str | None) -> str:
    found = list(found_in_text(text, own))
    return _replaced(text, found, {each.target: href(each.target) for each in found}, escaped=False)


@lru_cache(4096)  # most links are those of the template: the same in each mail
def target_of(written: str, own: str | None) -> str | None:
    """As a browser would ask for it; None: it is no page of somebody's, or one of ours."""
    url = written.strip()
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not host:
        return None
    if own and any(url.startswith(f"{own}/{page}/") for page in _OWN_PAGES):
        return None
    if not host.isascii():
        try:
            parts = parts._replace(netloc=parts.netloc.replace(host, host.encode("idna").decode()))
        except UnicodeError:
            return None
        url = parts.geturl()
    return quote(url, safe=_SAFE) if _UNWRITABLE.search(url) or not url.isascii() else url


def with_utm(target: str, utm: Mapping[str, str], words: Mapping[str, str]) -> str:
    """What the link says already is left alone."""
    if not utm:
        return target
    parts = urlsplit(target)
    said = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    added = {f"utm_{name}": _filled(value, words) for name, value in utm.items() if f"utm_{name}" not in said}
    query = "&".join(part for part in (parts.query, urlencode({k: v for k, v in added.items() if v})) if part)
    return parts._replace(query=query).geturl()


def _filled(value: str, words: Mapping[str, str]) -> str:
    for name, word in words.items():
        value = value.replace(f"{{{name}}}", word)
    return value


def _replaced(content: str, found: list[_Found], hrefs: Mapping[str, str], *, escaped: bool = True) -> str:
    written, at = [], 0
    for each in found:
        href = escape(hrefs[each.target]) if escaped else hrefs[each.target]
        written += [content[at : each.start], each.quote, href, each.quote]
        at = each.end
    return "".join([*written, content[at:]]) if found else content


def _with_pixel(html: str, source: str) -> str:
    """At the end: what a mail program cuts off was not read either."""
    ends = [end.start() for end in _BODY_END.finditer(html)]
    at = ends[-1] if ends else len(html)
    return html[:at] + _PIXEL.format(escape(source)) + html[at:]
