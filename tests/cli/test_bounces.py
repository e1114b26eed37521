"""`kogda bounces` and `kogda report`, as a mail server and an operator call them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from engine.flow.delivery.deliver_messages import deliver_messages
from engine.storage.database import Database
from tests.cli.running import environment
from tests.engine.callbacks.test_mail_reports import OURS, POSTFIX
from tests.engine.delivery.outbox import Outbox
from tests.forking import run_kogda


def kogda(folder: Path, database_url: str, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    variables = environment(KOGDA_DATABASE_URL=database_url, KOGDA_WAKER="null", NO_COLOR="1")
    return run_kogda(list(arguments), cwd=folder, variables=variables, given=given)


async def test_a_bounce_from_a_pipe_ends_the_address(database: Database, database_url: str, tmp_path: Path):
    outbox = Outbox(database)
    await outbox.publish()
    await outbox.customer()
    message = await outbox.message()
    await deliver_messages(outbox.runtime)
    mail = POSTFIX.replace(str(OURS), str(message)).encode()

    taken = kogda(tmp_path, database_url, "bounces", "-", given=mail)
    other = kogda(tmp_path, database_url, "bounces", "-", given=b"Subject: Hello\n\nHow are you?")
    report = kogda(tmp_path, database_url, "report")

    assert (taken.returncode, taken.stderr) == (0, b"")
    assert b"1 reports, 0 of them about no message of ours; addresses suppressed: 1" in b" ".join(taken.stdout.split())
    assert other.returncode == 0
    assert [tuple(row) for row in await outbox.fetch("SELECT channel, address FROM suppression")] == [
        ("email", "anna@example.com")
    ]
    assert [row["name"] for row in await outbox.fetch("SELECT name FROM event")] == ["email_bounced"]
    assert b"sent 1, opened 0 (0.0%)" in report.stdout
    assert b"bounced 1" in report.stdout


async def test_a_forged_bounce_of_somebody_elses_address_is_not_believed(
    database: Database, database_url: str, tmp_path: Path
):
    outbox = Outbox(database)
    await outbox.publish()
    await outbox.customer()
    message = await outbox.message()
    await deliver_messages(outbox.runtime)
    mail = POSTFIX.replace(str(OURS), str(message)).replace("anna@example.com", "victim@example.com")
    (tmp_path / "mail.eml").write_text(mail)

    taken = kogda(tmp_path, database_url, "bounces", "mail.eml")

    assert taken.returncode == 0
    assert await outbox.fetch("SELECT FROM suppression") == []


def test_while_the_database_is_away_the_mail_server_keeps_the_mail(tmp_path: Path):
    away = "postgresql://nobody@127.0.0.1:9/kogda"

    assert kogda(tmp_path, away, "bounces", "-", given=POSTFIX.encode()).returncode == 75


def test_a_file_that_is_none_is_said(tmp_path: Path, database_url: str):
    taken = kogda(tmp_path, database_url, "bounces", "nothing.eml")

    assert taken.returncode == 2
    assert b"nothing.eml cannot be read" in taken.stderr
