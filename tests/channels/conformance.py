"""What every channel must do, whatever is behind it. A channel's test module gives a `bench` fixture."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any
from uuid import UUID, uuid4

import pytest

from engine.channels import Channel, Content, Handover, Mail, Origin, Rejected, Sent, TryLater, Unknown, Verdict

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


PAGE = "<!doctype html><title>Sign in to the network</title>"


@dataclass
class FarEnd:
    """A provider that says what it is told to, and the channel that speaks with it. By kind of answer: `sent`,
    `rejected`, `dead`, `later`, `limited` (for 30 seconds), `lost` (after the last byte), `unauthorized`, `page`."""

    channel: Channel
    answers: Callable[[str], None]  # from now on, this kind
    requests: Callable[[], list[Any]]  # that arrived whole
    content: Content
    address: str
    bad_address: str
    sent_as: str  # the provider's id of what it took; {message} is that of the message
    without_credentials: Callable[[], Channel]
    secrets: tuple[str, ...]  # that no reason may hold
    channel_name: str = "sms"
    id_of: Callable[[Any], str] | None = None  # of a request, by which a repeated one is recognised
    on_lost: type = Unknown
    on_page: type = Unknown
    on_unauthorized: type = TryLater  # the operator must mend it; the message waits
    says_dead: bool = True
    says_when: bool = True
    pages: bool = True  # it could answer one

    def handover(self, **changes: Any) -> Handover:
        made = Handover(
            message=uuid4(),
            address=self.address,
            content=self.content,
            at=NOW,
            origin=Origin(partition=3, run=uuid4(), rule="reminder", template="cart"),
            channel=self.channel_name,
        )
        return made._replace(**changes)

    async def send(self, kind: str, handover: Handover | None = None) -> Verdict:
        self.answers(kind)
        return await self.channel.send(handover or self.handover())


class ProviderConformance:
    """The same list for everybody who carries messages."""

    async def test_what_is_taken_is_sent_and_known_by_the_providers_id(self, far: FarEnd):
        handover = far.handover()

        verdict = await far.send("sent", handover)

        assert verdict == Sent(far.sent_as.format(message=handover.message))
        assert len(far.requests()) == 1

    async def test_what_is_refused_is_rejected_with_a_reason_and_the_address_stays(self, far: FarEnd):
        verdict = await far.send("rejected")

        assert isinstance(verdict, Rejected)
        assert (verdict.suppress, bool(verdict.reason)) == (False, True)

    async def test_an_address_that_the_provider_calls_dead_is_suppressed(self, far: FarEnd):
        verdict = await far.send("dead")

        assert isinstance(verdict, Rejected)
        assert verdict.suppress == far.says_dead

    async def test_trouble_of_the_provider_is_for_later(self, far: FarEnd):
        assert isinstance(await far.send("later"), TryLater)

    async def test_a_limit_is_for_as_late_as_the_provider_says(self, far: FarEnd):
        verdict = await far.send("limited")

        assert isinstance(verdict, TryLater)
        assert verdict.after == (timedelta(seconds=30) if far.says_when else None)

    async def test_nobody_knows_of_what_was_written_and_never_answered(self, far: FarEnd):
        verdict = await far.send("lost")

        assert isinstance(verdict, far.on_lost)
        assert len(far.requests()) == 1

    async def test_a_message_is_recognised_when_it_comes_again(self, far: FarEnd):
        handover = far.handover()

        await far.send("sent", handover)
        await far.send("sent", handover)

        assert len(far.requests()) == 2
        if far.id_of is not None:
            assert len({far.id_of(each) for each in far.requests()}) == 1
            assert str(handover.message).replace("-", "") in far.id_of(far.requests()[0]).replace("-", "")

    async def test_what_is_no_address_never_leaves(self, far: FarEnd):
        verdict = await far.send("sent", far.handover(address=far.bad_address))

        assert isinstance(verdict, Rejected)
        assert far.requests() == []

    async def test_credentials_that_are_wrong_make_messages_wait(self, far: FarEnd):
        assert isinstance(await far.send("unauthorized"), far.on_unauthorized)

    async def test_credentials_that_are_missing_make_messages_wait_and_are_named(self, far: FarEnd):
        verdict = await far.without_credentials().send(far.handover())

        assert isinstance(verdict, TryLater)
        assert "is not set" in verdict.reason
        assert far.requests() == []

    async def test_a_page_instead_of_an_answer_is_no_success(self, far: FarEnd):
        if not far.pages:
            return
        verdict = await far.send("page")

        assert isinstance(verdict, far.on_page)
        assert "text/html" in verdict.reason

    async def test_no_reason_holds_a_secret(self, far: FarEnd):
        verdicts = [await far.send(kind) for kind in ("rejected", "later", "limited", "lost", "unauthorized", "page")]

        reasons = " ".join(getattr(each, "reason", "") for each in verdicts)
        assert not [each for each in far.secrets if each in reasons]

    async def test_a_provider_that_cannot_be_reached_is_for_later(self, far: FarEnd):
        assert isinstance(await far.send("gone"), TryLater)
