"""`kogda unsubscribe`: the mail that a mail program sends for who presses its button."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cli.unsubscribe import token_in
from engine.core.identity import customer_id
from engine.links.customer_links import CustomerLink, sign_link
from engine.storage.database import Database
from engine.storage.installation import found_installation
from tests.cli.running import kogda
from tests.engine.delivery.outbox import PARTITIONS, Outbox

TOKEN = "A" * 70 + "-_9"


@pytest.mark.parametrize(
    ("head", "token"),
    [
        pytest.param(f"From: a@b.example\r\nSubject: unsubscribe {TOKEN}\r\n\r\nhello", TOKEN, id="as we asked"),
        pytest.param(f"Subject: Unsubscribe\r\n {TOKEN[:40]}\r\n {TOKEN[40:]}\r\n\r\n", TOKEN, id="folded"),
        pytest.param(f"Subject: Re: unsubscribe {TOKEN}\r\n\r\n", None, id="an answer"),
        pytest.param(f"Subject: Hello\r\n\r\nSubject: unsubscribe {TOKEN}", None, id="in the body"),
        pytest.param("Subject: unsubscribe\r\n\r\n", None, id="no token"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_the_token_stands_in_the_subject(head: str, token: str | None):
    assert token_in(head.encode()) == token


@given(st.binary(max_size=300))
def test_no_mail_whatever_its_bytes_is_a_reason_to_fail(raw: bytes):
    assert token_in(b"Subject: " + raw) is None or b"nsubscribe" in raw.lower()


async def test_a_mail_leaves_what_its_link_leaves(tmp_path: Path, database: Database):
    outbox = Outbox(database)
    installation = await found_installation(database, PARTITIONS)
    await outbox.publish()
    customer = await outbox.customer()
    message = await outbox.message()
    link = CustomerLink(customer=customer_id("u:anna"), message=message, channel="email", what="news")
    token = sign_link(installation.link_secret, "unsubscribe", link)
    (tmp_path / "mail").write_text(f"Subject: unsubscribe {token}\n\n")
    (tmp_path / "other").write_text(f"Subject: unsubscribe {token[:-1]}x\n\n")

    def run(file: str) -> tuple[int, str]:
        done = kogda("unsubscribe", file, cwd=tmp_path, KOGDA_DATABASE_URL=database.url, KOGDA_WAKER="null")
        return done.returncode, done.stdout

    wrong, right = run("other"), run("mail")

    assert wrong == (0, "no link of ours in its subject: nothing was changed\n")
    assert right == (0, "news was refused\n")
    [row] = await outbox.fetch("SELECT consent FROM customer WHERE id = $1", customer)
    assert row["consent"] == {"news": False}
    [entry] = await outbox.fetch("SELECT how, at FROM consent_entry")
    assert entry["how"] == "mail"
    assert entry["at"] > datetime(2026, 1, 1, tzinfo=UTC)


def test_a_mail_server_is_told_to_call_again_when_the_database_is_away(tmp_path: Path):
    (tmp_path / "mail").write_text(f"Subject: unsubscribe {TOKEN}\n\n")

    done = kogda("unsubscribe", "mail", cwd=tmp_path, KOGDA_DATABASE_URL="postgresql://x@127.0.0.1:9/none")

    assert done.returncode == 75
