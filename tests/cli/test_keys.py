"""`kogda keys webpush`, `inbox` and `inbox-token`, as a person runs them."""

from __future__ import annotations

from pathlib import Path

from engine.base64url import from_text
from engine.channels.web_push_sealing import private_key
from engine.clock import utc_now
from engine.links.customer_tokens import inbox_key, read_customer
from engine.storage.database import Database
from engine.storage.installation import found_installation
from tests.cli.running import kogda


def test_a_key_for_push_to_browsers_is_another_each_time(tmp_path: Path) -> None:
    keys = [kogda("keys", "webpush", cwd=tmp_path).stdout.strip() for _ in range(2)]

    assert keys[0] != keys[1]
    assert private_key(from_text(keys[0])).key_size == 256


async def test_the_key_and_a_token_for_inboxes_fit_this_installation(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    unused = kogda("keys", "inbox", cwd=tmp_path, KOGDA_DATABASE_URL=database_url)
    installation = await found_installation(database, 8)

    key = kogda("keys", "inbox", cwd=tmp_path, KOGDA_DATABASE_URL=database_url).stdout.strip()
    token = kogda("keys", "inbox-token", "42", cwd=tmp_path, KOGDA_DATABASE_URL=database_url).stdout.strip()

    assert (unused.returncode, "was never used" in unused.stderr) == (1, True)
    assert key == inbox_key(installation.link_secret)
    assert read_customer(key, token, utc_now()) == "42"


async def test_a_secret_of_links_makes_other_keys(database: Database, database_url: str, tmp_path: Path) -> None:
    await found_installation(database, 8)
    secret = "x" * 40

    asked = kogda("keys", "inbox", cwd=tmp_path, KOGDA_DATABASE_URL=database_url, KOGDA_LINK_SECRET=secret)

    assert asked.stdout.strip() == inbox_key(secret.encode())
