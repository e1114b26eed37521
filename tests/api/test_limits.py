"""The limits of one event, and that the quick proof never lets through what the walk would refuse."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.ingest.limits import MAX_DEPTH, MAX_KEYS, MAX_STRING, first_fault, is_plain

_NUMBERS = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([2**53 - 1, 2**53, -(2**53), 2**63, 2**64, 1e15, 1e16, 9.9e15, -1e17, 1e300, 1e-300]),
)
_TEXT = st.one_of(
    st.text(st.characters(blacklist_categories=())),
    st.sampled_from(["e+", "1e+16", "\0", "a\0b", "\ud800", "x" * MAX_STRING, "x" * (MAX_STRING + 1), ":" * 300]),
)
_LEAVES = st.one_of(st.none(), st.booleans(), _NUMBERS, _TEXT)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(_TEXT, inner, max_size=4),
        inner.map(lambda value: _nested(value, MAX_DEPTH - 2)),
        st.just({f"k{number}": number for number in range(MAX_KEYS + 1)}),
    ),
    max_leaves=8,
)


@given(_VALUES)
@settings(max_examples=400)
def test_the_quick_proof_never_passes_what_the_walk_refuses(value: Any) -> None:
    try:
        encoded = orjson.dumps({"properties": value}, option=orjson.OPT_STRICT_INTEGER)
        is_quick = b"\\u0000" not in encoded and orjson.loads(encoded) == {"properties": value} and is_plain(encoded)
    except TypeError:
        is_quick = False

    if is_quick:
        assert first_fault(value) is None


@given(_VALUES)
@settings(max_examples=400)
def test_what_the_walk_passes_can_be_written_and_read_again_unchanged(value: Any) -> None:
    if first_fault(value) is None:
        assert orjson.loads(orjson.dumps(value, option=orjson.OPT_STRICT_INTEGER)) == value


FAULTS = [
    ({"a": [1, {"b": float("nan")}]}, "$.a[1].b", "not a finite number"),
    ({"a": float("inf")}, "$.a", "not a finite number"),
    ({"a": 2**53}, "$.a", "beyond 2^53"),
    ({"a": -(2**70)}, "$.a", "beyond 2^53"),
    ({"a": 1e16}, "$.a", "beyond 2^53"),
    ({"a": "x\0y"}, "$.a", "NUL"),
    ({"x\0y": 1}, "$", "a key that contains a NUL"),
    ({"a": "\udfff"}, "$.a", "not valid UTF-8"),
    ({"a": "x" * 8193}, "$.a", "longer than 8192"),
    ({"a": dict.fromkeys(map(str, range(257)))}, "$.a", "more than 256 keys"),
    ([[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]], "$" + "[0]" * 16, "nested more than 16 deep"),
]


@pytest.mark.parametrize(
    ("value", "path", "reason"), FAULTS, ids=[f"{path[:12]} {reason}" for _, path, reason in FAULTS]
)
def test_a_fault_is_named_with_its_path(value: Any, path: str, reason: str) -> None:
    fault = first_fault(value)

    assert fault is not None
    assert fault.path == path
    assert reason in fault.reason


def _nested(value: Any, depth: int) -> Any:
    for _ in range(depth):
        value = [value]
    return value
