"""What hand-overs show of their providers: which went down, which came back, and what the operator hears of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from engine.circuits import CircuitName, breaker_of
from engine.flow.delivery.choosing import circuit_of
from engine.flow.delivery.circuits import close_gates, open_gate
from engine.flow.delivery.claiming import Claimed
from engine.flow.delivery.handing_over import Finished
from engine.runtime import Runtime
from engine.storage.database import TROUBLE

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Outages:
    """Noted at each hand-over, written now and then."""

    runtime: Runtime
    _went_down: dict[CircuitName, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)  # reason and settings
    _came_back: set[CircuitName] = field(default_factory=set)

    def note(self, claimed: Claimed, ended: Finished) -> None:
        if ended.met == "nobody" and ended.outage is None:
            return
        message, settings, circuits = claimed.message, claimed.policy.settings, self.runtime.circuits
        name = circuit_of(message, settings)
        if ended.outage is not None:
            name = f"{message.channel} {ended.provider}".rstrip()
        if circuits.ended(name, ended.outage, breaker_of(settings, message.channel)):
            self._went_down[name] = (ended.outage or "", settings)
        elif ended.outage is None and name in circuits.open:
            self._came_back.add(name)

    async def write(self) -> None:
        """For all workers to know."""
        went_down, self._went_down = self._went_down, {}
        came_back, self._came_back = self._came_back, set()
        try:
            for name, (reason, settings) in went_down.items():
                await open_gate(self.runtime, name, reason, settings)
            if came_back:
                await close_gates(self.runtime, came_back)
        except TROUBLE as error:
            _log.warning("provider_state_not_written", error=repr(error))

    def tell(self, finished: Sequence[Finished]) -> None:
        """A provider that is down concerns the operator at once, and not once for each mail."""
        if self.runtime.circuits.open:
            return  # told already
        reasons = [ended.outage for ended in finished if ended.outage]
        count = self.runtime.notices.add("outage", len(reasons))
        if reasons and count:
            _log.warning("mails_put_off", messages=count, reason=reasons[-1])
