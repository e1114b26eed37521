"""`call "crm_sync" with id = customer.id`."""

from __future__ import annotations

from dsl import plan
from engine.core.model import Properties
from engine.core.runs.deeds import Deed, Outward, Scene


def call(step: plan.Call, scene: Scene) -> Deed:
    """Properties without a value are left out."""
    read = ((name, scene.value(operand)) for name, operand in step.properties)
    given: Properties = {name: value for name, value in read if value is not None}
    outward = Outward(channel="webhook", name=step.target, context={"with": given})
    return Deed(what="called", detail=f'the webhook "{step.target}"', outward=outward)
