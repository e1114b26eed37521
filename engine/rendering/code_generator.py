"""Compiles templates so that nothing in them runs unpaid, and no method is ever a value.

Jinja's sandbox guards attributes and calls, but not what a template costs. Here loops count their rounds, `~` and
literals are weighed, and `text.upper()` becomes a call of a closed list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import TemplateSyntaxError

from dsl.messages import say

#: Methods that a template may call, on plain values only.
METHODS = ("items", "keys", "values", "get", "upper", "lower", "title", "capitalize", "strip", "startswith", "endswith")

#: What a macro was given without naming it could be gathered and doubled for ever.
_REFUSED_NAMES = ("varargs", "kwargs")


class PayingCodeGenerator(CodeGenerator):
    def visit_For(self, node: nodes.For, frame: Frame) -> None:
        if node.recursive:
            raise TemplateSyntaxError(say("loops cannot be `recursive`"), node.lineno)
        rounds = nodes.EnvironmentAttribute("rounds", lineno=node.lineno)
        node.iter = nodes.Call(rounds, [node.iter], [], None, None, lineno=node.lineno)
        super().visit_For(node, frame)

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        target = node.node
        if isinstance(target, nodes.EnvironmentAttribute):
            self._direct(target.name, node.args, frame)
            return
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            raise TemplateSyntaxError(say("`*` and `**` cannot be used in calls; write the arguments out"), node.lineno)
        if _is_method(target) and not node.kwargs and not forward_caller:
            assert isinstance(target, nodes.Getattr)
            self._direct("method", [target.node, nodes.Const(target.attr), *node.args], frame)
        elif isinstance(target, nodes.Name | nodes.Getattr):
            super().visit_Call(node, frame, forward_caller=forward_caller)
        else:
            raise TemplateSyntaxError(say("only macros and functions can be called"), node.lineno)

    def visit_Name(self, node: nodes.Name, frame: Frame) -> None:
        if node.name in _REFUSED_NAMES:
            raise TemplateSyntaxError(
                say("`{node}` cannot be used; name the macro's arguments", node=node.name), node.lineno
            )
        super().visit_Name(node, frame)

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:
        self._lookup(node.node, node.attr, frame)

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            self._lookup(node.node, node.arg.value, frame)
        elif isinstance(node.arg, nodes.Slice):
            self._slice(node.node, node.arg, frame)
        else:
            super().visit_Getitem(node, frame)

    def visit_Filter(self, node: nodes.Filter, frame: Frame) -> None:
        super().visit_Filter(_priced(node) if node.name == "money" else node, frame)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        self._direct("concatenated", node.nodes, frame)

    def visit_List(self, node: nodes.List, frame: Frame) -> None:
        self._weighed(node, node.items, frame)

    def visit_Dict(self, node: nodes.Dict, frame: Frame) -> None:
        self._weighed(node, node.items, frame)

    def visit_Tuple(self, node: nodes.Tuple, frame: Frame) -> None:
        if node.ctx == "load":
            self._weighed(node, node.items, frame)
        else:
            super().visit_Tuple(node, frame)

    def visit_ScopedEvalContextModifier(self, node: nodes.ScopedEvalContextModifier, frame: Frame) -> None:
        raise TemplateSyntaxError(say("`autoescape` cannot be switched"), node.lineno)

    def _lookup(self, owner: nodes.Expr, name: str, frame: Frame) -> None:
        """The path goes along, so that a missing value can say its whole name."""
        self.write("environment.lookup(")
        self.visit(owner, frame)
        self.write(f", {name!r}, {_path(owner, name)!r})")

    def _slice(self, owner: nodes.Expr, part: nodes.Slice, frame: Frame) -> None:
        """Jinja compiles slices to Python's own, past the sandbox: a copy that nobody pays for."""
        self.write("environment.getitem(")
        self.visit(owner, frame)
        self.write(", slice(")
        for end in (part.start, part.stop, part.step):
            self.visit(end or nodes.Const(None), frame)
            self.write(", ")
        self.write("))")

    def _weighed(self, node: nodes.Literal, items: Sequence[nodes.Node], frame: Frame) -> None:
        is_plain = all(isinstance(item, nodes.Const) for item in items)
        visit: dict[type[nodes.Literal], Callable[[Any, Frame], None]] = {
            nodes.List: super().visit_List,
            nodes.Dict: super().visit_Dict,
            nodes.Tuple: super().visit_Tuple,
        }
        if is_plain:
            visit[type(node)](node, frame)
            return
        self.write("environment.checked_list(")
        visit[type(node)](node, frame)
        self.write(")")

    def _direct(self, name: str, arguments: Sequence[nodes.Expr], frame: Frame) -> None:
        """A call of the environment's own method, past the template's names and the sandbox's checks."""
        self.write(f"environment.{name}(")
        for argument in arguments:
            self.visit(argument, frame)
            self.write(", ")
        self.write(")")


def _is_method(target: nodes.Expr) -> bool:
    """`self.title()` is a block, not a method."""
    if not isinstance(target, nodes.Getattr) or target.attr not in METHODS:
        return False
    return not (isinstance(target.node, nodes.Name) and target.node.name == "self")


def _priced(node: nodes.Filter) -> nodes.Filter:
    """`event.total | money` is told the `event.currency` beside it, as rules are. What is known of a customer has none:
    there an amount without a currency is of the workspace's."""
    owner = _owner(node.node)
    if owner is None:
        return node
    of = nodes.Const("") if _root(owner) == "customer" else nodes.Getattr(owner, "currency", "load", lineno=node.lineno)
    kwargs = [*(node.kwargs or ()), nodes.Keyword("beside", of, lineno=node.lineno)]
    priced = nodes.Filter(node.node, node.name, node.args, kwargs, node.dyn_args, node.dyn_kwargs, lineno=node.lineno)
    if node.environment is not None:
        priced.set_environment(node.environment)
    return priced


def _owner(value: nodes.Expr | None) -> nodes.Expr | None:
    return value.node if isinstance(value, nodes.Getattr | nodes.Getitem) else None


def _root(value: nodes.Expr) -> str:
    while (owner := _owner(value)) is not None:
        value = owner
    return value.name if isinstance(value, nodes.Name) else ""


def _path(owner: nodes.Expr, name: str) -> str:
    if isinstance(owner, nodes.Name):
        return f"{owner.name}.{name}"
    if isinstance(owner, nodes.Getattr):
        return f"{_path(owner.node, owner.attr)}.{name}"
    return name
