"""A record is what the standard frozen dataclass with slots is."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any

import pytest

from dsl.records import record


def describe(make: Callable[..., Any]) -> tuple[type[Any], type[Any], type[Any]]:
    @make(kw_only=True)
    class Node:
        where: int = field(compare=False)

    @make(kw_only=True)
    class Step(Node):
        name: str
        words: tuple[str, ...] = ()
        notes: list[str] = field(default_factory=list, repr=False, hash=False)

        def __post_init__(self) -> None:
            if not self.name:
                raise ValueError("a step has a name")

    @make()
    class Pair:
        left: int
        right: int = 2

    return Node, Step, Pair


Node, Step, Pair = describe(record)
_, PlainStep, PlainPair = describe(lambda **kw: dataclass(frozen=True, slots=True, **kw))


@pytest.mark.parametrize(
    ("ours", "theirs", "given"),
    [
        (Step, PlainStep, {"where": 1, "name": "a"}),
        (Step, PlainStep, {"where": 1, "name": "a", "words": ("b",), "notes": ["c"]}),
        (Pair, PlainPair, {"left": 1}),
        (Pair, PlainPair, {"left": 1, "right": 3}),
    ],
)
def test_it_holds_and_shows_what_a_dataclass_does(ours: Any, theirs: Any, given: dict[str, Any]):
    made, expected = ours(**given), theirs(**given)

    assert repr(made) == repr(expected)
    assert [getattr(made, each.name) for each in fields(made)] == [
        getattr(expected, each.name) for each in fields(made)
    ]
    assert hash(made) == hash(expected)
    assert ours.__match_args__ == theirs.__match_args__
    assert not hasattr(made, "__dict__")


def test_two_are_equal_when_what_counts_is():
    assert Step(where=1, name="a") == Step(where=2, name="a")
    assert Step(where=1, name="a") != Step(where=1, name="b")
    assert Step(where=1, name="a") != PlainStep(where=1, name="a")
    assert len({Pair(1), Pair(1, 2), Pair(2)}) == 2


@pytest.mark.parametrize(
    ("cls", "positional", "named"),
    [(Step, (1,), {}), (Step, (), {"where": 1}), (Pair, (), {}), (Pair, (1, 2, 3), {}), (Pair, (1,), {"middle": 2})],
)
def test_wrong_arguments_are_refused(cls: Any, positional: tuple[Any, ...], named: dict[str, Any]):
    with pytest.raises(TypeError):
        cls(*positional, **named)


def test_each_has_defaults_of_its_own():
    first, second = Step(where=1, name="a"), Step(where=1, name="a")

    first.notes.append("only here")

    assert second.notes == []


def test_it_says_of_itself_what_must_hold():
    with pytest.raises(ValueError, match="a step has a name"):
        Step(where=1, name="")


def test_it_cannot_be_changed():
    pair = Pair(1)

    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'left'"):
        pair.left = 2
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'left'"):
        del pair.left

    assert pair == Pair(1)


def test_copies_are_equal_and_changed_copies_are_not():
    step = Step(where=1, name="a", words=("b",))

    assert copy.deepcopy(step) == copy.copy(step) == step
    assert replace(step, name="c") == Step(where=1, name="c", words=("b",))


def test_a_class_that_a_record_cannot_be_says_so():
    @record()
    class Counted:
        number: int = field(init=False, default=0)

    with pytest.raises(TypeError, match="Counted: a record has no"):
        Counted()
