from __future__ import annotations

import asyncio
import multiprocessing
import signal

from api.lsp.aside import Aside
from tests.cli.running import until


async def test_the_end_does_not_wait_for_work_that_is_under_way() -> None:
    aside = Aside()
    endless = asyncio.create_task(aside.run(signal.pause))
    while not (children := multiprocessing.active_children()):
        await asyncio.sleep(0)

    endless.cancel()
    aside.end()

    # The pool's own thread waits for it as well: who comes second knows the code a moment later.
    await asyncio.to_thread(until, lambda: all(child.exitcode is not None for child in children))
    assert [child.exitcode for child in children] == [-signal.SIGKILL]
