"""A person at an editor: `|` in a text is where the cursor stands, the shop is that of the compiler's tests."""

from __future__ import annotations

from dsl.assistance.completion import Completion, complete
from dsl.assistance.documents import Document, read_document
from dsl.assistance.view import View
from dsl.formatter import kind_of
from dsl.source import Source
from tests.dsl.shop import SHOP

PATH = "rules/new.rules"
TESTS = "rules/new.test.rules"

COMMON = """\
let big = 100 EUR
let cities = ("Berlin", "Kazan")
define reachable means customer.email is known
segment vip means customer.tier is "gold"
"""


def opened(texts: dict[str, str]) -> View:
    """A workspace with these files and the shop's catalog."""
    documents = {path: read_document(Source(path, text), kind_of(path)) for path, text in texts.items()}
    return View(
        SHOP,
        {path: each for path, each in documents.items() if each.kind == "rules"},
        {path: each for path, each in documents.items() if each.kind == "tests"},
    )


def at_cursor(text: str, path: str = PATH, **others: str) -> tuple[View, Document, int]:
    """`others`: further files, `common` for rules/common.rules."""
    files = {"rules/common.rules": COMMON} | {f"rules/{name}.rules": each for name, each in others.items()}
    offset = text.index("|")
    view = opened({**files, path: text.replace("|", "", 1)})
    document = view.document(path)
    assert document is not None
    return view, document, offset


def completions(text: str, path: str = PATH, **others: str) -> list[Completion]:
    return complete(*at_cursor(text, path, **others))


def labels(text: str, path: str = PATH, **others: str) -> list[str]:
    """What is proposed, the best first."""
    return [each.proposal.label for each in completions(text, path, **others)]


def accepted(text: str, label: str, path: str = PATH) -> str:
    """The file after the proposal was taken, its places filled with what stands in them."""
    import re

    (taken,) = [each for each in completions(text, path) if each.proposal.label == label]
    whole = text.replace("|", "", 1)
    written = re.sub(r"\$\{\d:?([^}]*)\}", r"\1", taken.proposal.written)
    return whole[: taken.span.start] + written + whole[taken.span.end :]
