"""What a code lens does: the command line's own commands, with their words shown in the editor.

`ls` is a KogdaServer: pygls reads the annotations of commands at run time, when this name is not there yet.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from lsprotocol import types

from dsl.messages import in_language, say

TIMEOUT_S = 120
_MOST_SHOWN = 1_500  # characters; the rest is in the log of the server


async def test(ls: Any, folder: str, path: str, subject: str) -> None:
    """The test of this name; of a rule, all tests of its file."""
    tests = path if path.endswith(".test.rules") else path.removesuffix(".rules") + ".test.rules"
    run = ["--run", subject] if path == tests else []
    await _run(ls, folder, ["test", tests, *run])


async def simulate(ls: Any, folder: str, path: str, subject: str) -> None:
    await _run(ls, folder, ["simulate", "--rules", folder])


async def explain(ls: Any, folder: str, path: str, subject: str) -> None:
    await _run(ls, folder, ["explain", subject])


async def _run(ls: Any, folder: str, arguments: list[str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "api.cli", *arguments),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    except TimeoutError:
        process.kill()
        await process.wait()
        output = in_language(say("stopped: it took too long"), ls.wording.language).encode()
    _show(ls, f"kogda {' '.join(arguments)}", output.decode(errors="replace"), failed=process.returncode != 0)


def _show(ls: Any, command: str, output: str, *, failed: bool) -> None:
    kind = types.MessageType.Error if failed else types.MessageType.Info
    ls.window_log_message(types.LogMessageParams(kind, f"$ {command}\n{output}"))
    shown = output.strip()
    ls.window_show_message(types.ShowMessageParams(kind, shown[-_MOST_SHOWN:] or command))


COMMANDS: dict[str, Callable[..., Any]] = {
    "kogda.test": test,
    "kogda.simulate": simulate,
    "kogda.explain": explain,
}
