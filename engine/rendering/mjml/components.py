"""The elements of MJML: where each may stand, what it holds, its attributes. mrml itself refuses nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

#: parts: other elements. words: HTML, taken as it is. nothing: neither.
Holds: TypeAlias = Literal["parts", "words", "nothing"]


@dataclass(frozen=True, slots=True)
class Component:
    holds: Holds
    parents: tuple[str, ...]
    attributes: frozenset[str]


_PADDING = "padding padding-top padding-right padding-bottom padding-left"
_BORDER = "border border-top border-right border-bottom border-left border-radius"
_FONT = "color font-family font-size font-style font-weight letter-spacing line-height text-decoration text-transform"
_BACKGROUND = "background-color background-url background-repeat background-size background-position"
_IN_COLUMN = f"{_PADDING} container-background-color"

_ROWS = ("mj-column", "mj-hero")
_HEAD = ("mj-head",)


def _component(holds: Holds, parents: tuple[str, ...], attributes: str = "", *, is_shown: bool = True) -> Component:
    return Component(holds, parents, frozenset(attributes.split()) | ({"css-class", "mj-class"} if is_shown else set()))


COMPONENTS: dict[str, Component] = {
    "mjml": _component("parts", ("",), "lang dir owa version", is_shown=False),
    "mj-head": _component("parts", ("mjml",), is_shown=False),
    "mj-body": _component("parts", ("mjml",), "width background-color id"),
    # the head
    "mj-attributes": _component("parts", _HEAD, is_shown=False),
    "mj-breakpoint": _component("nothing", _HEAD, "width", is_shown=False),
    "mj-font": _component("nothing", _HEAD, "name href", is_shown=False),
    "mj-preview": _component("words", _HEAD, is_shown=False),
    "mj-style": _component("words", _HEAD, "inline", is_shown=False),
    "mj-title": _component("words", _HEAD, is_shown=False),
    # blocks
    "mj-wrapper": _component(
        "parts", ("mj-body",), f"{_BACKGROUND} {_BORDER} {_PADDING} full-width text-align direction"
    ),
    "mj-section": _component(
        "parts", ("mj-body", "mj-wrapper"), f"{_BACKGROUND} {_BORDER} {_PADDING} full-width text-align direction"
    ),
    "mj-group": _component("parts", ("mj-section",), "width background-color direction vertical-align"),
    "mj-column": _component(
        "parts",
        ("mj-section", "mj-group"),
        f"{_BORDER} {_PADDING} background-color direction inner-background-color inner-border inner-border-top"
        " inner-border-right inner-border-bottom inner-border-left inner-border-radius width vertical-align",
    ),
    "mj-hero": _component(
        "parts",
        ("mj-body", "mj-wrapper"),
        f"{_PADDING} background-color background-url background-position background-height background-width height mode"
        " width vertical-align border-radius inner-background-color inner-padding",
    ),
    # rows
    "mj-text": _component("words", _ROWS, f"{_FONT} {_IN_COLUMN} align height vertical-align"),
    "mj-table": _component(
        "words",
        _ROWS,
        f"{_FONT} {_IN_COLUMN} align border cellpadding cellspacing table-layout width role vertical-align",
    ),
    "mj-button": _component(
        "words",
        _ROWS,
        f"{_FONT} {_IN_COLUMN} {_BORDER} align background-color height href inner-padding name rel target text-align"
        " title vertical-align width",
    ),
    "mj-image": _component(
        "nothing",
        _ROWS,
        f"{_IN_COLUMN} {_BORDER} align alt fluid-on-mobile font-size height href max-height name rel sizes src srcset"
        " target title usemap width vertical-align",
    ),
    "mj-divider": _component(
        "nothing", _ROWS, f"{_IN_COLUMN} align border-color border-style border-width width vertical-align"
    ),
    "mj-spacer": _component("nothing", _ROWS, f"{_IN_COLUMN} height vertical-align"),
    "mj-social": _component(
        "parts",
        _ROWS,
        f"{_FONT} {_IN_COLUMN} align border-radius icon-size icon-height icon-padding inner-padding mode table-layout"
        " text-padding vertical-align",
    ),
    "mj-social-element": _component(
        "words",
        ("mj-social",),
        f"{_FONT} {_PADDING} align alt background-color border-radius href icon-size icon-height icon-padding"
        " icon-position name rel sizes src srcset target text-padding title vertical-align",
    ),
    "mj-navbar": _component(
        "parts",
        _ROWS,
        f"{_PADDING} align base-url hamburger ico-align ico-open ico-close ico-color ico-font-size ico-font-family"
        " ico-line-height ico-padding ico-padding-top ico-padding-right ico-padding-bottom ico-padding-left"
        " ico-text-transform ico-text-decoration",
    ),
    "mj-navbar-link": _component("words", ("mj-navbar",), f"{_FONT} {_PADDING} href name rel target"),
    "mj-accordion": _component(
        "parts",
        _ROWS,
        f"{_IN_COLUMN} border font-family icon-align icon-height icon-position icon-unwrapped-alt icon-unwrapped-url"
        " icon-width icon-wrapped-alt icon-wrapped-url",
    ),
    "mj-accordion-element": _component(
        "parts",
        ("mj-accordion",),
        "background-color border font-family icon-align icon-height icon-position icon-unwrapped-alt icon-unwrapped-url"
        " icon-width icon-wrapped-alt icon-wrapped-url",
    ),
    "mj-accordion-title": _component("words", ("mj-accordion-element",), f"{_FONT} {_PADDING} background-color"),
    "mj-accordion-text": _component("words", ("mj-accordion-element",), f"{_FONT} {_PADDING} background-color"),
    "mj-raw": _component(
        "words", ("mj-head", "mj-body", "mj-wrapper", "mj-section", "mj-group", *_ROWS), is_shown=False
    ),
}

#: Inside mj-attributes every element stands for its defaults; these two for all, and for a name of the author's.
DEFAULTS = ("mj-all", "mj-class")

#: MJML computes with these when it is compiled, so that they cannot wait for a customer.
COMPUTED = frozenset(
    {"width", "height", "inner-padding", "icon-size", "background-height", "background-width", *_PADDING.split()}
    | {each for each in _BORDER.split() if each != "border-radius"}
)

ROWS = frozenset(_ROWS)
BLOCKS = frozenset({"mj-body", "mj-wrapper", "mj-section", "mj-group"})
EVERY_ATTRIBUTE = frozenset().union(*(each.attributes for each in COMPONENTS.values()))
