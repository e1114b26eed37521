"""Webhooks, staff groups and channels of the workspace: is what they need in the environment?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from api.doctor.finding import Finding
from dsl.messages import say
from dsl.problems import Problems
from engine.channels.credentials import Credentials
from engine.channels.http_post import HttpPoster
from engine.channels.registry import OPENERS
from engine.channels.signing import NoSecret, read_secret
from engine.config import Settings, given_variables
from engine.errors import NotReady
from engine.tracking.policy import Tracking
from engine.workspace.channels import ChannelSettings
from engine.workspace.files import read_files
from engine.workspace.outside import StaffGroup, Webhook
from engine.workspace.settings import WorkspaceSettings, load_settings

#: Channels that need nobody else.
INDOORS = frozenset({"email", "inapp"})


async def check_outside(settings: Settings) -> list[Finding]:
    """Nothing to say without a workspace, or when it leads nowhere."""
    source = read_files(settings.workspace).settings
    if source is None:
        return []
    workspace = load_settings(source, Problems(source))
    environment = given_variables()
    found = [
        *_webhooks(workspace.webhooks, settings, environment),
        *_staff(workspace.staff, environment),
        *_channels(workspace.channels, settings, environment),
        *_callbacks(workspace, settings, environment),
    ]
    has_channels = any(written for written in workspace.channels.values())
    if not found and (workspace.webhooks or workspace.staff or has_channels):
        found = [Finding("good", "outside", say("webhooks, staff groups and channels have what they need"))]
    return found


def _channels(channels: ChannelSettings, settings: Settings, environment: Mapping[str, str]) -> Iterator[Finding]:
    """A channel is opened as a worker would: only that tells what it lacks."""
    for name, written in channels.items():
        if "provider" in written:
            try:
                OPENERS[written["provider"]](written, Credentials(environment), HttpPoster())
            except NotReady as error:
                reason = (
                    say("the channel {name}: {error}; its messages wait", name=name, error=error)
                    if settings.smtp_url is not None
                    else say(
                        "the channel {name}: {error}; its messages are on the mailbox page", name=name, error=error
                    )
                )
                yield Finding("problem", "outside", reason, say("set it where the workers run"))
        elif name not in INDOORS and settings.smtp_url is not None:
            reason = say("the channel {name} has no provider: its messages wait", name=name)
            yield Finding("problem", "outside", reason, "docs/channels.md")


def _webhooks(webhooks: Mapping[str, Webhook], settings: Settings, environment: Mapping[str, str]) -> Iterator[Finding]:
    for name, webhook in webhooks.items():
        written = environment.get(webhook.secret_env, "")
        if not written:
            yield _unset(say("the webhook {name}", name=name), webhook.secret_env)
            continue
        try:
            read_secret(written)
        except NoSecret as error:
            reason = say("{variable} holds no secret: {error}", variable=webhook.secret_env, error=error)
            yield Finding("problem", "outside", reason, say("whsec_ and base64"))
        if webhook.url.startswith("http:") and not settings.webhooks_private:
            advice = say("https://, or for development KOGDA_WEBHOOKS_PRIVATE=true")
            reason = say("the webhook {name} is not called: its address is http://", name=name)
            yield Finding("problem", "outside", reason, advice)


def _staff(staff: Mapping[str, StaffGroup], environment: Mapping[str, str]) -> Iterator[Finding]:
    for name, group in staff.items():
        needed = [group.telegram[1]] if group.telegram else []
        needed += [group.slack] if group.slack else []
        yield from (
            _unset(say("the staff group {name}", name=name), variable)
            for variable in needed
            if not environment.get(variable)
        )


def _callbacks(workspace: WorkspaceSettings, settings: Settings, environment: Mapping[str, str]) -> Iterator[Finding]:
    for provider, variable in workspace.callbacks.secrets.items():
        if not environment.get(variable):
            reason = say(
                "{variable} is not set; callbacks of {provider} are refused", variable=variable, provider=provider
            )
            yield Finding("problem", "outside", reason, say("set it where the API runs"))
    asks = workspace.tracking != Tracking() and (workspace.tracking.opens or workspace.tracking.clicks)
    if asks and settings.public_url is None:
        reason = say("opens and clicks are not tracked: nobody outside knows where this server is")
        yield Finding("problem", "outside", reason, say("set KOGDA_PUBLIC_URL where the workers run"))


def _unset(whose: str, variable: str) -> Finding:
    return Finding(
        "problem",
        "outside",
        say("{variable} is not set; {whose} needs it", variable=variable, whose=whose),
        say("set it where the workers run"),
    )
