import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import psutil
import pytest

from engine.embedded import EmbeddedServices, running_endpoints
from engine.errors import ConfigurationError, DataFolderTaken

OWNER = """
import sys, time
from pathlib import Path
from engine.embedded import EmbeddedServices
with EmbeddedServices(Path(sys.argv[1])) as services:
    print(services.postgres.pid, services.redis.pid, flush=True)
    time.sleep(600)
"""


async def test_what_was_committed_is_there_after_a_stop_and_a_start(folder: Path):
    with EmbeddedServices(folder) as first:
        connection = await asyncpg.connect(first.endpoints.database_url)
        await connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        await connection.close()

    with EmbeddedServices(folder) as second:
        connection = await asyncpg.connect(second.endpoints.database_url)
        kept = await connection.fetchval("SELECT one FROM kept")
        await connection.close()

    assert kept == 1


def test_a_folder_has_one_owner_and_the_error_names_it(folder: Path):
    with EmbeddedServices(folder), pytest.raises(DataFolderTaken, match=f"process {os.getpid()}"):
        EmbeddedServices(folder).__enter__()


def test_endpoints_are_known_while_the_services_run_and_not_after(folder: Path):
    with EmbeddedServices(folder) as services:
        during = running_endpoints(folder)
        expected = services.endpoints

    assert during == expected
    assert running_endpoints(folder) is None


def test_endpoints_of_a_dead_owner_are_not_believed(folder: Path):
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    stale = {"database_url": "x", "redis_url": "y", "pid": int(dead.stdout)}
    (folder / "endpoints.json").write_text(json.dumps(stale))

    assert running_endpoints(folder) is None


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends children with their parent on Linux only")
def test_a_killed_owner_leaves_no_orphan_and_the_next_one_starts(folder: Path):
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(folder)], stdout=subprocess.PIPE)
    assert owner.stdout is not None
    pids = [int(pid) for pid in owner.stdout.readline().split()]

    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()

    assert _all_gone_within(pids, seconds=60)
    with EmbeddedServices(folder) as next_owner:
        assert next_owner.postgres.pid not in pids


def test_only_its_owner_can_pass_the_socket_folder(folder: Path):
    with EmbeddedServices(folder) as services:
        mode = services.postgres.sockets.stat().st_mode & 0o777

    assert mode == 0o700


def test_the_socket_folder_goes_with_the_services_and_comes_back_with_the_next_ones(folder: Path):
    with EmbeddedServices(folder) as first:
        assert first.postgres.sockets.is_dir()
    assert not first.postgres.sockets.exists()

    with EmbeddedServices(folder) as second:
        assert second.postgres.sockets.is_dir()
        first.stop()  # once more: it has no part in this any longer
        assert second.postgres.sockets.is_dir()


def test_a_socket_folder_in_which_something_lies_stays(folder: Path):
    with EmbeddedServices(folder) as services:
        (services.postgres.sockets / "note").touch()

    assert [path.name for path in services.postgres.sockets.iterdir()] == ["note"]
    shutil.rmtree(services.postgres.sockets)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_a_socket_folder_of_somebody_else_is_neither_used_nor_removed(folder: Path):
    services = EmbeddedServices(folder)
    services.postgres.sockets.mkdir()
    os.chown(services.postgres.sockets, 12345, 12345)

    with pytest.raises(ConfigurationError, match="belongs to somebody else"):
        services.__enter__()

    assert services.postgres.sockets.stat().st_uid == 12345
    services.postgres.sockets.rmdir()


def _all_gone_within(pids: list[int], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(psutil.pid_exists(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
