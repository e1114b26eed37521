"""What is allowed in a mail and probably not meant: pictures without words, links that lead nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from dsl.messages import say
from engine.rendering.problems import ProblemKind, TemplateProblem
from engine.rendering.words import Words

#: Where a tag leads or what it shows.
_ADDRESSES = {
    **dict.fromkeys(("a", "area", "mj-button", "mj-navbar-link", "mj-social-element"), ("href",)),
    "img": ("src",),
    "mj-image": ("src", "href"),
}
_PICTURES = ("img", "mj-image")
_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(a|area|img|mj-[a-z-]+)(?=[\s/>])((?:[^<>\"']|\"[^\"]*\"|'[^']*')*+)>",
    re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"(?<![\w-])([a-z-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_WEB = re.compile(r"https?://(?:[^/?#\s]*\.[^/?#\s.]+|localhost|\[[0-9a-f:]+\])(?::\d+)?(?:[/?#]\S*)?", re.IGNORECASE)
_OTHER = re.compile(r"(?:mailto|tel|sms|cid|data|whatsapp|tg|viber):\S+", re.IGNORECASE)

#: A file and line for a line of the text: MJML has its parts inside.
Origin = Callable[[int], tuple[str, int]]


def lint_page(text: str, origin: Origin) -> Iterator[TemplateProblem]:
    """Of one file as its author wrote it."""
    words = Words.for_text(text)
    hidden = words.hide(text)
    for tag in _TAG.finditer(hidden):
        if tag[1]:
            line = hidden.count("\n", 0, tag.start()) + 1
            for kind, message, help in _found(tag[1].lower(), _attributes(tag[2]), words):
                file, at = origin(line)
                yield TemplateProblem(kind=kind, file=f"templates/{file}", line=at, message=message, help=help)


def _attributes(source: str) -> dict[str, str]:
    return {match[1].lower(): match[2] or match[3] or match[4] or "" for match in _ATTRIBUTE.finditer(source)}


def _found(name: str, given: dict[str, str], words: Words) -> Iterator[tuple[ProblemKind, str, str | None]]:
    if name in _PICTURES and "alt" not in given:
        help = say('say what it shows: alt="…"; alt="" when it only decorates')
        yield "no_alt", say("this picture says nothing when it is not shown"), help
    for attribute in _ADDRESSES.get(name, ()):
        if attribute in given and (wrong := _wrong(given[attribute], words)):
            yield "broken_link", *wrong


def _wrong(target: str, words: Words) -> tuple[str, str | None] | None:
    """Message and help. What a customer's data decides cannot be judged."""
    if words.pattern.match(target):
        return None
    plain = words.pattern.sub("x.x", target)
    shown = words.show(target)[:60]
    if plain.strip() in ("", "#"):
        return say("this link leads nowhere"), say("write the whole address: https://…")
    if plain.lower().startswith("javascript:"):
        return say("mail programs run no scripts"), say("write the whole address: https://…")
    if _WEB.fullmatch(plain) or _OTHER.fullmatch(plain):
        return None
    if re.match(r"[a-z]*:?/{0,2}[a-z]*:", plain, re.IGNORECASE) or re.search(r"\s", plain.strip()):
        return say("`{target}` is no address", target=shown), say("write the whole address: https://…")
    message = say("`{target}` leads nowhere from a mail: it has no site of its own", target=shown)
    return message, say("write the whole address: https://…")
