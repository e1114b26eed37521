"""`add tag "buyer"`, `remove tag "lead"`."""

from __future__ import annotations

from dataclasses import replace

from dsl import plan
from engine.core.runs.deeds import Deed, Scene


def set_tag(step: plan.SetTag, scene: Scene) -> Deed:
    tags = scene.customer.tags | {step.tag} if step.add else scene.customer.tags - {step.tag}
    word = "add" if step.add else "remove"
    return Deed(what="changed", detail=f'{word} tag "{step.tag}"', customer=replace(scene.customer, tags=tags))
