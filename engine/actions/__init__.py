"""What rules can do besides sending and steering: one action a file, from its plan step to a deed."""

from dsl import plan
from engine.actions.call import call
from engine.actions.change_number import change_number
from engine.actions.emit import emit
from engine.actions.notify import notify
from engine.actions.points import change_points
from engine.actions.set_attribute import set_attribute
from engine.actions.set_tag import set_tag
from engine.core.runs.deeds import Actions

ACTIONS: Actions = {
    plan.SetAttribute: set_attribute,
    plan.SetTag: set_tag,
    plan.ChangeNumber: change_number,
    plan.Points: change_points,
    plan.Emit: emit,
    plan.Call: call,
    plan.Notify: notify,
}
