"""Connects channels that keep messages to their tables: channels and storage know nothing of each other."""

from __future__ import annotations

from engine.channels import Handover, Push
from engine.channels.inbox import KeepItem
from engine.channels.mailbox import KeepMail, StoreUnreachable
from engine.channels.mime import Envelope
from engine.failpoints import reach
from engine.storage.database import TROUBLE, Database
from engine.storage.delivery.inbox import NewItem, keep_item
from engine.storage.delivery.mailbox import NewMail, keep_mail


def keeper(database: Database) -> KeepMail:
    async def keep(handover: Handover, envelope: Envelope) -> None:
        mail = NewMail(
            message=handover.message,
            at=handover.at,
            recipient=envelope.recipient,
            subject=envelope.subject,
            rule=handover.origin.rule,
            template=handover.origin.template,
            partition=handover.origin.partition,
            run=handover.origin.run,
            raw=envelope.raw,
            channel=handover.channel,
        )
        try:
            async with database.connection() as connection:
                await keep_mail(connection, mail)
            reach("mailbox.kept")
        except TROUBLE as error:
            raise StoreUnreachable(str(error) or type(error).__name__) from error

    return keep


def inbox_keeper(database: Database) -> KeepItem:
    async def keep(handover: Handover) -> bool:
        content = handover.content
        assert isinstance(content, Push)
        item = NewItem(
            partition=handover.origin.partition,
            message=handover.message,
            title=content.title,
            text=content.text,
            link=content.link,
            image=content.image,
            data=content.data,
        )
        try:
            async with database.transaction() as connection:
                kept = await keep_item(connection, item)
                reach("inbox.kept")
                return kept
        except TROUBLE as error:
            raise StoreUnreachable(str(error) or type(error).__name__) from error

    return keep
