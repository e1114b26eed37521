"""The parts of an sms, by the tables of 3GPP TS 23.038."""

from __future__ import annotations

import pytest

from engine.rendering.parts import Parts, parts_of


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("", Parts(1, 0, "GSM-7"), id="nothing"),
        pytest.param("a" * 160, Parts(1, 160, "GSM-7"), id="one in GSM-7"),
        pytest.param("a" * 161, Parts(2, 161, "GSM-7"), id="two in GSM-7"),
        pytest.param("a" * 306, Parts(2, 306, "GSM-7"), id="two full ones"),
        pytest.param("a" * 307, Parts(3, 307, "GSM-7"), id="three"),
        pytest.param("€" * 80, Parts(1, 160, "GSM-7"), id="two places each"),
        pytest.param("a" * 152 + "€" + "a" * 152, Parts(3, 306, "GSM-7"), id="no escape at the border"),
        pytest.param("Größe: 5 £ [äöü] ÇØå", Parts(1, 22, "GSM-7"), id="European letters"),
        pytest.param("ж" * 70, Parts(1, 70, "UCS-2", "ж"), id="one in UCS-2"),
        pytest.param("ж" * 71, Parts(2, 71, "UCS-2", "ж"), id="two in UCS-2"),
        pytest.param("a" * 100 + "’", Parts(2, 101, "UCS-2", "’"), id="one apostrophe costs a part"),
        pytest.param("🙂" * 35, Parts(1, 70, "UCS-2", "🙂"), id="pairs"),
        pytest.param("ж" * 66 + "🙂" + "ж" * 66, Parts(3, 134, "UCS-2", "ж"), id="no pair at the border"),
        pytest.param("ñ é à ß ` ", Parts(1, 10, "UCS-2", "`"), id="a back quote"),
    ],
)
def test_a_text_takes_so_many_parts(text: str, parts: Parts):
    assert parts_of(text) == parts
