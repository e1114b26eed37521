"""Drill 30: secrets and people, through everything that goes wrong, and not one of them in a log, metric or error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog
from pydantic import SecretStr

from engine.channels import Handover, Verdict
from engine.flow.delivery.deliver_messages import deliver_messages
from engine.logs import configure_logging
from engine.runtime import open_runtime
from engine.storage.database import Database
from tests.api.conftest import api_settings, batch, client_of, track
from tests.engine.delivery.outbox import PARTITIONS, SETTINGS, Outbox, ScriptedChannel

MAIL, PHONE, NAME = "canary.mail@example.com", "+49170canary", "Canary-Name"
SECRETS = {
    "write_key": "canary-write-key",
    "admin_key": "canary-admin-key",
    "link_secret": "canary-link-secret-of-enough-length",
    "smtp_url": "smtp://canary-user:canary-password@127.0.0.1:1?starttls=never",
}


@pytest.fixture(autouse=True)
def _defaults() -> Iterator[None]:
    yield
    structlog.reset_defaults()


class Raises(ScriptedChannel):
    async def send(self, handover: Handover) -> Verdict:
        raise ValueError(f"a mistake of ours about {handover.address} with canary-password")


@pytest.mark.parametrize("form", ["json", "text"])
async def test_no_log_metric_or_error_names_a_secret_or_a_person(
    database_url: str, database: Database, capsys: pytest.CaptureFixture[str], form: str
):
    settings = api_settings(
        database_url, **SECRETS, partitions=PARTITIONS, log_level="debug", log_format=form, waker="null"
    )
    configure_logging(settings)
    told = []

    async with open_runtime(settings) as runtime, client_of(runtime) as client:
        outbox = Outbox(database)
        outbox.runtime = runtime
        await outbox.publish(settings=SETTINGS)
        await outbox.customer(email=MAIL, phone=PHONE, attributes={"first_name": NAME})
        await outbox.message("cannot be reached")
        await outbox.message("does not render", template="broken", transactional=True)
        await deliver_messages(runtime)
        runtime.channels = {"email": Raises()}
        await outbox.message("raises")
        await deliver_messages(runtime)

        for key in ("canary-write-key", "canary-wrong-key"):
            client.auth = (key, "")
            person = {"userId": NAME, "properties": {"mail": MAIL}, "traits": {"phone": PHONE}}
            told.append(await client.post("/v1/batch", content=batch(track(**person), {"type": "x", **person})))
            told.append(await client.post("/v1/track", content=f'{{"event": "{MAIL}'.encode()))
            told.append(await client.get(f"/api/customers/u:{NAME}x"))
            told.append(await client.get(f"/l/{NAME}"))
        told.append(await client.get("/metrics"))

    written = capsys.readouterr().out.replace("canary-wrong-key", "")
    assert "delivery_failed" in written and "mails_put_off" in written
    assert [answer.status_code for answer in told].count(401) >= 3
    for canary in (MAIL, "canary.mail", PHONE, NAME, *SECRETS.values(), "canary-password"):
        assert canary not in written
        assert canary not in told[-1].text
    for secret in ("canary-admin-key", "canary-link-secret", "canary-password"):
        assert not [answer for answer in told if secret in answer.text]


def test_settings_show_no_secret():
    settings = api_settings("postgresql://kogda:canary-password@db/kogda", **SECRETS)

    assert "canary" not in repr(settings)
    assert isinstance(settings.smtp_url, SecretStr)
