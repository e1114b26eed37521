"""The channels of this server, by the settings."""

from __future__ import annotations

from engine.channels import Channels
from engine.channels.email_smtp import SmtpChannel
from engine.channels.inbox import InboxChannel, KeepItem
from engine.channels.mailbox import KeepMail, MailboxChannel
from engine.channels.smtp_settings import read_smtp_url
from engine.config import Settings
from engine.core.delivery.addresses import INBOX


def open_channels(settings: Settings, keep: KeepMail, keep_item: KeepItem) -> Channels:
    """Those that need no settings of a workspace. Nothing is connected yet. Raises ConfigurationError."""
    if settings.smtp_url is None:
        mailbox = MailboxChannel(keep)
        return {"email": mailbox, INBOX: InboxChannel(keep_item, shown=mailbox)}
    return {"email": SmtpChannel(read_smtp_url(settings.smtp_url.get_secret_value())), INBOX: InboxChannel(keep_item)}


async def close_channels(channels: Channels) -> None:
    for channel in channels.values():
        await channel.close()
