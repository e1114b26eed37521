"""What the URL of the database says of a pooler."""

from __future__ import annotations

import pytest

from engine.storage.addresses import address


@pytest.mark.parametrize(
    ("url", "plain", "is_shared"),
    [
        pytest.param("postgresql://a@b:6432/c?pool_mode=transaction", "postgresql://a@b:6432/c", True, id="shared"),
        pytest.param("postgresql://a@b/c?pool_mode=session&x=1", "postgresql://a@b/c?x=1", False, id="not shared"),
        pytest.param("postgresql://a@/c?host=%2Ftmp%2Fs", "postgresql://a@/c?host=%2Ftmp%2Fs", False, id="no pooler"),
        pytest.param(
            "postgresql://a:p%40@/c?host=%2Ftmp%2Fs&pool_mode=transaction",
            "postgresql://a:p%40@/c?host=%2Ftmp%2Fs",
            True,
            id="a socket and a password",
        ),
    ],
)
def test_the_word_for_us_is_kept_from_postgresql(url: str, plain: str, is_shared: bool):
    found = address(url)

    assert (found.url, found.is_shared) == (plain, is_shared)
