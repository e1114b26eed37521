"""`emit cart_reminded with cart_id = event.cart_id`."""

from __future__ import annotations

from dsl import plan
from engine.core.model import Properties
from engine.core.runs.deeds import Deed, Scene


def emit(step: plan.Emit, scene: Scene) -> Deed:
    """Properties without a value are left out."""
    read = ((name, scene.value(operand)) for name, operand in step.properties)
    properties: Properties = {name: value for name, value in read if value is not None}
    return Deed(what="emitted", detail=step.event, event=step.event, properties=properties)
