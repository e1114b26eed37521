"""Named places at which a drill ends, breaks or stops this process. Unless a drill armed some, each is one test of an
empty dict."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

import structlog

from engine.errors import ConfigurationError

#: Each name, with what is done when it is reached and what is not yet.
FAILPOINTS: Mapping[str, str] = {
    "ingest.received": "events wait for their statement; nothing is written",
    "ingest.copied": "a large group is written, not committed",
    "ingest.rejected": "events and refused ones are written, not committed",
    "ingest.committed": "events are stored; nobody was answered",
    "ingest.answered": "the answer is on its way; no worker was woken",
    "sweep.found": "the sweep knows what waits; no lane was told",
    "wake.heard": "a wake-up was taken from Redis; nothing was read",
    "wake.begun": "the flags of the wake-up are down; the cursor was not read",
    "decide.read": "the cursors are locked and the batch is read",
    "decide.written": "effects are written; the cursor stands where it stood",
    "decide.moved": "effects and cursor are written, not committed",
    "decide.committed": "the batch is committed; delivery was not woken",
    "decide.woken": "delivery was woken",
    "merge.moved": "a customer's belongings are moved, not committed",
    "merge.told": "the other history was told to the runs, not committed",
    "poison.written": "what cannot be decided is in quarantine, not committed",
    "poison.committed": "it is set aside",
    "claim.locked": "due messages are locked; no guard was asked",
    "claim.stuck": "messages of a worker that is gone are settled, not committed",
    "claim.written": "attempt and lease are written, not committed",
    "claim.committed": "the messages are ours; nothing is rendered",
    "send.rendered": "rendered; the channel has not seen it",
    "send.answered": "the channel answered; nothing of it is written",
    "call.made": "a webhook's call is signed and was not sent",
    "call.answered": "the receiver answered; nothing of it is written",
    "mailbox.kept": "the mail is in the mailbox; the message is not settled",
    "inbox.kept": "the item is in the inbox, not committed",
    "settle.begun": "verdicts are gathered; nothing of them is written",
    "settle.written": "verdicts are written, not committed",
    "settle.committed": "verdicts are committed; waiting runs were not woken",
    "publish.stored": "rule set and publication are written, not committed",
    "publish.committed": "the new rule set is live; nobody was told",
    "callback.written": "a provider's reports are written, not committed",
    "callback.committed": "they are committed; no worker was woken",
    "consent.written": "a choice and its consequences are written, not committed",
    "consent.committed": "they are committed; what is in hand was not waited for",
    "hits.kept": "requests for links are written; none was judged",
    "hits.judged": "judgements and events are written, not committed",
    "hits.committed": "they are committed; no worker was woken",
    "past.asked": "appointments of a slice of customers are written, not committed",
    "past.committed": "they are committed; the next slice was not read",
    "move.written": "runs stand on their new rule set, not committed",
    "move.committed": "they are committed; the next slice was not read",
    "inbox.noted": "what was read is noted and told, not committed",
    "inbox.committed": "it is committed; no worker was woken",
    "telegram.taken": "an update of a chat is written, not committed",
    "telegram.committed": "it is committed; a consent in it was not taken back",
    "figures.folded": "changes are in the sums of reports, not committed",
    "figures.committed": "they are committed; the next round was not begun",
    "quarters.counted": "what is missing in the quarters of a few hours is counted; nothing is written",
    "quarters.added": "it is added, not committed",
    "quarters.committed": "it is committed; the next hours were not counted",
    "erase.written": "a person is taken out of every table, not committed",
    "erase.committed": "it is committed; nobody was answered",
    "forget.deleted": "old rows are deleted, not committed",
    "forget.committed": "they are gone; the next round was not begun",
}  # fmt: skip

#: `decide.moved=kill@3;send.answered=sleep:0.5`: at the third time, and at the first.
VARIABLE = "KOGDA_TEST_FAILPOINTS"
#: Set by drills, beside it: a variable that was left in a shell does no harm.
DRILL_VARIABLE = "KOGDA_TEST_DRILL"

Action = Literal["kill", "raise", "sleep"]
_DEFAULT_SLEEP_S = 1.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Trap:
    """What happens at a failpoint, the `at`-th time that it is reached."""

    action: Action
    at: int = 1
    seconds: float = _DEFAULT_SLEEP_S  # of a sleep: the whole process stands still


_armed: dict[str, Trap] = {}
_reached: Counter[str] = Counter()


def reach(name: str) -> None:
    """To be called with a literal name of the catalogue: tests/engine/test_failpoints.py looks for it."""
    if _armed:
        _spring(name)


def arm(given: Mapping[str, str]) -> None:
    """By the variables of this process. Raises ConfigurationError for failpoints outside of a drill, and for unknown
    ones."""
    traps = read_traps(given)
    _armed.clear()
    _reached.clear()
    _armed.update(traps)
    if traps:
        _log.warning("failpoints_armed", names=sorted(traps))


def read_traps(given: Mapping[str, str]) -> dict[str, Trap]:
    """Raises ConfigurationError, as `arm` does."""
    text = given.get(VARIABLE, "")
    if not text:
        return {}
    if not given.get(DRILL_VARIABLE):
        raise ConfigurationError(f"{VARIABLE} is for drills and would end this server; unset it")
    return dict(_trap(entry) for entry in text.split(";"))


def _trap(entry: str) -> tuple[str, Trap]:
    name, _, what = entry.strip().partition("=")
    what, _, at = what.partition("@")
    action, _, seconds = what.partition(":")
    if name not in FAILPOINTS or action not in get_args(Action):
        raise ConfigurationError(f"{VARIABLE}: {entry.strip()} is no failpoint with kill, raise or sleep")
    try:
        return name, Trap(cast(Action, action), int(at or 1), float(seconds or _DEFAULT_SLEEP_S))
    except ValueError as error:
        raise ConfigurationError(f"{VARIABLE}: {entry.strip()} is not name=action:seconds@count") from error


def _spring(name: str) -> None:
    trap = _armed.get(name)
    if trap is None:
        return
    _reached[name] += 1
    if _reached[name] != trap.at:
        return
    if trap.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif trap.action == "sleep":
        time.sleep(trap.seconds)
    else:
        raise ConnectionResetError(f"the drill breaks {name}")
