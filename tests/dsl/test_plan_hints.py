"""Every part of a plan can be read back: what its hints name is in the package, wherever the part is written."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

import pytest

from dsl import plan
from dsl.codec import part_hints

PARTS = [each for each in vars(plan).values() if isinstance(each, type) and is_dataclass(each)]


def test_the_package_has_all_parts() -> None:
    assert len(PARTS) >= 60
    assert {each.__module__.rpartition(".")[0] for each in PARTS} == {"dsl.plan"}


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_the_hints_of_a_part_are_found(part: type) -> None:
    assert part_hints(part).keys() == {field.name for field in fields(part)}
