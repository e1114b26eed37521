from __future__ import annotations

import pytest

from engine.channels.mailbox import MailboxChannel
from engine.keeping import keeper
from engine.storage.database import Database
from tests.channels.conformance import Bench, ChannelConformance, handover


class TestMailbox(ChannelConformance):
    @pytest.fixture
    def bench(self, database: Database) -> Bench:
        async def received() -> list[tuple[str, bytes]]:
            async with database.connection() as connection:
                rows = await connection.fetch("SELECT recipient, raw FROM mailbox ORDER BY id")
            return [(row["recipient"], row["raw"]) for row in rows]

        return Bench(MailboxChannel(keeper(database)), received, database.close)

    async def test_the_same_message_again_is_the_same_mail(self, bench: Bench):
        mail = handover()

        await bench.channel.send(mail)
        await bench.channel.send(mail)

        assert len(await bench.received()) == 1
