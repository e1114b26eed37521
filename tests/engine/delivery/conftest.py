"""What most tests of delivery begin with."""

from __future__ import annotations

import pytest

from engine.storage.database import Database
from tests.engine.delivery.outbox import Outbox


@pytest.fixture
async def outbox(database: Database) -> Outbox:
    """Published texts and one customer."""
    outbox = Outbox(database)
    await outbox.publish()
    await outbox.customer()
    return outbox
