"""The API comes first: its answers are waited for, and what it has stored can be decided a moment later."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

#: Of a core that both want the API gets three quarters. A core that nobody else wants is the worker's as before.
_POLITENESS = 5
_SESSION = Path("/proc/self/autogroup")


def give_way() -> None:
    """For the rest of this process, and of its session if it has one of its own."""
    os.nice(_POLITENESS)
    # Desktops and many servers share the cores out among sessions, and only then among the processes of one.
    if os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):  # another system, or a container that may not
            _SESSION.write_text(str(_POLITENESS))
