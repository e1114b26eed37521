"""Lengths of time, in the case that all phrases around them take: `через 1 неделю`, `за 2 часа`."""

from __future__ import annotations

from dsl.messages import Message, say
from dsl.plan import Length


def tell_length(length: Length) -> Message:
    n = length.amount
    match length.unit:
        case "second":
            return say("{n} {n:second|seconds}", n=n)
        case "minute":
            return say("{n} {n:minute|minutes}", n=n)
        case "hour":
            return say("{n} {n:hour|hours}", n=n)
        case "day":
            return say("{n} {n:day|days}", n=n)
        case "week":
            return say("{n} {n:week|weeks}", n=n)
        case "month":
            return say("{n} {n:month|months}", n=n)
        case "year":
            return say("{n} {n:year|years}", n=n)
