"""Finds the template of a `send`, or says on which channel it is."""

from __future__ import annotations

from dsl import syntax
from dsl.catalog import TemplateInfo
from dsl.compiling.lookup import report_look_alike
from dsl.diagnostics import Fix, Label
from dsl.messages import say
from dsl.problems import listed, replacement
from dsl.scope import Scope
from dsl.suggestions import nearest

#: Mails to begin with, which `kogda templates add` brings.
STARTERS = (
    "welcome", "confirm", "cart", "browse", "order_status", "birthday", "win_back", "digest", "nps", "receipt",
)  # fmt: skip


def find_template(recipient: syntax.Recipient, scope: Scope, *, channel: str | None = None) -> TemplateInfo | None:
    """On `channel`, else on the recipient's own. None: there is none (reported), or the channel is refused."""
    channel, name = channel or recipient.channel, recipient.template.text
    if channel is None or channel not in scope.catalog.channels:
        return None
    template = scope.catalog.templates.get((channel, name))
    if template is None:
        _report(recipient, channel, scope)
    return template


def _report(recipient: syntax.Recipient, channel: str, scope: Scope) -> None:
    name, span = recipient.template.text, recipient.template.span
    if report_look_alike(
        name,
        span,
        problems=scope.problems,
        candidates=(each for where, each in scope.catalog.templates if where == channel),
        quoted=True,
    ):
        return
    elsewhere = [each for (_, other), each in scope.catalog.templates.items() if other == name]
    here = [other for (each, other) in scope.catalog.templates if each == channel]
    bare = name.rpartition("/")[2].removesuffix(".html").removesuffix(".mjml")
    written_as_path = bare != name and bare in here
    near = [bare] if bare in here else nearest(name, here)
    notes = [say('did you mean {channel} "{near}"?', channel=channel, near=near[0])] if near else []
    fixes: list[Fix] = [replacement(span, f'"{near[0]}"')] if near else []
    if elsewhere:
        channels = [each.channel for each in elsewhere]
        scope.problems.error(
            "E204",
            say(
                '"{name}" is a template for {all}, not for {channel}', name=name, all=listed(channels), channel=channel
            ),
            Label(span, say("exists as {all}", all=", ".join(f"{each.channel} ({each.path})" for each in elsewhere))),
            notes=[
                *notes,
                say('or send it on the channel it has: send {channels} "{name}"', channels=channels[0], name=name),
            ],
            fixes=fixes,
        )
        return
    scope.problems.error(
        "E204",
        say('there is no {channel} template "{name}"', channel=channel, name=name),
        Label(span, say("only the name, without folder and ending") if written_as_path else _no_file(channel, name)),
        notes=notes or [_those_there(channel, here), *_starter(channel, name)],
        fixes=fixes,
    )


def _those_there(channel: str, names: list[str]) -> str:
    if not names:
        return say("there are no {channel} templates yet", channel=channel)
    return say("{channel} templates: {all}", channel=channel, all=listed(sorted(names)))


def _starter(channel: str, name: str) -> list[str]:
    near = nearest(name, STARTERS) if channel == "email" else []
    return [say("there is one to begin with: kogda templates add {name}", name=each) for each in near[:1]]


def _no_file(channel: str, name: str) -> str:
    ending = "html" if channel == "email" else "txt"
    return say("no file templates/{channel}/{name}.{ending}", channel=channel, name=name, ending=ending)
