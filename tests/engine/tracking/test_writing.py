"""Links and the picture of a tracked mail, as they are written and as they are read again."""

# ruff: noqa: E501

from __future__ import annotations

import random
import re
from html import unescape
from uuid import UUID

import pytest

from engine.tracking.policy import Tracking
from engine.tracking.tokens import OPEN, VIEW, Link, Place, link_token, place_token, read_link, read_place
from engine.tracking.writing import Mark, tracked

KEY = bytes(range(32))
PLACE = Place(3, UUID("6f0d2a8e-1111-4222-8333-444455556666"))
URL = "https://mail.shop.example"
MARK = Mark(key=KEY, url=URL, place=PLACE, words={"rule": "Cart", "template": "cart", "topic": "news"})
_LINK = re.compile(rf'href="{URL}/l/([\w-]+)"', re.IGNORECASE)


def links(html: str | None) -> list[Link]:
    found = [read_link(KEY, token) for token in _LINK.findall(html or "")]
    assert None not in found
    return [link for link in found if link is not None]


def targets(html: str, tracking: Tracking | None = None) -> list[str]:
    return [link.target for link in links(tracked(html, "", tracking or Tracking(), MARK)[0])]


def test_every_link_leads_over_the_server_and_on_to_where_it_led():
    html = "<a href=\"https://shop.example/a?x=1&amp;y=2\">A</a> <A class=b HREF='http://shop.example/b'>B</A>"

    written, _ = tracked(html, "", Tracking(opens=False), MARK)

    assert links(written) == [
        Link(PLACE, 1, 2, "https://shop.example/a?x=1&y=2"),
        Link(PLACE, 2, 2, "http://shop.example/b"),
    ]
    assert written is not None
    assert written.count("https://shop.example") == 0


def test_the_same_target_is_one_link_wherever_it_stands():
    html = '<a href="https://shop.example/a"><img></a><a href="https://shop.example/b">B</a><a href="https://shop.example/a">A</a>'

    written, _ = tracked(html, "", Tracking(), MARK)

    assert [(link.number, link.of) for link in links(written)] == [(1, 2), (2, 2), (1, 2)]


@pytest.mark.parametrize(
    "tag",
    [
        pytest.param('<a href="mailto:help@shop.example">', id="mail"),
        pytest.param('<a href="tel:+49123">', id="phone"),
        pytest.param('<a href="#top">', id="within the mail"),
        pytest.param('<a href="/cart">', id="relative"),
        pytest.param('<a href="javascript:alert(1)">', id="script"),
        pytest.param('<a href="https://">', id="no host"),
        pytest.param('<a href="">', id="empty"),
        pytest.param('<a name="x">', id="no href"),
        pytest.param(f'<a href="{URL}/u/abc">', id="unsubscribe"),
        pytest.param(f'<a href="{URL}/p/abc">', id="preferences"),
        pytest.param(f'<a href="{URL}/v/abc">', id="in a browser"),
        pytest.param('<a data-track="off" href="https://shop.example/">', id="asked for"),
        pytest.param('<abbr href="https://shop.example/">', id="another tag"),
        pytest.param("<a title='see href=\"https://shop.example/\"' name=x>", id="words in a title"),
    ],
)
def test_what_is_no_page_of_somebodys_is_left_as_it_is(tag: str):
    written, _ = tracked(f"<p>{tag}x</a></p>", "", Tracking(opens=False), MARK)

    assert written == f"<p>{tag}x</a></p>"


@pytest.mark.parametrize(
    ("href", "target"),
    [
        pytest.param("https://shop.example/a b", "https://shop.example/a%20b", id="blank"),
        pytest.param("https://shop.example/корзина", "https://shop.example/%D0%BA%D0%BE%D1%80%D0%B7%D0%B8%D0%BD%D0%B0", id="path"),
        pytest.param("https://магазин.example/", "https://xn--80aairftm.example/", id="host"),
        pytest.param("https://shop.example/%D0%BA?x=%2F", "https://shop.example/%D0%BA?x=%2F", id="written so already"),
        pytest.param("  https://shop.example/\n", "https://shop.example/", id="blanks around"),
        pytest.param("https://shop.example/a\r\nSet-Cookie: x", "https://shop.example/a%0D%0ASet-Cookie:%20x", id="lines"),
    ],
)  # fmt: skip
def test_a_target_is_written_as_a_browser_would_ask_for_it(href: str, target: str):
    assert targets(f'<a href="{href}">x</a>') == [target]


