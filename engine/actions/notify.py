"""`notify "managers" "VIP left a cart"`."""

from __future__ import annotations

from dsl import plan
from engine.core.runs.deeds import Deed, Outward, Scene


def notify(step: plan.Notify, _scene: Scene) -> Deed:
    outward = Outward(channel="staff", name=step.group, context={"text": step.message})
    return Deed(what="called", detail=f'the staff group "{step.group}"', outward=outward)
