"""A rule read back in plain sentences."""

from __future__ import annotations

from dsl.messages import Language, in_language
from dsl.plan import Plan, Rule
from dsl.telling import tell_rule


def render_rule(rule: Rule, plan: Plan, language: Language) -> str:
    head = f'"{rule.name}"  {rule.file}:{rule.line}'
    lines = [head] if rule.owner is None else [f"{head}  ({rule.owner})"]
    lines += [f"  {rule.description}"] if rule.description else []
    for line in tell_rule(rule, plan.events):
        number = f"{line.number}. " if line.number else ""
        lines.append("  " + "   " * line.depth + number + in_language(line.text, language))
    return "\n".join(lines) + "\n"
