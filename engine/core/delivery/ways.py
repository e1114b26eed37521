"""The ways to say one message: its channels and templates, in the order in which they are tried (S19)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from uuid import UUID

from dsl import plan
from engine.core.chance import Chance
from engine.core.delivery.addresses import INBOX, PHONES, has_inbox
from engine.core.delivery.bounces import BOUNCES
from engine.core.delivery.channel_choice import ChannelFacts, choose_channels
from engine.core.identity import derived_id, id_part, naming, part
from engine.core.model import Event, Run, Way
from engine.core.runs.draft import Draft

#: How long a message that has another way waits for its verdict: a mail may bounce minutes after it was taken.
VERDICT = timedelta(minutes=15)

#: A message that was put off more often than this is skipped: every other bound on its life begins anew each time.
MOST_SAID = 20


def ways_of(draft: Draft, run: Run, step: plan.Send) -> tuple[Way, ...]:
    """Each channel and template once. The choice among the best is made, and noted, when the send is due."""
    if step.channel is not None and not step.best_of and not step.fallbacks:
        return ((step.channel, step.template),)
    ways = [way for recipient in _recipients(step) for way in _ways(draft, run, recipient, step.line)]
    return tuple(dict.fromkeys(ways))


def possible_ways(step: plan.Send) -> tuple[Way, ...]:
    """All that may be chosen from, whoever the customer is."""
    return tuple(
        dict.fromkeys(
            (channel, each.template)
            for each in _recipients(step)
            for channel in (each.best_of if each.channel is None else (each.channel,))
        )
    )


def _recipients(step: plan.Send) -> tuple[plan.Recipient, ...]:
    first = plan.Recipient(channel=None if step.best_of else step.channel, template=step.template, best_of=step.best_of)
    return (first, *step.fallbacks)


def _ways(draft: Draft, run: Run, recipient: plan.Recipient, line: int) -> list[Way]:
    if recipient.channel is not None:
        return [(recipient.channel, recipient.template)]
    choice = choose_channels(recipient.best_of, _facts(draft), _chance(run, recipient.template))
    said = f'best "{recipient.template}": {", ".join(choice.channels)} ({choice.reason})'
    draft.note(run, "chooses", said, line=line)
    return [(channel, recipient.template) for channel in choice.channels]


def _facts(draft: Draft) -> ChannelFacts:
    customer = draft.customer
    reachable = ({"email"} if customer.email else set()) | (PHONES if customer.phone else set()) | draft.facts.contacts
    if has_inbox(customer.key):
        reachable |= {INBOX}
    return ChannelFacts(
        reachable=frozenset(reachable),
        consent=customer.consent,
        delivered=draft.facts.delivered_by,
        reactions=draft.facts.reactions,
    )


def _chance(run: Run, template: str) -> Chance:
    return Chance(run.id.bytes + run.activation.to_bytes(8, "big") + template.encode()[:40])


def message_id(run: Run, step: int) -> UUID:
    """Of the message that a run makes at a step, or waits for."""
    again = (str(run.said),) if run.said else ()
    return derived_id("message", run.id.hex, str(step), str(run.activation), *again)


def naming_of_first(step: int) -> Callable[[Iterable[bytes]], list[bytes]]:
    """`message_id` of runs that have said nothing, by their ids."""
    messages_of, last = naming("message"), part(str(step)) + part("0")
    return lambda runs: messages_of(id_part(run.hex()) + last for run in runs)


def has_other_way(run: Run) -> bool:
    return len(run.ways) > 1


def is_bounce(run: Run, event: Event) -> bool:
    """Whether an event says that the message a run waits for is lost; `message_id` may say which one is meant."""
    if run.state != "sending" or not has_other_way(run):
        return False
    channel, _, word = event.name.rpartition("_")
    if channel != run.ways[0][0] or word not in BOUNCES or (run.since is not None and event.at < run.since):
        return False
    named = event.properties.get("message_id")
    return named is None or named == str(message_id(run, run.step - 1))
