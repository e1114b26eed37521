"""`double_opt_in` of kogda.yaml: which channels and topics count only when they are confirmed, and by which mail."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from collections.abc import Mapping as AnyMapping

from dsl.compiling.lookup import report_unknown
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.problems import Problems
from dsl.source import Span
from engine.workspace.reading import Reader
from engine.workspace.yaml_tree import Mapping, Tree

#: Confirmed by a press in a mail, so it is mail that can be confirmed, and topics.
_CHANNEL = "email"


def read_confirmations(value: Tree, reader: Reader) -> dict[str, tuple[str, Span]]:
    """By channel or topic, the template that asks, and where it is named."""
    mapping = reader.mapping(value, "double_opt_in")
    found = {}
    for entry in mapping.entries.values() if mapping else ():
        name = reader.text(entry.value, say("the name of an email template"))
        if name:
            found[entry.key] = (name, entry.value.span)
    return found


def check_confirmed(confirmed: Collection[str], topics: Iterable[str], tree: Mapping, reader: Reader) -> None:
    value = tree.get("double_opt_in")
    known = [_CHANNEL, *topics]
    for entry in value.entries.values() if isinstance(value, Mapping) else ():
        if entry.key in confirmed and entry.key not in known:
            reader.problems.error(
                "E506",
                say('"{key}" can not be confirmed by mail', key=entry.key),
                Label(entry.key_span, say("email, or a topic of kogda.yaml")),
            )


def check_confirmations(
    confirmed: AnyMapping[str, tuple[str, Span]], templates: Iterable[tuple[str, str]], problems: Problems
) -> None:
    """The mails that ask must exist."""
    known = [name for channel, name in templates if channel == _CHANNEL]
    for name, span in confirmed.values():
        if name not in known:
            message = say('there is no {channel} template "{name}"', channel=_CHANNEL, name=name)
            report_unknown("E204", message, span, problems=problems, candidates=known)
