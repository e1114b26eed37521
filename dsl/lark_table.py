"""What Lark computes from the grammar, as plain lists and dicts: all that dsl/quick_parse.py needs to read a text."""

from __future__ import annotations

from typing import Any, cast

from lark import Lark
from lark.parsers.lalr_analysis import Shift


def table_of(built: Lark) -> dict[str, Any]:
    """The same on every machine: states and rules are numbered in the order in which they are met.

    `states`: for each its scanner, what follows a symbol, and pairs of a rule and the tokens before which it applies.
    `rules`: for each its size, its production, the name of its tree or "", and which parts are lists of parts.
    """
    frontend = cast(Any, built.parser)
    table = frontend.parser._parse_table
    numbers = _numbered(table)
    rules, scanners, aheads = _Numbers(), _Numbers(), _Numbers()
    states = []
    for state in numbers:
        row = _row(table, state)
        shifts = {kind: numbers[to] for kind, action, to in row if action is Shift}
        reduces = [(rules.of(_rule(by)), kind) for kind, action, by in row if action is not Shift]
        before = {rule: tuple(kind for other, kind in reduces if other == rule) for rule, _ in reduces}
        kinds = _kinds(frontend.lexer.lexers[state])
        states.append([scanners.of(kinds), shifts, [[rule, aheads.of(each)] for rule, each in before.items()]])
    return {
        "terminals": {each.name: each.pattern.to_regexp() for each in sorted(built.terminals, key=_name)},
        "start": {start: numbers[state] for start, state in sorted(table.start_states.items())},
        "end": {start: numbers[state] for start, state in sorted(table.end_states.items())},
        "rules": list(rules),
        "scanners": list(scanners),
        "aheads": list(aheads),
        "states": states,
    }


class _Numbers(dict[Any, int]):
    def of(self, value: Any) -> int:
        return self.setdefault(value, len(self))


def _numbered(table: Any) -> dict[int, int]:
    """Lark's states with numbers of ours, as they are met on the way from the start."""
    numbers = {state: number for number, (_, state) in enumerate(sorted(table.start_states.items()))}
    waiting = list(numbers)
    for state in waiting:
        for _, action, to in _row(table, state):
            if action is Shift and to not in numbers:
                numbers[to] = len(numbers)
                waiting.append(to)
    return numbers


def _row(table: Any, state: int) -> list[tuple[str, Any, Any]]:
    return [(kind, *table.states[state][kind]) for kind in sorted(table.states[state])]


def _kinds(lexer: Any) -> tuple[str, ...]:
    """In the order in which Lark tries them."""
    return tuple(each.name for each in lexer.terminals if each.name not in lexer.ignore_types)


def _rule(rule: Any) -> tuple[int, str, str, tuple[int, ...]]:
    if rule.options.expand1 or any(rule.options.empty_indices):
        raise NotImplementedError(f"{rule}: dsl/quick_parse.py makes no such trees")
    inlined = tuple(
        place for place, part in enumerate(rule.expansion) if not part.is_term and part.name.startswith("_")
    )
    origin = str(rule.origin.name)
    return len(rule.expansion), origin, "" if origin.startswith("_") else str(rule.alias or origin), inlined


def _name(terminal: Any) -> str:
    return str(terminal.name)
