"""What can stop a message at the moment it is due, on fresh data: one guard a file."""

from engine.core.guards.once_per import once_per
from engine.core.guards.refusal import Guard
from engine.core.guards.rule_conditions import rule_conditions
from engine.core.guards.same_message import same_message
from engine.core.guards.step_condition import step_condition

#: In this order: a skipped send must not end the run by a later guard, and what ends the run comes before what
#: only skips this message.
GUARDS: tuple[Guard, ...] = (step_condition, rule_conditions, once_per, same_message)
