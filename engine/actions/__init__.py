"""What rules can do besides sending and steering: one action a file, from its plan step to a deed."""

from dsl import plan
from engine.actions.emit import emit
from engine.actions.set_attribute import set_attribute
from engine.actions.set_tag import set_tag
from engine.core.deeds import Actions

ACTIONS: Actions = {
    plan.SetAttribute: set_attribute,
    plan.SetTag: set_tag,
    plan.Emit: emit,
}
