"""Open connections to one SMTP server. A broken one is closed, never put back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import monotonic

from aiosmtplib import SMTP

from engine.channels.places import Held, Places
from engine.channels.smtp_conversation import Conversation
from engine.channels.smtp_settings import SmtpSettings


@dataclass(slots=True)
class PooledConnection:
    conversation: Conversation
    place: Held  # of whoever has it, or had it last
    used_at: float = 0.0  # monotonic
    mails: int = 0
    is_fresh: bool = True  # opened for this mail
    is_clean: bool = False  # between two mails: no command or answer is pending


class SmtpPool:
    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._places = Places(settings.connections)
        self._idle: list[PooledConnection] = []

    async def take(self, *, fresh: bool = False, is_service: bool = False) -> PooledConnection:
        """Waits for a free place. Raises what aiosmtplib raises when the server cannot be reached.

        Whoever takes one gives it back; with `is_clean` false it is spoilt.
        """
        place = await self._places.take(is_service=is_service)
        try:
            connection = (None if fresh else self._usable()) or await self._opened(place)
        except BaseException:
            self._places.leave(place)
            raise
        connection.place, connection.is_clean = place, False
        return connection

    async def give_back(self, connection: PooledConnection) -> None:
        try:
            await self._put_back(connection)
        finally:
            self._places.leave(connection.place)

    async def close(self) -> None:
        idle, self._idle = self._idle, []
        await asyncio.gather(*(self._quit(connection) for connection in idle))

    def _usable(self) -> PooledConnection | None:
        """The idle connection that was used last, so that surplus ones grow old and are closed."""
        while self._idle:
            connection = self._idle.pop()
            is_young = monotonic() - connection.used_at < self._settings.idle_s
            if is_young and connection.conversation.is_between_mails:
                connection.is_fresh = False
                return connection
            connection.conversation.close()
        return None

    async def _opened(self, place: Held) -> PooledConnection:
        settings = self._settings
        client = SMTP(
            hostname=settings.host,
            port=settings.port,
            use_tls=settings.implicit_tls,
            start_tls=settings.start_tls,
            username=settings.username,
            password=settings.password,
            tls_context=settings.tls,
            timeout=settings.timeouts.command,
            local_hostname=settings.ehlo,
        )
        try:
            async with asyncio.timeout(settings.timeouts.command):
                await client.connect(timeout=settings.timeouts.connect)
                if client.is_ehlo_or_helo_needed:
                    await client.ehlo()
            return PooledConnection(Conversation(client), place)
        except BaseException:
            client.close()  # or the event loop keeps its socket open
            raise

    async def _put_back(self, connection: PooledConnection) -> None:
        connection.mails += 1
        connection.used_at = monotonic()
        if not connection.is_clean or not connection.conversation.is_between_mails:
            connection.conversation.close()
        elif connection.mails >= self._settings.per_connection:
            await self._quit(connection)
        else:
            self._idle.append(connection)

    async def _quit(self, connection: PooledConnection) -> None:
        await connection.conversation.quit(self._settings.timeouts.quit)
