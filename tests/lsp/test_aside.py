from __future__ import annotations

import asyncio
import multiprocessing
import signal

from api.lsp.aside import Aside


async def test_the_end_does_not_wait_for_work_that_is_under_way() -> None:
    aside = Aside()
    endless = asyncio.create_task(aside.run(signal.pause))
    while not (children := multiprocessing.active_children()):
        await asyncio.sleep(0)

    endless.cancel()
    aside.end()

    for child in children:
        child.join(30)
    assert [child.exitcode for child in children] == [-signal.SIGKILL]
