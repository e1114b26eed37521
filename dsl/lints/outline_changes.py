"""What a rule changes and what starts it, as texts that can be kept and compared.

"event order_placed"; "customer.tier", with its new value where that is written: `customer.tier = "gold"`;
"customer.tags + vip" and "customer.tags - vip"; "segment vip".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dsl import syntax
from dsl.walk import Index, of_type, walk

TAGS = "customer.tags"
#: A value that is another one at each turn, or may be.
ANY = "?"


def changes(nodes: Index) -> Iterator[str]:
    for each in of_type(nodes, syntax.SetAttribute):
        yield f"{each.path} = {_constant(each.value)}"
    for number in of_type(nodes, syntax.ChangeNumber):
        yield f"{number.path} = {ANY}"
    if nodes.get(syntax.Points):
        yield f"customer.points = {ANY}"
    for tag in of_type(nodes, syntax.Tag):
        yield f"{TAGS} {'+' if tag.add else '-'} {tag.tag.text}"
    for emit in of_type(nodes, syntax.Emit):
        yield f"event {emit.event.text}"


def starts_on(trigger: syntax.Trigger) -> Iterator[str]:
    match trigger:
        case syntax.EventTrigger(events=events) | syntax.TimesTrigger(events=events):
            yield from (f"event {name.text}" for name in events.names)
        case syntax.SequenceTrigger(first=events):
            yield from (f"event {name.text}" for name in events.names)
        case syntax.SegmentTrigger(segment=segment):
            yield f"segment {segment.text}"
        case syntax.ChangeTrigger(path=path, to=to):
            yield str(path) if to is None or _constant(to) == ANY else f"{path} = {_constant(to)}"


def depends(
    condition: syntax.Condition, defined: Mapping[str, syntax.Condition], passed: frozenset[str] = frozenset()
) -> Iterator[str]:
    """`defined`: the conditions of the file, by name."""
    for node in walk(condition):
        if isinstance(node, syntax.OneOf) and isinstance(node.group, syntax.Name):
            yield f"segment {node.group.text}"
        elif isinstance(node, syntax.Path) and node.root in defined and node.root not in passed:
            yield from depends(defined[node.root], defined, passed | {node.root})
        elif isinstance(node, syntax.Path):
            yield str(node) if node.root == "customer" else f"event {node.root}"


def _constant(value: syntax.Value) -> str:
    match value:
        case syntax.Text(text=text):
            return f'"{text}"'
        case syntax.Number(value=number):
            return f"{number.normalize():f}"
        case syntax.Money(amount=amount, currency=currency):
            return f"{amount.normalize():f} {currency}"
    return ANY
