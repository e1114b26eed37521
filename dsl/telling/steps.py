"""Steps in words. The flat steps of the plan are read back as the branches they were."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import TypeAlias

from dsl import plan
from dsl.messages import say
from dsl.telling.conditions import tell_condition
from dsl.telling.deeds import tell_deed

#: How deep it stands, what it says, and whether it is a step of its own (else the head of an arm).
Told: TypeAlias = tuple[int, str, bool]
#: The sentences of a block, and the place of what follows it.
Block: TypeAlias = Generator[Told, None, int]


def tell_steps(steps: Sequence[plan.Step]) -> Iterator[Told]:
    yield from _tell_block(steps, 0, len(steps), depth=0)


def _tell_block(steps: Sequence[plan.Step], start: int, end: int, *, depth: int) -> Iterator[Told]:
    place = start
    while place < end:
        step = steps[place]
        match step:
            case plan.JumpUnless():
                place = yield from _tell_branch(steps, place, depth=depth)
            case plan.Split():
                place = yield from _tell_split(steps, place, depth=depth)
            case plan.Jump():
                place += 1
            case _:
                yield depth, tell_deed(step), True
                place += 1


def _tell_branch(steps: Sequence[plan.Step], place: int, *, depth: int) -> Block:
    """An `if` with all its arms. What follows `end` of it is returned."""
    gate = steps[place]
    assert isinstance(gate, plan.JumpUnless)
    yield depth, say("If {condition}:", condition=tell_condition(gate.condition)), True
    over = _end_of_arm(steps, gate.at)
    yield from _tell_block(steps, place + 1, gate.at if over is None else gate.at - 1, depth=depth + 1)
    if over is None:
        return gate.at
    yield depth, say("Otherwise:"), False
    yield from _tell_block(steps, gate.at, over, depth=depth + 1)
    return over


def _end_of_arm(steps: Sequence[plan.Step], at: int) -> int | None:
    """Where an arm that ends at `at` jumps to over the others; None: there is no other arm."""
    last = steps[at - 1]
    return last.at if isinstance(last, plan.Jump) and last.at > at else None


def _tell_split(steps: Sequence[plan.Step], place: int, *, depth: int) -> Block:
    split = steps[place]
    assert isinstance(split, plan.Split)
    yield depth, say('Split "{name}", always the same arm for the same customer:', name=split.name), True
    over = place + 1
    for arm in split.arms:
        share = f"{arm.share / 100:g}%"
        if arm.at is None:
            yield depth + 1, say("{share} are held out: they get nothing, for comparison", share=share), False
            continue
        yield depth + 1, say('{share} "{label}":', share=share, label=arm.label), False
        end = _end_of_split_arm(steps, arm.at)
        yield from _tell_block(steps, arm.at, end, depth=depth + 2)
        over = max(over, end + 1)
    return over


def _end_of_split_arm(steps: Sequence[plan.Step], start: int) -> int:
    """The place of the jump that ends the arm: the first that belongs to nothing inside it."""
    place = start
    while not isinstance(steps[place], plan.Jump):
        place = _after(steps, place)
    return place


def _after(steps: Sequence[plan.Step], place: int) -> int:
    match steps[place]:
        case plan.JumpUnless(at=at):
            over = _end_of_arm(steps, at)
            return at if over is None else over
        case plan.Split(arms=arms):
            ends = [_end_of_split_arm(steps, arm.at) + 1 for arm in arms if arm.at is not None]
            return max(ends, default=place + 1)
        case _:
            return place + 1
