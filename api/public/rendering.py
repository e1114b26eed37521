"""The pages as HTML: one file each, nothing from elsewhere, and a policy that lets nothing in."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from api.public.words import WORDS, Language
from engine.rendering.brand import brand_of

_PAGES = Path(__file__).parent / "pages"
_environment = Environment(
    loader=FileSystemLoader(_PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


#: The address is a key: it must not stand in a log of another site, nor in a cache.
HEADERS = {
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "x-robots-tag": "noindex, nofollow",
}


def page(
    name: str, *, language: Language, settings: Mapping[str, Any] | None, status: int = 200, **values: Any
) -> HTMLResponse:
    """`settings` None: of whose shop it is is not known."""
    brand = brand_of(settings or {})
    colours = ("accent", "on_accent", "accent_text", "accent_dark", "on_accent_dark")
    style, digest = _style(*(str(brand[each]) for each in colours))
    words = WORDS[language]
    content = _environment.get_template(f"{name}.html").render(
        language=language, shop=brand["name"] if settings is not None else None, style=style, words=words, **values
    )
    return HTMLResponse(content, status_code=status, headers={**HEADERS, "content-security-policy": _POLICY % digest})


@lru_cache(64)
def _style(accent: str, on_accent: str, link: str, dark: str, on_dark: str) -> tuple[str, str]:
    """With the colour of the workspace, and its hash for the policy."""
    style = (_PAGES / "style.css").read_text(encoding="utf-8")
    pairs = (("ON_ACCENT", on_accent), ("DARK_ACCENT", dark), ("ON_DARK", on_dark), ("ACCENT", accent), ("LINK", link))
    for mark, colour in pairs:
        style = style.replace(mark, colour)
    return style, base64.b64encode(sha256(style.encode()).digest()).decode()


_POLICY = "default-src 'none'; style-src 'sha256-%s'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