def test_the_picture_stands_at_the_end_of_the_page_and_says_which_mail_it_is():
    written, _ = tracked("<html><body><p>Hi</p></body></html>", "", Tracking(), MARK)

    assert written is not None
    [token] = re.findall(rf'<img src="{URL}/o/([\w-]+)\.gif"', written)
    assert read_place(KEY, OPEN, token) == PLACE
    assert written.index("<img") > written.index("Hi")
    assert written.endswith("</body></html>")


def test_plain_text_keeps_its_links_unless_the_workspace_says_otherwise():
    text = "Look: https://shop.example/a (or https://shop.example/b)."

    _, plain = tracked("<p>x</p>", text, Tracking(), MARK)
    _, counted = tracked("<p>x</p>", text, Tracking(text_links=True), MARK)

    tokens = re.findall(rf"{URL}/l/([\w-]+)", counted)
    assert plain == text
    assert [link.target for token in tokens if (link := read_link(KEY, token))] == [
        "https://shop.example/a",
        "https://shop.example/b",
    ]
    assert counted.startswith("Look: https") and counted.endswith(").")


def test_utm_parameters_are_added_where_the_link_says_nothing():
    tracking = Tracking(utm={"source": "kogda", "campaign": "{rule} {topic}"})

    found = targets('<a href="https://shop.example/a?utm_source=own&x=1#top">x</a>', tracking)

    assert found == ["https://shop.example/a?utm_source=own&x=1&utm_campaign=Cart+news#top"]


def test_utm_parameters_need_no_counting():
    tracking = Tracking(opens=False, clicks=False, utm={"source": "kogda"})

    written, _ = tracked('<a href="https://shop.example/">x</a>', "", tracking, MARK)

    assert written == '<a href="https://shop.example/?utm_source=kogda">x</a>'


def test_a_link_that_is_too_long_to_carry_stays_as_it_is():
    long = "https://shop.example/?" + "".join(random.Random(1).choices("abcdefghij0123456789", k=6000))

    written, _ = tracked(f'<a href="{long}">x</a>', "", Tracking(opens=False), MARK)

    assert written == f'<a href="{long}">x</a>'


def test_long_links_that_repeat_themselves_are_carried_short():
    long = "https://shop.example/catalog/" + "category=shoes&colour=black&" * 40

    token = link_token(KEY, Link(PLACE, 1, 1, long))

    assert token is not None
    assert len(token) < 300
    assert read_link(KEY, token) == Link(PLACE, 1, 1, long)


def test_what_only_outlook_reads_is_tracked_too():
    html = '<!--[if mso]><v:roundrect href="https://shop.example/b" style="x"><![endif]-->'

    assert targets(html) == ["https://shop.example/b"]


@pytest.mark.parametrize("part", ["href='x\" ", "<a ", "<a '", "<a \"'"])
def test_a_page_full_of_quotes_and_open_tags_takes_no_time(part: str):
    html = "<a " + part * 60_000

    assert tracked(html, "", Tracking(opens=False), MARK)[0] == html


def test_a_changed_link_leads_nowhere():
    token = link_token(KEY, Link(PLACE, 1, 2, "https://shop.example/a?x=1"))
    assert token is not None
    dice = random.Random(7)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.%/ "

    opened = []
    for _ in range(10_000):
        at = dice.randrange(len(token))
        changed = dice.choice(
            [
                token[:at] + dice.choice(alphabet) + token[at + 1 :],
                token[:at] + token[at + 1 :],
                token[:at] + dice.choice(alphabet) + token[at:],
                token[:at],
                token + dice.choice(alphabet) * dice.randrange(1, 9),
            ]
        )
        if changed != token and read_link(KEY, changed) is not None:
            opened.append(changed)

    assert opened == []


def test_a_token_of_one_purpose_is_none_of_another():
    pixel = place_token(KEY, OPEN, PLACE)

    assert read_place(KEY, OPEN, pixel) == PLACE
    assert read_place(KEY, VIEW, pixel) is None
    assert read_link(KEY, pixel) is None
    assert read_place(bytes(32), OPEN, pixel) is None


def test_the_text_around_links_does_not_change():
    html = "<p>&lt;a href=&quot;https://shop.example/&quot;&gt; <a href='https://shop.example/x'>1 &amp; 2</a></p>"

    written, _ = tracked(html, "", Tracking(opens=False), MARK)

    assert written is not None
    assert unescape(re.sub(r'href="[^"]*"', "", written)) == unescape(html.replace("href='https://shop.example/x'", ""))
