"""What every client's script sends, as it must be found in the database."""

from __future__ import annotations

from tests.api.conftest import Stored


async def assert_stored_once(stored: Stored) -> None:
    by_message = {event["body"]["messageId"]: event for event in await stored.events()}
    assert set(by_message) == EXPECTED
    assert len(await stored.events()) == len(EXPECTED)
    assert await stored.rejects() == []
    _assert_content({message: event["body"] for message, event in by_message.items()})
    assert {event["name"] for event in by_message.values()} == {"order_completed", "page_viewed", "screen_viewed", ""}


def _assert_content(bodies: dict[str, dict[str, object]]) -> None:
    assert bodies["identify-1"]["properties"] == {"email": "a@b.c", "first_name": "Ann"}
    assert bodies["identify-1#merge"]["key"] == "a:anonymous-1"
    assert bodies["track-7"]["properties"] == {"total": 12.5, "number": 7, "note": "Ёлка 🎄"}
    assert bodies["track-7"]["context"]["timezone"] == "Europe/Moscow"  # type: ignore[index]
    assert bodies["page-1"]["properties"]["name"] == "Home"  # type: ignore[index]
    assert bodies["group-1"]["properties"] == {"account": {"id": "acme", "plan": "gold"}}
    assert bodies["alias-1#merge"]["key"] == "a:anonymous-2"
    assert bodies["alias-1#merge"]["properties"] == {"into": "u:42"}


EXPECTED = {
    "identify-1",
    "identify-1#merge",
    *(f"track-{number}" for number in range(10)),
    "page-1",
    "screen-1",
    "group-1",
    "alias-1#merge",
}
