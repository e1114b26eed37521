"""What every channel must do, whatever is behind it. A channel's test module gives a `bench` fixture."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from typing import Any
from uuid import UUID, uuid4

import pytest

from engine.channels import Channel, Handover, Mail, Origin, Rejected, Sent, TryLater

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def handover(message: UUID | None = None, *, address: str = "anna@example.com", **mail: Any) -> Handover:
    content = {"sender": "Shop <hello@shop.example>", "subject": "Hello", "text": "Hello Anna", "html": "<p>Hello"}
    return Handover(
        message=message or uuid4(),
        address=address,
        content=Mail(**(content | mail)),
        at=NOW,
        origin=Origin(partition=3, run=uuid4(), rule="reminder", template="cart"),
    )


@dataclass
class Bench:
    """A channel under test, what reached its other end, and how to take that end away."""

    channel: Channel
    received: Callable[[], Awaitable[list[tuple[str, bytes]]]]  # recipient and bytes
    break_down: Callable[[], Awaitable[None]]


class ChannelConformance:
    async def test_a_mail_arrives_once_and_says_by_what_id(self, bench: Bench):
        message = uuid4()

        verdict = await bench.channel.send(handover(message))

        [(recipient, raw)] = await bench.received()
        assert verdict == Sent(f"<{message}@shop.example>")
        assert recipient == "anna@example.com"
        assert f"Message-ID: <{message}@shop.example>".encode() in raw
        assert b"Hello Anna" in raw

    async def test_many_at_once_all_arrive(self, bench: Bench):
        messages = [uuid4() for _ in range(40)]

        verdicts = await asyncio.gather(*(bench.channel.send(handover(message)) for message in messages))

        assert {type(verdict) for verdict in verdicts} == {Sent}
        assert len(await bench.received()) == 40

    async def test_lines_that_begin_with_a_dot_arrive_whole(self, bench: Bench):
        await bench.channel.send(handover(text=".\n..\n.hidden\nend", html=None))

        [(_, raw)] = await bench.received()
        assert message_from_bytes(raw, policy=default).get_content().replace("\r\n", "\n") == ".\n..\n.hidden\nend\n"

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param({"subject": "Hi\r\nBcc: evil@example.com"}, id="subject"),
            pytest.param({"sender": "Shop\r\nBcc: e@example.com <hello@shop.example>"}, id="sender"),
            pytest.param({"reply_to": "a@example.com\r\nBcc: evil@example.com"}, id="reply_to"),
            pytest.param({"address": "a@example.com>\r\nRCPT TO:<evil@example.com"}, id="address"),
            pytest.param({"address": "nobody"}, id="no domain"),
        ],
    )
    async def test_what_would_inject_is_refused_and_nothing_leaves(self, bench: Bench, change: dict[str, str]):
        verdict = await bench.channel.send(handover(**change))

        assert isinstance(verdict, Rejected)
        assert not verdict.suppress
        assert await bench.received() == []

    async def test_a_broken_provider_is_a_value_and_not_an_exception(self, bench: Bench):
        await bench.channel.send(handover())
        await bench.break_down()

        verdict = await bench.channel.send(handover())

        assert isinstance(verdict, TryLater)
        assert verdict.reason
