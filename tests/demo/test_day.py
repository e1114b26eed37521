from collections import Counter

from api.demo.chance import Chance
from api.demo.day import BEGINS, ENDS, plan_day
from api.demo.shop import shoppers
from api.demo.shortened import shorten


def test_the_same_day_happens_on_every_machine():
    first, second = plan_day(shoppers(50)), plan_day(shoppers(50))

    assert first.happenings == second.happenings
    assert Chance("teplo:1").number("story") == 0.22367809408946754


def test_a_day_has_every_kind_of_mail_customers_in_two_languages_and_several_time_zones():
    people = list(shoppers(300))
    day = plan_day(people)

    templates = Counter(template for _, template in day.expected)
    assert set(templates) == {
        "welcome", "cart", "looked", "order_placed", "order_shipped", "payment_failed", "sorry"
    }  # fmt: skip
    assert {person.locale for person in people} == {"en", "ru"}
    assert len({person.timezone for person in people}) > 8


def test_everything_happens_within_the_day_in_order():
    hours = [happening.at for happening in plan_day(shoppers(300)).happenings]

    assert hours == sorted(hours)
    assert hours[0] >= BEGINS
    assert hours[-1] < ENDS


def test_who_refuses_mails_or_has_no_address_is_not_expected_to_get_marketing():
    people = list(shoppers(300))
    refusing = {person.email for person in people if person.consents is False}

    marketing = {
        address for address, template in plan_day(people).expected if template in ("welcome", "cart", "looked")
    }

    assert refusing
    assert not marketing & refusing


def test_an_hour_becomes_seconds_and_clock_times_stay():
    changed: dict[str, str] = {}
    rules = 'when cart_updated after 90 min once per 7 days send email "cart" wait 1 day wait until friday 10:00'

    shortened = shorten(rules, changed, hour_s=2)

    assert shortened == 'when cart_updated after 3s once per 336s send email "cart" wait 48s wait until friday 10:00'
    assert changed == {"90 min": "3s", "7 days": "336s", "1 day": "48s"}


def test_nothing_becomes_shorter_than_a_second():
    assert shorten('when a after 1 min send email "x"', {}, hour_s=1) == 'when a after 1s send email "x"'
