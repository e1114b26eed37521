"""What a rule itself says against a message at the moment it is due: one guard a file. Those of delivery come later."""

from engine.core.rule_guards.first_customers import first_customers
from engine.core.rule_guards.once_per import once_per
from engine.core.rule_guards.refusal import Guard
from engine.core.rule_guards.rule_conditions import rule_conditions
from engine.core.rule_guards.same_message import same_message
from engine.core.rule_guards.step_condition import step_condition

#: In this order: a skipped send must not end the run by a later guard, and what ends the run comes before what
#: only skips this message.
RULE_GUARDS: tuple[Guard, ...] = (step_condition, rule_conditions, once_per, first_customers, same_message)
