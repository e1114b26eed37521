"""Against the figures of Parcelvoy on a machine of this size, measured in the same way: events that no rule waits for,
and bursts of five events of each customer, a mail for each, until the last mail has arrived.

Parcelvoy (Node, MySQL, Redis; one api, one worker, its production defaults): 846 such events/s accepted and drained,
53 to 71 mails/s, 62 % of the mails of bursts lost, 724 MB in all after 2,000 mails. It is not run here: its figures
are constants.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from benchmarks import crowd, shop
from benchmarks.report import Figure
from benchmarks.stand import Stand, helper
from benchmarks.workers import decide
from engine.clock import utc_now

EVENTS_A_SECOND, MAILS_A_SECOND, MEMORY_MIB = 846, 62, 724e6 / 2**20
TIMES = 20
CUSTOMERS, BURST = 1_500, 5
UNHEARD_OF = 60_000  # a few seconds, so that the beginning and the last batch count for little
#: A text for each event of a burst: the same one to the same person within a minute is said once.
RULES = "\n".join(
    f'rule "note {nth}"\n  when order_placed where event.kind is "burst{nth}" send email "note{nth}"\n'
    for nth in range(BURST)
)
TEMPLATES = {f"email/note{nth}.html": shop.TEMPLATES["email/note.html"] for nth in range(BURST)}


@dataclass(frozen=True, slots=True)
class Arrived:
    seconds: float
    lost: int
    doubled: int


def measure() -> list[Figure]:
    with helper("benchmarks.counting_sink") as sink:
        assert sink.stdout is not None
        port = int(sink.stdout.readline())
        environment = {"KOGDA_SMTP_URL": f"smtp://127.0.0.1:{port}", "KOGDA_MAIL_FROM": "shop@example.com"}
        with Stand(RULES, shop.SCHEMA, TEMPLATES, environment=environment) as stand:
            stand.start()
            decide(stand, 5_000, seed=60)  # warms up
            drained = UNHEARD_OF / decide(stand, UNHEARD_OF, seed=61)
            arrived = _burst(stand, sink)
            memory = _memory_mib(stand)
    return _figures(drained, arrived, memory)


def _figures(drained: float, arrived: Arrived, memory: float) -> list[Figure]:
    mails = CUSTOMERS * BURST
    how = f"{BURST} events in a row of each of {CUSTOMERS:,} customers, a mail each, SMTP (PIPELINING) on this machine"
    rate = (mails - arrived.lost) / max(arrived.seconds, 0.001)
    return [
        Figure(
            what="events that no rule waits for, POST to decided, beside Parcelvoy", value=drained / EVENTS_A_SECOND,
            unit="times", goal=TIMES, detail=f"{UNHEARD_OF:,} events, {drained:,.0f} a second; {EVENTS_A_SECOND} there",
        ),
        Figure(
            what="event to delivered mail, beside Parcelvoy", value=rate / MAILS_A_SECOND, unit="times", goal=TIMES,
            detail=f"{rate:,.0f} mails/s, 53 to 71 there; {how}",
        ),
        Figure(
            what="of bursts: mails lost", value=arrived.lost, unit="mails", goal=0, at_least=False, detail="62 % there"
        ),
        Figure(what="of bursts: mails doubled", value=arrived.doubled, unit="mails", goal=0, at_least=False),
        Figure(
            what="memory of all processes after it, beside Parcelvoy", value=memory / MEMORY_MIB, unit="x", goal=0.5,
            at_least=False, detail=f"{memory:.0f} MiB (proportional set size); {MEMORY_MIB:.0f} MiB there",
        ),
    ]  # fmt: skip


def _burst(stand: Stand, sink: subprocess.Popen[str]) -> Arrived:
    """Until every mail has arrived, or none has for ten seconds."""
    crowd.send_all(stand.port, shop.batches(_addresses(), 100), connections=4)
    began = newest = time.perf_counter()
    crowd.send_all(stand.port, shop.batches(_orders(), 100), connections=4)
    taken = lost = doubled = 0
    while time.perf_counter() - newest < 10 and (lost or not taken):
        before = taken
        taken, lost, doubled = _counted(sink)
        newest = time.perf_counter() if taken > before else newest
        time.sleep(0.05)
    return Arrived(newest - began, lost, doubled)


def _addresses() -> Iterator[dict[str, object]]:
    for number in range(CUSTOMERS):
        yield _call(number, f"i{number}") | {"type": "identify", "traits": {"email": f"c{number}@example.com"}}


def _orders() -> Iterator[dict[str, object]]:
    for number in range(CUSTOMERS * BURST):
        kind = f"burst{number % BURST}"
        properties = {"order_id": f"b{number}", "total": 20, "currency": "EUR", "kind": kind}
        yield _call(number // BURST, f"b{number}") | {
            "type": "track",
            "event": "Order Placed",
            "properties": properties,
        }


def _call(customer: int, message_id: str) -> dict[str, object]:
    return {"messageId": message_id, "userId": f"burst-{customer}", "timestamp": utc_now().isoformat()}


def _counted(sink: subprocess.Popen[str]) -> tuple[int, int, int]:
    """Mails taken; of CUSTOMERS with BURST each, how many are missing and how many are too many."""
    assert sink.stdin is not None and sink.stdout is not None
    sink.stdin.write(f"{CUSTOMERS} {BURST}\n")
    sink.stdin.flush()
    taken, lost, doubled = map(int, sink.stdout.readline().split())
    return taken, lost, doubled


def _memory_mib(stand: Stand) -> float:
    roots = [process.pid for process in stand.processes]
    roots += [pid for pid in (stand.services.postgres.pid, stand.services.redis.pid) if pid is not None]
    family = [
        member for pid in roots for member in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True))
    ]
    return sum(float(member.memory_full_info().pss) for member in family) / 2**20
