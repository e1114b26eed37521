"""Email through an SMTP server: MAIL, RCPT, DATA, the content, the final dot, each with its own meaning when it fails.

Up to the final dot nothing was accepted, so a lost connection means: try later. After it nobody can know.
"""

from __future__ import annotations

import asyncio

from aiosmtplib import SMTPException, SMTPResponse, SMTPResponseException

from engine.channels import Handover, Rejected, Sent, TryLater, Unknown, Verdict
from engine.channels.mime import Envelope, build_mail
from engine.channels.smtp_conversation import Conversation
from engine.channels.smtp_pool import PooledConnection, SmtpPool
from engine.channels.smtp_replies import verdict_of
from engine.channels.smtp_settings import SmtpSettings
from engine.errors import UnsafeHeader

_OK = range(200, 300)
#: A mail of at most so many bytes is written together with its final dot: the kernel's buffer takes all of it. Of a
#: larger mail the dot is held back until everything before it has left this process.
_IN_ONE_PIECE = 32 * 1024
_END = b".\r\n"
#: It gives mails ids of its own, and names no other in its reports.
_POSTMARK = ".postmarkapp.com"
_LOST = (SMTPException, OSError, TimeoutError)


class Refused(Exception):
    """The server said no, in order: the connection can be used again after RSET."""

    def __init__(self, verdict: Verdict, *, unheard: int) -> None:
        self.verdict = verdict
        self.unheard = unheard  # answers still to come, to commands sent together with the refused one


class StaleConnection(Exception):
    """A pooled connection was dead at its first command: nothing of the mail was said, so another one is tried."""


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
            connection = await self._pool.take(fresh=fresh, is_service=handover.is_service)
            try:
                return await self._deliver(connection, envelope)
            finally:
                await self._pool.give_back(connection)
        except SMTPResponseException as error:
            return TryLater(f"connecting answered {error.code} {error.message[:200]}", is_outage=True)
        except _LOST as error:
            return TryLater(f"{self._settings.host} cannot be reached: {_said(error)}", is_outage=True)

    async def _deliver(self, connection: PooledConnection, envelope: Envelope) -> Verdict:
        conversation = connection.conversation
        try:
            await self._introduce(conversation, envelope, may_be_stale=not connection.is_fresh)
            is_ended = await self._write_content(conversation, envelope.raw.replace(b"\n.", b"\n.."))
        except Refused as refusal:
            connection.is_clean = await self._reset(conversation, unheard=refusal.unheard)
            return refusal.verdict
        except _LOST as error:
            return TryLater(f"the connection was lost before the end of the mail: {_said(error)}")
        if not conversation.is_open:
            return TryLater("the connection was lost before the end of the mail")
        try:
            answer = await self._end(conversation, b"" if is_ended else _END)
        except _LOST as error:
            return Unknown(f"the mail was written, but no answer came: {_said(error)}")
        connection.is_clean = answer.code != 421
        if answer.code in _OK:
            return Sent(envelope.message_id)
        return verdict_of("the end of the mail", answer.code, answer.message)

    async def _introduce(self, conversation: Conversation, envelope: Envelope, *, may_be_stale: bool) -> None:
        timeouts = self._settings.timeouts
        commands = (
            ("MAIL", b"MAIL FROM:<" + envelope.sender.encode("ascii") + b">\r\n", timeouts.command, _OK),
            ("RCPT", b"RCPT TO:<" + envelope.recipient.encode("ascii") + b">\r\n", timeouts.command, _OK),
            ("DATA", b"DATA\r\n", timeouts.data, range(354, 355)),
        )
        said, unheard = [words for _, words, _, _ in commands], (0, 0, 0)
        if conversation.takes_commands_at_once:
            said, unheard = [b"".join(said), b"", b""], (2, 1, 0)
        for (verb, _, within_s, wanted), words, left in zip(commands, said, unheard, strict=True):
            try:
                if words:
                    conversation.say(words)
                answer = await conversation.answer(within_s)
            except _LOST as error:
                if may_be_stale and verb == "MAIL":
                    raise StaleConnection from error
                raise
            if answer.code == 421 and may_be_stale and verb == "MAIL":
                raise StaleConnection
            if answer.code not in wanted:
                raise Refused(verdict_of(verb, answer.code, answer.message), unheard=left)

    async def _write_content(self, conversation: Conversation, content: bytes) -> bool:
        """Write the content. True: its final dot was written with it. False: all but the dot has left this process."""
        if len(content) <= _IN_ONE_PIECE:
            conversation.say(content + _END)
            return True
        conversation.say(content)
        left, unchanged_s = conversation.unwritten, 0.0
        while left and conversation.is_open:
            await asyncio.sleep(0.02)
            unchanged_s = unchanged_s + 0.02 if conversation.unwritten == left else 0.0
            left = conversation.unwritten
            if unchanged_s > self._settings.timeouts.block:
                raise TimeoutError("the server takes no more bytes")
        return False

    async def _end(self, conversation: Conversation, dot: bytes) -> SMTPResponse:
        """From here on a lost connection leaves it unknown whether the mail was accepted."""
        if dot:
            conversation.say(dot)
        return await conversation.answer(self._settings.timeouts.final)

    async def _reset(self, conversation: Conversation, *, unheard: int) -> bool:
        """Whether the connection is fit for another mail."""
        try:
            for _ in range(unheard):
                answer = await conversation.answer(self._settings.timeouts.quit)
                if answer.code == 354:  # it waits for the content of a mail without a recipient: only closing ends that
                    return False
            conversation.say(b"RSET\r\n")
            answer = await conversation.answer(self._settings.timeouts.quit)
        except _LOST:
            return False
        return answer.code in _OK


def _said(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
