"""Schedules in words, always with their audience (D2)."""

from __future__ import annotations

from dsl import plan
from dsl.messages import Message, in_a_row, say
from dsl.telling.conditions import tell_condition


def tell_schedule(trigger: plan.ScheduleTrigger) -> Message:
    days, time = _tell_days(trigger), trigger.time
    if trigger.audience is None:
        return say("Starts {days} at {time}, by each customer's clock, for everyone.", days=days, time=time)
    return say(
        "Starts {days} at {time}, by each customer's clock, for everyone for whom {condition}.",
        days=days, time=time, condition=tell_condition(trigger.audience),
    )  # fmt: skip


def tell_weekday(number: int) -> Message:
    """ISO number, 1 to 7."""
    return (
        say("on Monday"), say("on Tuesday"), say("on Wednesday"), say("on Thursday"), say("on Friday"),
        say("on Saturday"), say("on Sunday"),
    )[number - 1]  # fmt: skip


def _tell_days(trigger: plan.ScheduleTrigger) -> str:
    if trigger.date is not None:
        return say("once, on {date},", date=trigger.date)
    if trigger.yearly is not None:
        month, day = trigger.yearly
        return say("every year on {day}.{month}.", day=f"{day:02}", month=f"{month:02}")
    if trigger.monthly and trigger.day is None:
        return say("every month on its last day")
    if trigger.monthly:
        return say("every month on day {day}", day=trigger.day)
    return _tell_weekdays(trigger)


def _tell_weekdays(trigger: plan.ScheduleTrigger) -> str:
    weeks = trigger.every_weeks
    if len(trigger.weekdays) == 7 and weeks == 1:
        return say("every day")
    days = in_a_row(", ", [tell_weekday(number) for number in trigger.weekdays])
    if weeks == 1:
        return say("every week {days}", days=days)
    return say("every {n} {n:week|weeks} {days}", n=weeks, days=days)
