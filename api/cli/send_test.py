"""`kogda send-test`: one mail to yourself, through the provider that customers' mails go through."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any
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
from api.suppression_files import address_on
from dsl.messages import say
from engine.channels import Content, Handover, Mail, Origin, Sent, Verdict
from engine.channels.dkim import DkimKey
from engine.channels.email_smtp import SmtpChannel
from engine.channels.http_post import HttpPoster
from engine.channels.registry import Registry
from engine.channels.smtp_settings import read_smtp_url
from engine.clock import utc_now
from engine.config import Settings, given_variables, read_settings
from engine.errors import ConfigurationError, NotReady
from engine.flow.delivery.dkim_keys import dkim_keys
from engine.flow.delivery.text_content import text_content
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
        _send_text(settings, channel, template, to, customer=customer, locale=locale)
        return
    if settings.smtp_url is None:
        raise ConfigurationError(
            say("KOGDA_SMTP_URL is not set, so there is nothing to send through; look with kogda preview")
        )
    if address_on("email", to) is None:
        raise ConfigurationError(say("{address} is no address of {channel}", address=to, channel="email"))
    _, mail = rendered(settings, channel, template, customer=customer, locale=locale)
    sender = mail.sender or sender_of(settings)
    verdict = asyncio.run(_send(settings, mail, sender, to))
    if not isinstance(verdict, Sent):
        raise ConfigurationError(say("not sent: {reason}", reason=verdict.reason))
    console.print(told(say("Sent to {to}: {subject}", to=to, subject=mail.subject.replace("[", "\\["))))


def _send_text(
    settings: Settings, channel: str, template: str, to: str, *, customer: str | None, locale: str | None
) -> None:
    _, text = rendered(settings, channel, template, customer=customer, locale=locale)
    workspace = workspace_ground(settings.workspace).settings
    handover = _handover(to, channel, text_content(channel, template, text))
    verdict = asyncio.run(_by_registry(settings, workspace, channel, handover))
    if not isinstance(verdict, Sent):
        raise ConfigurationError(say("not sent: {reason}", reason=verdict.reason))
    console.print(told(say("Sent to {to}: {subject}", to=to, subject=text.text.strip()[:60].replace("[", "\\["))))


async def _by_registry(settings: Settings, workspace: Mapping[str, Any], channel: str, handover: Handover) -> Verdict:
    poster = HttpPoster(allows_private=settings.webhooks_private)
    registry = Registry(poster, given_variables(), _keep_nothing, is_real=True)
    try:
        found = registry.find(channel, workspace)
        if found is None:
            raise ConfigurationError(say("this server has no channel {channel}", channel=channel))
        return await found.send(handover)
    finally:
        await registry.close()
        await poster.close()


async def _keep_nothing(*_: object) -> None:
    """A test that lands on a page would be no test."""


def _handover(to: str, channel: str, content: Content) -> Handover:
    return Handover(
        message=uuid4(),
        address=to,
        content=content,
        at=utc_now(),
        origin=Origin(partition=0, run=uuid4(), rule="kogda send-test", template="test"),
        channel=channel,
    )


def _signatures(settings: Settings) -> tuple[DkimKey, ...]:
    """As a mail to a customer has them: whoever tries out spam filters needs them."""
    try:
        return dkim_keys(workspace_ground(settings.workspace).settings, given_variables())
    except NotReady as error:
        raise ConfigurationError(say("not sent: {reason}", reason=str(error))) from None


def sender_of(settings: Settings) -> str:
    sender = workspace_ground(settings.workspace).settings.get("mail", {}).get("from") or settings.mail_from
    if not sender:
        raise ConfigurationError(say("the mail has no sender; set mail.from in kogda.yaml, or KOGDA_MAIL_FROM"))
    return str(sender)


async def _send(settings: Settings, mail: RenderedMail, sender: str, to: str) -> Verdict:
    assert settings.smtp_url is not None
    channel = SmtpChannel(read_smtp_url(settings.smtp_url.get_secret_value()))
    try:
        content = Mail(
            sender=sender,
            subject=mail.subject,
            text=mail.text,
            html=mail.html,
            reply_to=mail.reply_to,
            dkim=_signatures(settings),
        )
        return await channel.send(_handover(to, "email", content))
    finally:
        await channel.close()
