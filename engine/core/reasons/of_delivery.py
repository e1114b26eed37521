"""What became of a message on its way to the provider, and what is told of one that went out."""

from __future__ import annotations

from dsl.messages import in_a_row, say
from engine.core.reasons.kind import ReasonKind

ANOTHER_WAY = ReasonKind(
    "another_way", "{why}; another way follows", lambda why: say("{reason}; another way follows", reason=why)
)
DOMAIN_LIMIT = ReasonKind("domain_limit", "limit of {domain}", lambda domain: say("limit of {domain}", domain=domain))
DOMAIN_SILENT = ReasonKind(
    "no_answer", "{domain} does not answer", lambda domain: say("{domain} does not answer", domain=domain)
)
NOT_TAKEN = ReasonKind(
    "not_taken",
    "not taken within 15 minutes: {why}",
    lambda why: say("not taken within 15 minutes: {reason}", reason=why),
)
ON_TRIAL = ReasonKind(
    "provider_on_trial", "on trial", lambda: say("one message is trying whether the provider is back")
)
GIVEN_UP = ReasonKind(
    "given_up", "given up after 5 days: {why}", lambda why: say("given up after 5 days: {reason}", reason=why)
)
SENT_AGAIN = ReasonKind("sent_again", "sent again: {why}", lambda why: say("sent again: {reason}", reason=why))
WORKER_GONE = ReasonKind(
    "worker_gone",
    "the worker was gone while handing it over",
    lambda: say("the worker was gone while handing it over"),
)
PROVIDER_REFUSED = ReasonKind("provider_refused", "the provider refused it", lambda: say("the provider refused it"))
ANSWERED = ReasonKind(
    "provider_answered",
    "{who} answered {answer}",
    lambda who, answer: say("{who} answered {what}", who=who, what=answer),
)
NO_CHANNEL = ReasonKind(
    "no_channel",
    "this server has no channel {channel}",
    lambda channel: say("this server has no channel {channel}", channel=channel),
)
NO_STAFF_GROUP = ReasonKind(
    "no_staff_group",
    'kogda.yaml has no staff group "{name}"',
    lambda name: say('kogda.yaml has no staff group "{name}"', name=name),
)
UNREACHABLE = ReasonKind(
    "unreachable", "no channel reaches the customer", lambda: say("no channel reaches the customer")
)
ERASED = ReasonKind("erased", "erased", lambda: say("the customer was erased"))

DEVICES_GONE = ReasonKind(
    "devices_gone",
    "{lost} of {known} devices gone",
    lambda lost, known: say("{lost} of {all} devices gone, and left out from now on", lost=lost, all=known),
)
DEVICES_GONE_AND_MORE = ReasonKind(
    "devices_gone_and_more",
    "{lost} of {known} devices gone; {why}",
    lambda lost, known, why: in_a_row("; ", [DEVICES_GONE.told(lost, known), why]),
)
RENDERED_EMPTY = ReasonKind(
    "rendered_empty", "rendered empty: {names}", lambda names: say("empty in the template: {names}", names=names)
)

OF_DELIVERY = (
    ANOTHER_WAY, DOMAIN_LIMIT, DOMAIN_SILENT, NOT_TAKEN, ON_TRIAL, GIVEN_UP, SENT_AGAIN, WORKER_GONE,
    PROVIDER_REFUSED, ANSWERED, NO_CHANNEL, NO_STAFF_GROUP, UNREACHABLE, ERASED,
    DEVICES_GONE, DEVICES_GONE_AND_MORE, RENDERED_EMPTY,
)  # fmt: skip
