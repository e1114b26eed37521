"""Clients from npm, unmodified, against a live server. Installed at first use, into a cache outside the tree."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.api.clients.conftest import LossyProxy
from tests.api.clients.expected import assert_stored_once
from tests.api.conftest import KEY, LiveServer, Stored

HERE = Path(__file__).parent / "node"

pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="node and npm are not installed")


@pytest.fixture(scope="session")
def packages() -> Path:
    """A folder with the clients of package-lock.json, made once for each version of it."""
    digest = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "kogda-tests" / f"node-{digest}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (cache / "complete").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, cache)
            subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=cache, check=True, timeout=240
            )
            (cache / "complete").touch()
    return cache


@pytest.mark.parametrize("script", ["segment", "rudderstack"])
async def test_a_node_client_is_served(live_server: LiveServer, stored: Stored, packages: Path, script: str) -> None:
    await asyncio.to_thread(_run, packages, script, live_server.url)

    await assert_stored_once(stored)


async def test_what_a_node_client_sends_again_is_stored_once(
    lossy_proxy: LossyProxy, stored: Stored, packages: Path
) -> None:
    await asyncio.to_thread(_run, packages, "segment", lossy_proxy.url)

    assert max(lossy_proxy.messages.values()) > 1
    await assert_stored_once(stored)


def _run(packages: Path, script: str, url: str) -> None:
    # Copied, since a module finds its packages from the folder it lies in.
    program = shutil.copy(HERE / f"{script}.mjs", packages)
    subprocess.run(["node", str(program), url, KEY], check=True, timeout=120)
