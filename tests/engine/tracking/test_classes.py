"""Who asked for a link or a picture: a corpus of what programs say of themselves, and of how fast they are."""

# ruff: noqa: E501

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engine.tracking.classes import Hit, class_of

SENT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = SENT + timedelta(minutes=42)
PEOPLE = {
    "iphone": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "mac": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15",
    "chrome": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 Safari/537.36",
    "android": "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 Mobile Safari/537.36",
    "firefox": "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0",
    "thunderbird": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:115.0) Gecko/20100101 Thunderbird/115.10.1",
    "yandex browser": "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0 YaBrowser/24.4 Safari/537.36",
    "samsung": "Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-G991B) AppleWebKit/537.36 SamsungBrowser/24.0 Chrome/117.0 Mobile Safari/537.36",
    "opera": "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0 Safari/537.36 OPR/109.0",
}  # fmt: skip
PROXIES = {
    "gmail": "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "yahoo": "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
    "apple": "Mozilla/5.0",
}
SCANNERS = {
    "barracuda": "BarracudaCentral/1.0",
    "proofpoint": "Mozilla/5.0 (compatible; proofpoint urldefense)",
    "mimecast": "Mimecast URL Protection",
    "cisco": "CiscoSecureEmail",
    "bing": "Mozilla/5.0 (Windows NT 6.1) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b",
    "office": "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
}
BOTS = {
    "curl": "curl/8.4.0",
    "python": "python-requests/2.31.0",
    "go": "Go-http-client/2.0",
    "google": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "headless": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/124.0 Safari/537.36",
    "slack": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "nothing": "",
}


def click(agent: str = PEOPLE["chrome"], *, at: datetime = LATER, link: int = 1, links: int = 3, method: str = "GET", **more: str) -> Hit:  # fmt: skip
    headers = {"user-agent": agent, **{name.replace("_", "-"): value for name, value in more.items()}}
    return Hit(kind="clicked", at=at, method=method, headers=headers, link=link, links=links)


def opening(agent: str, *, at: datetime = LATER) -> Hit:
    return Hit(kind="opened", at=at, headers={"user-agent": agent})


@pytest.mark.parametrize("agent", PEOPLE.values(), ids=PEOPLE)
def test_a_person_with_a_browser_or_a_mail_program_is_one(agent: str):
    assert class_of(click(agent), SENT, []) == "person"
    assert class_of(opening(agent), SENT, []) == "person"


@pytest.mark.parametrize("agent", PROXIES.values(), ids=PROXIES)
def test_pictures_that_a_proxy_fetches_say_little_of_the_person(agent: str):
    assert class_of(opening(agent), SENT, []) == "proxy"


@pytest.mark.parametrize("agent", SCANNERS.values(), ids=SCANNERS)
def test_filters_in_front_of_the_mailbox_are_known_by_name(agent: str):
    assert class_of(click(agent), SENT, []) == "scanner"


@pytest.mark.parametrize("agent", BOTS.values(), ids=BOTS)
def test_other_programs_are_no_people(agent: str):
    assert class_of(click(agent), SENT, []) == "bot"
    assert class_of(opening(agent), SENT, []) == "bot"


@pytest.mark.parametrize(
    "hit",
    [
        pytest.param(click(method="HEAD"), id="head"),
        pytest.param(click(purpose="prefetch"), id="purpose"),
        pytest.param(click(sec_purpose="prefetch;prerender"), id="sec-purpose"),
        pytest.param(click(x_purpose="preview"), id="x-purpose"),
    ],
)
def test_who_only_looks_whether_it_is_there_is_no_person(hit: Hit):
    assert class_of(hit, SENT, []) == "bot"


def test_nobody_reads_within_a_breath():
    assert class_of(click(at=SENT + timedelta(seconds=2)), SENT, []) == "scanner"
    assert class_of(click(at=SENT + timedelta(seconds=20)), SENT, []) == "person"


def test_before_the_hand_over_was_written_down_there_was_nobody_to_read():
    assert class_of(click(at=SENT - timedelta(seconds=1)), SENT, []) == "scanner"


def test_several_links_at_once_in_a_new_mail_are_a_filter_and_so_is_the_first_of_them():
    first = click(at=SENT + timedelta(seconds=30), link=1)
    second = click(at=SENT + timedelta(seconds=31), link=2)

    assert class_of(first, SENT, [first, second]) == "scanner"
    assert class_of(second, SENT, [first, second]) == "scanner"


def test_the_same_link_twice_is_a_person_who_waits_for_a_page():
    first, second = (click(at=SENT + timedelta(seconds=seconds), link=1) for seconds in (30, 31))

    assert class_of(second, SENT, [first, second]) == "person"


def test_links_that_are_opened_one_after_the_other_are_a_reader():
    clicks = [click(at=SENT + timedelta(seconds=30 + 10 * link), link=link) for link in (1, 2, 3)]

    assert [class_of(each, SENT, clicks) for each in clicks] == ["person"] * 3


def test_later_two_links_at_once_are_a_person_and_all_of_them_a_filter_that_looks_again():
    clicks = [click(at=LATER + timedelta(seconds=link), link=link) for link in (1, 2, 3)]

    assert class_of(clicks[0], SENT, clicks[:2]) == "person"
    assert class_of(clicks[0], SENT, clicks) == "scanner"


def test_without_the_time_of_sending_only_the_agent_speaks():
    assert class_of(click(at=SENT), None, []) == "person"
