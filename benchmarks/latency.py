"""How long from the API's 200 to the hand-over of the mail to SMTP, on a quiet system."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
import urllib.request
from base64 import b64encode

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from benchmarks import shop
from benchmarks.report import Figure
from benchmarks.stand import WRITE_KEY, Stand, free_port
from engine.clock import utc_now

RULES = 'when order_placed send email "note"\n'


class _Sink:
    """Notes when the mail for each address was handed over (the moment its DATA ended)."""

    def __init__(self) -> None:
        self.handed_over: dict[str, float] = {}

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        for recipient in envelope.rcpt_tos:
            self.handed_over[recipient] = time.perf_counter()
        return "250 OK"


def measure(*, mails: int = 200) -> list[Figure]:
    sink, port = _Sink(), free_port()
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    environment = {"KOGDA_SMTP_URL": f"smtp://127.0.0.1:{port}", "KOGDA_MAIL_FROM": "shop@example.com"}
    try:
        with Stand(RULES, shop.SCHEMA, shop.TEMPLATES, environment=environment) as stand:
            stand.start()
            waits = asyncio.run(_waits(stand.port, sink, mails))
    finally:
        controller.stop()
    cuts = statistics.quantiles(waits, n=100)
    how = f"{len(waits)} single events, one after another, real SMTP on loopback"
    return [
        Figure(what="200 to SMTP hand-over, p50", value=cuts[49], unit="ms", goal=60, at_least=False, detail=how),
        Figure(what="200 to SMTP hand-over, p99", value=cuts[98], unit="ms", goal=250, at_least=False, detail=how),
    ]


async def _waits(port: int, sink: _Sink, mails: int) -> list[float]:
    waits = []
    for number in range(mails + 10):
        address = f"c{number}@example.com"
        await asyncio.to_thread(_post, port, _order(number, address))
        answered = time.perf_counter()
        while address not in sink.handed_over:
            if time.perf_counter() - answered > 20:
                raise RuntimeError(f"no mail for {address} within 20 s")
            await asyncio.sleep(0.001)
        waits.append(max(0.0, sink.handed_over[address] - answered) * 1000)
    return waits[10:]


def _order(number: int, address: str) -> list[dict[str, object]]:
    person: dict[str, object] = {"userId": f"latency-{number}", "timestamp": utc_now().isoformat()}
    identify = {"type": "identify", "messageId": f"i{number}", "traits": {"email": address}, **person}
    properties = {"order_id": f"o{number}", "total": 10, "currency": "EUR", "kind": "web"}
    return [
        identify,
        {"type": "track", "event": "Order Placed", "messageId": f"t{number}", "properties": properties, **person},
    ]


def _post(port: int, batch: list[dict[str, object]]) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/batch",
        data=json.dumps({"batch": batch}).encode(),
        headers={"Authorization": "Basic " + b64encode(f"{WRITE_KEY}:".encode()).decode()},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        if answer.status != 200:
            raise RuntimeError(f"the API answered {answer.status}")
