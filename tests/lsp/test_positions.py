from __future__ import annotations

import pytest
from lsprotocol.types import Position, PositionEncodingKind

from api.lsp.positions import Positions
from dsl.source import Span

TEXT = 'когда a\r\n🎉 "b"\n\x0c\u2028x\rend'

#: Offset in code points to line and column, in UTF-16.
PLACES = {
    0: (0, 0),
    6: (0, 6),
    7: (0, 7),
    9: (1, 0),
    10: (1, 2),
    12: (1, 4),
    15: (2, 0),
    17: (2, 2),
    19: (3, 0),
    22: (3, 3),
}


@pytest.mark.parametrize(("offset", "place"), PLACES.items())
def test_columns_are_counted_in_the_units_of_the_protocol(offset: int, place: tuple[int, int]):
    positions = Positions(TEXT)

    assert positions.position(offset) == Position(*place)
    assert positions.offset(Position(*place)) == offset


def test_other_units_may_be_agreed_on():
    assert Positions("Ж🎉x", PositionEncodingKind.Utf8).position(2) == Position(0, 6)
    assert Positions("Ж🎉x", PositionEncodingKind.Utf32).position(2) == Position(0, 2)
    assert Positions("Ж🎉x", PositionEncodingKind.Utf8).offset(Position(0, 6)) == 2


@pytest.mark.parametrize("encoding", list(PositionEncodingKind))
def test_every_offset_comes_back(encoding: PositionEncodingKind):
    positions = Positions(TEXT, encoding)

    inside_line_break = TEXT.index("\r\n") + 1
    offsets = [offset for offset in range(len(TEXT) + 1) if offset != inside_line_break]

    assert [positions.offset(positions.position(offset)) for offset in offsets] == offsets


def test_places_outside_of_the_text_are_its_nearest_end():
    positions = Positions("ab\ncd")

    assert positions.offset(Position(0, 99)) == 2
    assert positions.offset(Position(99, 0)) == 5
    assert positions.range(Span(-5, 99)).end == Position(1, 2)


def test_half_of_an_emoji_is_its_beginning():
    assert Positions("🎉x").offset(Position(0, 1)) == 0
