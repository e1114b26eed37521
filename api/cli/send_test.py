"""`kogda send-test`: one mail to yourself, through the provider that customers' mails go through."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import uuid4

import typer

from api.cli.preview import (
    Channel,
    CustomerOption,
    DataOption,
    LocaleOption,
    Template,
    WorkspaceOption,
    rendered,
    workspace_ground,
)
from api.cli.terminal import console
from api.language import told
from dsl.messages import say
from engine.channels import Handover, Mail, Origin, Sent, Verdict
from engine.channels.email_smtp import SmtpChannel
from engine.channels.smtp_settings import read_smtp_url
from engine.clock import utc_now
from engine.config import Settings, read_settings
from engine.errors import ConfigurationError
from engine.rendering.email import RenderedMail


def send_test(
    channel: Channel,
    template: Template,
    to: Annotated[str, typer.Option(metavar="ADDRESS", help="Who gets it; nobody else does.")],
    customer: CustomerOption = None,
    locale: LocaleOption = None,
    workspace: WorkspaceOption = None,
    data: DataOption = None,
) -> None:
    """Send a template to one address, as an invented reader or --customer would get it. No rule is asked."""
    settings = read_settings(workspace=workspace, data=data)
    if channel != "email":
        raise ConfigurationError(say("only emails can be sent for a test"))
    if settings.smtp_url is None:
        raise ConfigurationError(
            say("KOGDA_SMTP_URL is not set, so there is nothing to send through; look with kogda preview")
        )
    _, mail = rendered(settings, channel, template, customer=customer, locale=locale)
    sender = mail.sender or sender_of(settings)
    verdict = asyncio.run(_send(settings, mail, sender, to))
    if not isinstance(verdict, Sent):
        raise ConfigurationError(say("not sent: {reason}", reason=verdict.reason))
    console.print(told(say("Sent to {to}: {subject}", to=to, subject=mail.subject.replace("[", "\\["))))


def sender_of(settings: Settings) -> str:
    sender = workspace_ground(settings.workspace).settings.get("mail", {}).get("from") or settings.mail_from
    if not sender:
        raise ConfigurationError(say("the mail has no sender; set mail.from in kogda.yaml, or KOGDA_MAIL_FROM"))
    return str(sender)


async def _send(settings: Settings, mail: RenderedMail, sender: str, to: str) -> Verdict:
    assert settings.smtp_url is not None
    channel = SmtpChannel(read_smtp_url(settings.smtp_url.get_secret_value()))
    try:
        return await channel.send(
            Handover(
                message=uuid4(),
                address=to,
                content=Mail(
                    sender=sender, subject=mail.subject, text=mail.text, html=mail.html, reply_to=mail.reply_to
                ),
                at=utc_now(),
                origin=Origin(partition=0, run=uuid4(), rule="kogda send-test", template="test"),
            )
        )
    finally:
        await channel.close()
