"""Numbers of a running server for hovers: how often an event came, how many are in a segment. Only when asked for."""

from __future__ import annotations

import asyncio
import os
import time

from api.cli.against import observed_of
from dsl.around import Observed
from dsl.assistance.mentions import Mention
from dsl.catalog import Catalog
from dsl.messages import Message, say
from engine.errors import KogdaError

ADDRESS = "KOGDA_URL"
FRESH_S = 300.0  # how long an answer is believed
AGAIN_S = 60.0  # how soon a server that did not answer is asked again


class LiveNumbers:
    """Silent without KOGDA_URL, and when the server does not answer: an editor works without one."""

    def __init__(self) -> None:
        self._url = os.environ.get(ADDRESS, "")
        self._observed: Observed | None = None
        self._ask_at = float("-inf")
        self._asking = asyncio.Lock()

    async def about(self, mention: Mention) -> Message | None:
        observed = await self.observed() if self._url else None
        return _told(mention, observed) if observed else None

    async def observed(self) -> Observed | None:
        async with self._asking:
            if time.monotonic() >= self._ask_at:
                await self._ask()
        return self._observed

    async def _ask(self) -> None:
        try:
            self._observed = await asyncio.to_thread(observed_of, self._url, Catalog())
            self._ask_at = time.monotonic() + FRESH_S
        except KogdaError:
            self._observed = None
            self._ask_at = time.monotonic() + AGAIN_S


def _told(mention: Mention, observed: Observed) -> Message | None:
    if mention.kind == "event" and mention.name in observed.events:
        times, doers = observed.events[mention.name], observed.doers.get(mention.name, 0)
        return say(
            "in the last {days} days {times} {times:time|times}, by {customers} {customers:customer|customers}",
            days=observed.days,
            times=times,
            customers=doers,
        )
    if mention.kind == "name" and mention.name in observed.segments:
        return say("{customers} {customers:customer|customers} in it now", customers=observed.segments[mention.name])
    if mention.kind == "attribute" and mention.name in observed.attributes:
        return say("known of {share}% of the customers", share=round(100 * observed.attributes[mention.name]))
    if mention.kind == "promo" and mention.name in observed.promo_codes:
        return say("{codes} {codes:code|codes} left", codes=observed.promo_codes[mention.name])
    return None
