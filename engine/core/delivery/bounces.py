"""Events that say a message did not arrive, though a provider had taken it."""

from __future__ import annotations

from collections.abc import Iterator

from dsl import plan

#: What an app or a provider reports, after the name of the channel: `email_bounced`, `sms_failed`.
BOUNCES = ("bounced", "failed")


def bounce_events(rule: plan.Rule) -> Iterator[str]:
    """Those that could let another way of a message follow (S19)."""
    for step in rule.steps:
        if isinstance(step, plan.Send) and (step.fallbacks or len(step.best_of) > 1):
            channels = [step.channel, *step.best_of]
            channels += [each for way in step.fallbacks for each in (way.channel, *way.best_of) if each]
            yield from (f"{channel}_{word}" for channel in dict.fromkeys(channels) for word in BOUNCES)
