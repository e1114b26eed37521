"""Email through an SMTP server: MAIL, RCPT, DATA, the content, the final dot, each with its own meaning when it fails.

Up to the final dot nothing was accepted, so a lost connection means: try later. After it nobody can know.
"""

from __future__ import annotations

import asyncio
import re

from aiosmtplib import SMTP, SMTPException, SMTPResponse, SMTPResponseException
from aiosmtplib.protocol import SMTPProtocol

from engine.channels import Handover, Rejected, Sent, TryLater, Unknown, Verdict
from engine.channels.mime import Envelope, build_mail
from engine.channels.smtp_pool import PooledConnection, SmtpPool
from engine.channels.smtp_replies import verdict_of
from engine.channels.smtp_settings import SmtpSettings
from engine.errors import UnsafeHeader

_LINE_START_DOT = re.compile(rb"(?m)^\.")
_OK = range(200, 300)
#: A mail of no more bytes leaves together with its final dot, as one piece for the server to read: the kernel has room
#: for all of it. Of a bigger one the dot is kept until everything before it has left.
_IN_ONE_PIECE = 32 * 1024
_END = b".\r\n"
#: It gives mails an id of its own, and speaks of no other when it reports.
_POSTMARK = ".postmarkapp.com"
_LOST = (SMTPException, OSError, TimeoutError)


class Refused(Exception):
    """The server said no, in order: the connection can be used again after RSET."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict


class StaleConnection(Exception):
    """A pooled connection turned out to be dead at its first command: nothing was said, another one will do."""


class SmtpChannel:
    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._pool = SmtpPool(settings)

    async def send(self, handover: Handover) -> Verdict:
        try:
            envelope = build_mail(handover, is_for_postmark=self._settings.host.endswith(_POSTMARK))
        except UnsafeHeader as error:
            return Rejected(str(error))
        try:
            return await self._through_pool(envelope, handover, fresh=False)
        except StaleConnection:
            return await self._through_pool(envelope, handover, fresh=True)

    async def close(self) -> None:
        await self._pool.close()

    async def _through_pool(self, envelope: Envelope, handover: Handover, *, fresh: bool) -> Verdict:
        try:
            async with self._pool.connection(fresh=fresh, is_service=handover.is_service) as connection:
                return await self._deliver(connection, envelope)
        except SMTPResponseException as error:
            return TryLater(f"connecting answered {error.code} {error.message[:200]}", is_outage=True)
        except _LOST as error:
            return TryLater(f"{self._settings.host} cannot be reached: {_said(error)}", is_outage=True)

    async def _deliver(self, connection: PooledConnection, envelope: Envelope) -> Verdict:
        client = connection.client
        try:
            await self._introduce(client, envelope, may_be_stale=not connection.is_fresh)
            is_ended = await self._write_content(client, _LINE_START_DOT.sub(b"..", envelope.raw))
        except Refused as refusal:
            connection.is_clean = await self._reset(client)
            return refusal.verdict
        except _LOST as error:
            return TryLater(f"the connection was lost before the end of the mail: {_said(error)}")
        if not client.is_connected:
            return TryLater("the connection was lost before the end of the mail")
        try:
            code, message = await self._end(client, b"" if is_ended else _END)
        except _LOST as error:
            return Unknown(f"the mail was written, but no answer came: {_said(error)}")
        connection.is_clean = code != 421
        return Sent(envelope.message_id) if code in _OK else verdict_of("the end of the mail", code, message)

    async def _introduce(self, client: SMTP, envelope: Envelope, *, may_be_stale: bool) -> None:
        timeouts = self._settings.timeouts
        try:
            answer = await client.execute_command(
                b"MAIL", b"FROM:<" + envelope.sender.encode("ascii") + b">", timeout=timeouts.command
            )
        except _LOST as error:
            if may_be_stale:
                raise StaleConnection from error
            raise
        if answer.code == 421 and may_be_stale:
            raise StaleConnection
        _expect("MAIL", answer.code, answer.message, _OK)
        recipient = b"TO:<" + envelope.recipient.encode("ascii") + b">"
        answer = await client.execute_command(b"RCPT", recipient, timeout=timeouts.command)
        _expect("RCPT", answer.code, answer.message, _OK)
        answer = await client.execute_command(b"DATA", timeout=timeouts.data)
        _expect("DATA", answer.code, answer.message, range(354, 355))

    async def _write_content(self, client: SMTP, content: bytes) -> bool:
        """Whether the final dot has gone with it; if not, the last byte before it has left this process."""
        protocol = _protocol(client)
        if len(content) <= _IN_ONE_PIECE:
            protocol.write(content + _END)
            return True
        protocol.write(content)
        left, unchanged_s = _unwritten(client), 0.0
        while left and client.is_connected:
            await asyncio.sleep(0.02)
            unchanged_s = unchanged_s + 0.02 if _unwritten(client) == left else 0.0
            left = _unwritten(client)
            if unchanged_s > self._settings.timeouts.block:
                raise TimeoutError("the server takes no more bytes")
        return False

    async def _end(self, client: SMTP, dot: bytes) -> SMTPResponse:
        """Nobody can know of what is lost from here on."""
        protocol = _protocol(client)
        if dot:
            protocol.write(dot)
        return await protocol.read_response(timeout=self._settings.timeouts.final)

    async def _reset(self, client: SMTP) -> bool:
        """Whether the connection is fit for another mail."""
        try:
            answer = await client.execute_command(b"RSET", timeout=self._settings.timeouts.quit)
        except _LOST:
            return False
        return answer.code in _OK


def _expect(verb: str, code: int, message: str, wanted: range) -> None:
    if code not in wanted:
        raise Refused(verdict_of(verb, code, message))


def _protocol(client: SMTP) -> SMTPProtocol:
    if client.protocol is None or client.transport is None:
        raise ConnectionResetError("connection lost")
    return client.protocol


def _unwritten(client: SMTP) -> int:
    # uvloop's transports belong to no common class.
    size = getattr(client.transport, "get_write_buffer_size", None)
    return int(size()) if size else 0


def _said(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
