"""`set customer.stage to "warm"`."""

from __future__ import annotations

import json

from dsl import plan
from engine.core.customers import with_traits
from engine.core.runs.deeds import Deed, Scene


def set_attribute(step: plan.SetAttribute, scene: Scene) -> Deed:
    """A missing value removes the attribute; one that does not fit its kind changes nothing."""
    value = scene.value(step.value)
    customer = with_traits(scene.customer, {step.name: value}, scene.kinds)
    written = json.dumps(value, ensure_ascii=False)
    return Deed(what="changed", detail=f"customer.{step.name} = {written}", customer=customer)
