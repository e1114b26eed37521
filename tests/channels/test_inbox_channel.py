"""The inbox against the list of every provider: here the provider is the database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from engine.channels import Handover, Push, Rejected, TryLater
from engine.channels.inbox import InboxChannel
from engine.channels.mailbox import StoreUnreachable
from engine.channels.registry import WaitingChannel
from tests.channels.conformance import FarEnd, ProviderConformance, handover


@dataclass
class Store:
    """What keeps the messages of customers, and says what it is told to."""

    kept: list[Handover] = field(default_factory=list)
    kind: str = "sent"

    async def keep(self, message: Handover) -> bool:
        if self.kind in ("sent", "lost"):
            self.kept.append(message)
        if self.kind in ("later", "limited", "lost", "unauthorized", "gone"):
            raise StoreUnreachable("connection refused")
        return self.kind == "sent"

    def answers(self, kind: str) -> None:
        self.kind = kind


class TestInbox(ProviderConformance):
    @pytest.fixture
    async def far(self) -> AsyncIterator[FarEnd]:
        store = Store()
        yield FarEnd(
            channel=InboxChannel(store.keep),
            answers=store.answers,
            requests=lambda: store.kept,
            content=Push(title="Your cart", text="It waits", link="https://shop.example/cart"),
            address="anna",
            bad_address="",
            sent_as="{message}",
            without_credentials=lambda: WaitingChannel("the environment variable KOGDA_DATABASE_URL is not set"),
            secrets=(),
            channel_name="inapp",
            id_of=lambda kept: str(kept.message),
            on_lost=TryLater,  # the same message again is the same one
            says_dead=False,
            says_when=False,
            pages=False,
        )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(Push(title="", text=""), "rendered empty", id="empty"),
        pytest.param(Push(title="x" * 201, text="x"), "title is longer", id="a long title"),
        pytest.param(Push(title="x", text="x" * 4001), "text is longer", id="a long text"),
        *[
            pytest.param(Push(title="x", text="x", link=link), "its link does not begin", id=link)
            for link in ("javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "//shop.example", "/x", "x")
        ],
        pytest.param(Push(title="x", text="x", link="https://[x"), "its link does not begin", id="no address"),
        pytest.param(Push(title="x", text="x", image="data:x"), "its image does not begin", id="an image"),
    ],
)
async def test_what_does_not_belong_in_a_page_is_refused(content: Push, reason: str):
    store = Store()
    made = handover()._replace(content=content, address="anna", channel="inapp")

    verdict = await InboxChannel(store.keep).send(made)

    assert isinstance(verdict, Rejected)
    assert reason in verdict.reason
    assert store.kept == []
