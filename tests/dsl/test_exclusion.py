"""Whether two rules exclude each other, told by extremes, is what comparing each condition with each other tells."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from dsl.lints.exclusion import exclude_each_other
from dsl.lints.parts import Part
from tests.dsl.test_many_conditions import calls_in

COMPARISONS = ("is", "is not", ">", ">=", "<", "<=")
TEXTS = ("a", "b", "c", "d")

NUMBERS = st.builds(
    Part,
    path=st.sampled_from(("event.n", "customer.age")),
    comparison=st.sampled_from(COMPARISONS),
    unit=st.sampled_from(("number", "EUR")),
    value=st.integers(0, 4).map(Decimal),
)
WORDS = st.builds(
    Part,
    path=st.just("customer.city"),
    comparison=st.sampled_from(COMPARISONS),
    unit=st.just("text"),
    value=st.sampled_from(TEXTS),
)
LISTS = st.builds(
    Part,
    path=st.just("customer.city"),
    comparison=st.just("is"),
    unit=st.just("texts"),
    value=st.frozensets(st.sampled_from(TEXTS), min_size=1, max_size=3),
)
FLAGS = st.builds(
    Part,
    path=st.just("customer.subscribed"),
    comparison=st.just("is"),
    unit=st.sampled_from(("flag", "known", "set")),
    value=st.booleans(),
)
PARTS = st.lists(st.one_of(NUMBERS, WORDS, LISTS, FLAGS), max_size=4)


@given(first=PARTS, second=PARTS)
def test_extremes_tell_what_all_pairs_tell(first: list[Part], second: list[Part]):
    pairs = any(_exclude(one, other) for one in first for other in second if one.path == other.path)

    assert exclude_each_other(first, second) is pairs


@given(lists=st.lists(LISTS, min_size=1, max_size=4), others=st.lists(LISTS, min_size=1, max_size=4))
def test_lists_tell_what_all_pairs_of_lists_tell(lists: list[Part], others: list[Part]):
    pairs = any(_exclude(one, other) for one in lists for other in others)

    assert exclude_each_other(lists, others) is pairs


def test_thousands_of_bounds_are_not_compared_in_pairs():
    low, high = ([Part("event.n", sign, "number", Decimal(number)) for number in range(1_000)] for sign in (">", "<="))

    assert exclude_each_other(low, high)
    assert calls_in(lambda: exclude_each_other(low, low)) < 20_000


def _exclude(one: Part, other: Part) -> bool:
    if one.unit == other.unit != "texts":
        return _never_both(one, other) or _never_both(other, one)
    if {one.unit, other.unit} <= {"text", "texts"} and one.comparison == other.comparison == "is":
        return not (_texts(one) & _texts(other))
    return False


def _texts(part: Part) -> frozenset[str]:
    return part.value if isinstance(part.value, frozenset) else frozenset({str(part.value)})


def _never_both(high: Part, low: Part) -> bool:
    """`high` wants at least something, `low` at most something."""
    if high.comparison == low.comparison == "is":
        return high.value != low.value
    if {high.comparison, low.comparison} == {"is", "is not"}:
        return high.value == low.value
    if high.comparison in (">", ">=", "is") and low.comparison in ("<", "<=", "is"):
        touching = high.value == low.value and (high.comparison == ">" or low.comparison == "<")
        return touching or low.value < high.value  # type: ignore[operator]
    return False
