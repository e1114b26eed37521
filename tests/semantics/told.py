"""What stories over virtual time begin with, and how their messages are told."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from dsl.plan import QuietHours
from engine.testing.virtual.world import World

NIGHT = QuietHours(start="22:00", end="09:00")
MONDAY = 'every monday at 9:00 for everyone send email "digest"'
VIP = 'segment vip means customer.tier is "gold"\n'
ACTIVE = "segment active means order_placed in last 3 days\n"


def told(world: World, state: str) -> list[tuple[str, str]]:
    """When and what, of the messages that ended so."""
    return [
        (f"{each.at.astimezone(world.zone):%d %H:%M}", f"{each.channel}/{each.template}")
        for each in world.messages
        if each.state == state
    ]


def local(world: World, zone: str = "UTC") -> list[str]:
    return [f"{message.at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" for message in world.messages]
