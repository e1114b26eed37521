"""Webhooks and staff groups of the workspace: is what they need in the environment?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from api.doctor.finding import Finding
from dsl.problems import Problems
from engine.channels.signing import NoSecret, read_secret
from engine.config import Settings, given_variables
from engine.workspace.files import read_files
from engine.workspace.outside import StaffGroup, Webhook
from engine.workspace.settings import load_settings


async def check_outside(settings: Settings) -> list[Finding]:
    """Nothing to say without a workspace, or when it leads nowhere."""
    source = read_files(settings.workspace).settings
    if source is None:
        return []
    workspace = load_settings(source, Problems(source))
    environment = given_variables()
    found = [*_webhooks(workspace.webhooks, settings, environment), *_staff(workspace.staff, environment)]
    if not found and (workspace.webhooks or workspace.staff):
        found = [Finding("good", "outside", "webhooks and staff groups have what they need")]
    return found


def _webhooks(webhooks: Mapping[str, Webhook], settings: Settings, environment: Mapping[str, str]) -> Iterator[Finding]:
    for name, webhook in webhooks.items():
        written = environment.get(webhook.secret_env, "")
        if not written:
            yield _unset(f"the webhook {name}", webhook.secret_env)
            continue
        try:
            read_secret(written)
        except NoSecret as error:
            yield Finding("problem", "outside", f"{webhook.secret_env} holds no secret: {error}", "whsec_ and base64")
        if webhook.url.startswith("http:") and not settings.webhooks_private:
            advice = "https://, or for development KOGDA_WEBHOOKS_PRIVATE=true"
            yield Finding("problem", "outside", f"the webhook {name} is not called: its address is http://", advice)


def _staff(staff: Mapping[str, StaffGroup], environment: Mapping[str, str]) -> Iterator[Finding]:
    for name, group in staff.items():
        needed = [group.telegram[1]] if group.telegram else []
        needed += [group.slack] if group.slack else []
        yield from (_unset(f"the staff group {name}", variable) for variable in needed if not environment.get(variable))


def _unset(whose: str, variable: str) -> Finding:
    return Finding("problem", "outside", f"{variable} is not set; {whose} needs it", "set it where the workers run")
