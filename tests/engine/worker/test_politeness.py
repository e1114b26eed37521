"""A worker gives way, in a process of its own: what is given away cannot be taken back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_SESSION = Path("/proc/self/autogroup")
_SCRIPT = """
import os
from engine.worker.politeness import give_way
give_way()
print(os.nice(0))
"""
_OF_SESSION = "print(open('/proc/self/autogroup').read().rpartition('nice ')[2])"


def test_a_worker_is_nicer_than_who_started_it() -> None:
    told = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=True)

    assert int(told.stdout) == min(os.nice(0) + 5, 19)


@pytest.mark.skipif(not _SESSION.exists(), reason="this system does not share cores out among sessions")
@pytest.mark.parametrize(("own", "nice"), [(True, 5), (False, 0)], ids=["its own", "another's"])
def test_a_session_gives_way_only_when_it_is_the_workers_own(own: bool, nice: int) -> None:
    script = ["-c", _SCRIPT + _OF_SESSION]
    # A session of the test's own, which the worker then has to itself or not.
    command = [sys.executable, *script] if own else ["sh", "-c", '"$@"; true', "sh", sys.executable, *script]

    told = subprocess.run(command, capture_output=True, text=True, check=True, start_new_session=True)

    assert int(told.stdout.split()[1]) == nice
