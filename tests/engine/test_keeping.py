"""Channels that keep messages in tables: trouble of the database is a reason to try again, never an error of theirs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from engine.channels import Push, TryLater
from engine.channels.inbox import InboxChannel
from engine.channels.mailbox import MailboxChannel
from engine.keeping import inbox_keeper, keeper
from engine.storage.database import Connection, Database
from tests.channels.conformance import handover


class Away(Database):
    def __init__(self, trouble: Exception) -> None:
        super().__init__("postgresql://nowhere/kogda")
        self._trouble = trouble

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        raise self._trouble
        yield


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(ConnectionRefusedError(), id="nobody is there"),
        pytest.param(asyncpg.DiskFullError("no space left"), id="the disk is full"),
        pytest.param(
            asyncpg.InternalClientError("got result for unknown protocol state"), id="ended while it lay idle"
        ),
        pytest.param(TimeoutError(), id="no answer"),
    ],
)
async def test_a_database_in_trouble_is_tried_again_later(trouble: Exception):
    mailbox, inbox = MailboxChannel(keeper(Away(trouble))), InboxChannel(inbox_keeper(Away(trouble)))
    push = Push(title="Hello", text="A note")

    verdicts = [await mailbox.send(handover()), await inbox.send(handover()._replace(content=push, address="42"))]

    assert [type(verdict) for verdict in verdicts] == [TryLater, TryLater]
