"""Walks a template's tree: which variables of the event, the customer and the rule it reads, and where they show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from jinja2 import nodes

from dsl.catalog import TemplateUse
from engine.rendering.guards import Path, PathOf, known_when_false, known_when_true

#: Names that every template has without a rule giving them.
BUILT_IN = ("subject", "preheader", "workspace", "locale")

_JINJA = ("loop", "super", "self", "caller", "range", "namespace", "true", "false", "none")

#: Filters that give back the same list, or one of its elements.
_SAME = ("sort", "unique", "list", "reverse", "select", "reject", "selectattr", "rejectattr", "default", "d")
_ELEMENT = ("first", "last", "min", "max", "random")

#: Local names and what they stand for; None: something without a path, like a macro's argument.
Scope: TypeAlias = dict[str, "Path | None"]

#: The tree of a file that is extended, included or imported; None when there is no such file (reported there).
FindTree: TypeAlias = Callable[[nodes.Expr, str], "tuple[str, nodes.Template] | None"]


@dataclass(slots=True)
class UseCollector:
    """Collects into `uses`. One per template; `find` gives the trees of other files."""

    find: FindTree
    file: str  # of the tree being walked
    uses: list[tuple[str, TemplateUse]] = field(default_factory=list)  # with the file of each
    known: frozenset[Path] = frozenset()  # present here, by the `if` around
    optional: bool = False  # inside a test or before a default: nothing shows when it is missing
    blocks: dict[str, list[tuple[str, nodes.Block]]] = field(default_factory=dict)  # most derived first
    block_chain: tuple[tuple[str, int], ...] = ()  # the blocks being walked and how far up
    open_files: tuple[str, ...] = ()

    # Statements

    def template(self, tree: nodes.Template, scope: Scope) -> None:
        """A whole file: its own statements, then what it extends, whose blocks it may have replaced."""
        for block in tree.find_all(nodes.Block):
            self.blocks.setdefault(block.name, []).append((self.file, block))
        extends = next((node for node in tree.body if isinstance(node, nodes.Extends)), None)
        if extends is None:
            self.all(tree.body, scope)
            return
        self.all([node for node in tree.body if not isinstance(node, nodes.Output | nodes.Block)], scope)
        found = self.find(extends.template, self.file)
        if found:
            self.in_file(found, scope, self.template)

    def in_file(
        self, found: tuple[str, nodes.Template], scope: Scope, walk: Callable[[nodes.Template, Scope], None]
    ) -> None:
        path, tree = found
        if path in self.open_files or len(self.open_files) > 30:
            return  # a file that includes itself: everything in it has been seen
        before = self.file, self.open_files
        self.file, self.open_files = path, (*self.open_files, self.file)
        walk(tree, scope)
        self.file, self.open_files = before

    def all(self, statements: Sequence[nodes.Node], scope: Scope) -> None:
        for statement in statements:
            self.statement(statement, scope)

    def statement(self, node: nodes.Node, scope: Scope) -> None:
        visit = getattr(self, f"_{type(node).__name__}", None)
        if visit is not None:
            visit(node, scope)
        elif isinstance(node, nodes.Expr):
            self.expression(node, scope)
        else:
            for child in node.iter_child_nodes():
                self.statement(child, scope)

    def _If(self, node: nodes.If, scope: Scope) -> None:
        self.quietly(node.test, scope)
        before = self.known
        self.known = before | known_when_true(node.test, self._path_of(scope))
        self.all(node.body, scope)
        self.known = before | known_when_false(node.test, self._path_of(scope))
        self.all([*node.elif_, *node.else_], scope)
        self.known = before

    def _For(self, node: nodes.For, scope: Scope) -> None:
        self.quietly(node.iter, scope) if node.else_ else self.expression(node.iter, scope)
        source = path_of(node.iter, scope)
        inner = dict(scope)
        self._bind(node.target, (*source, "[]") if source else None, inner)
        if node.test:
            self.quietly(node.test, inner)
        before = self.known
        if node.test:
            self.known = before | known_when_true(node.test, self._path_of(inner))
        self.all(node.body, inner)
        self.known = before
        self.all(node.else_, scope)

    def _Assign(self, node: nodes.Assign, scope: Scope) -> None:
        self.expression(node.node, scope)
        self._bind(node.target, path_of(node.node, scope), scope)

    def _AssignBlock(self, node: nodes.AssignBlock, scope: Scope) -> None:
        self.all(node.body, dict(scope))
        self._bind(node.target, None, scope)

    def _With(self, node: nodes.With, scope: Scope) -> None:
        inner = dict(scope)
        for target, value in zip(node.targets, node.values, strict=True):
            self.expression(value, scope)
            self._bind(target, path_of(value, scope), inner)
        self.all(node.body, inner)

    def _Macro(self, node: nodes.Macro, scope: Scope) -> None:
        scope[node.name] = None
        for default in node.defaults:
            self.expression(default, scope)
        self.all(node.body, {**scope, **{argument.name: None for argument in node.args}})

    def _CallBlock(self, node: nodes.CallBlock, scope: Scope) -> None:
        self.expression(node.call, scope)
        self.all(node.body, {**scope, **{argument.name: None for argument in node.args}})

    def _Block(self, node: nodes.Block, scope: Scope) -> None:
        self._block_at(node.name, 0, scope)

    def _block_at(self, name: str, level: int, scope: Scope) -> None:
        versions = self.blocks.get(name, [])
        if level >= len(versions) or (name, level) in self.block_chain:
            return
        file, block = versions[level]
        before = self.file, self.block_chain
        self.file, self.block_chain = file, (*self.block_chain, (name, level))
        self.all(block.body, dict(scope))
        self.file, self.block_chain = before

    def _Include(self, node: nodes.Include, scope: Scope) -> None:
        self.expression(node.template, scope)
        found = None if node.ignore_missing else self.find(node.template, self.file)
        if found:
            self.in_file(found, dict(scope), lambda tree, inner: self.all(tree.body, inner))

    def _Import(self, node: nodes.Import, scope: Scope) -> None:
        scope[node.target] = None
        self._import(node.template, {**scope} if node.with_context else {})

    def _FromImport(self, node: nodes.FromImport, scope: Scope) -> None:
        for name in node.names:
            scope[name if isinstance(name, str) else name[1]] = None
        self._import(node.template, {**scope} if node.with_context else {})

    def _import(self, template: nodes.Expr, scope: Scope) -> None:
        found = self.find(template, self.file)
        if found:
            self.in_file(found, scope, lambda tree, inner: self.all(tree.body, inner))

    def _bind(self, target: nodes.Node, path: Path | None, scope: Scope) -> None:
        if isinstance(target, nodes.Name):
            scope[target.name] = path
        else:
            for name in target.find_all(nodes.Name):
                scope[name.name] = None

    # Expressions

    def quietly(self, node: nodes.Node, scope: Scope) -> None:
        before, self.optional = self.optional, True
        self.expression(node, scope)
        self.optional = before

    def expression(self, node: nodes.Node, scope: Scope) -> None:
        path = path_of(node, scope) if isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem) else None
        if path is not None:
            self._use(path, node.lineno)
            if isinstance(node, nodes.Getitem) and not isinstance(node.arg, nodes.Const):
                self.expression(node.arg, scope)
        elif isinstance(node, nodes.Filter) and node.name in ("default", "d") and node.node is not None:
            self.quietly(node.node, scope)
            self._all_expressions([*node.args, *node.kwargs], scope)
        elif isinstance(node, nodes.Test):
            self.quietly(node.node, scope)
            self._all_expressions(node.args, scope)
        elif isinstance(node, nodes.Or | nodes.And):
            self._either(node, scope)
        elif isinstance(node, nodes.CondExpr):
            self._choice(node, scope)
        elif isinstance(node, nodes.Call):
            self._call(node, scope)
        else:
            self._all_expressions(list(node.iter_child_nodes()), scope)

    def _all_expressions(self, expressions: Sequence[nodes.Node], scope: Scope) -> None:
        for expression in expressions:
            self.expression(expression, scope)

    def _either(self, node: nodes.Or | nodes.And, scope: Scope) -> None:
        """Of `a or b` and `a and b` the left is a test; the right is reached knowing how it ended."""
        self.quietly(node.left, scope)
        known = known_when_false if isinstance(node, nodes.Or) else known_when_true
        before, self.known = self.known, self.known | known(node.left, self._path_of(scope))
        self.expression(node.right, scope)
        self.known = before

    def _choice(self, node: nodes.CondExpr, scope: Scope) -> None:
        self.quietly(node.test, scope)
        before = self.known
        self.known = before | known_when_true(node.test, self._path_of(scope))
        self.expression(node.expr1, scope)
        self.known = before | known_when_false(node.test, self._path_of(scope))
        if node.expr2 is not None:
            self.expression(node.expr2, scope)
        self.known = before

    def _call(self, node: nodes.Call, scope: Scope) -> None:
        if isinstance(node.node, nodes.Name) and node.node.name == "super" and self.block_chain:
            name, level = self.block_chain[-1]
            self._block_at(name, level + 1, scope)
        elif isinstance(node.node, nodes.Getattr):
            self.expression(node.node.node, scope)  # `customer.name.upper()` reads customer.name
        elif not isinstance(node.node, nodes.Name):
            self.expression(node.node, scope)
        self._all_expressions([*node.args, *node.kwargs], scope)

    def _use(self, path: Path, line: int) -> None:
        if path[0] in BUILT_IN or path[0] in _JINJA:
            return
        is_known = any(known[: len(path)] == path for known in self.known)
        self.uses.append((self.file, TemplateUse(path=path, line=line, has_default=self.optional or is_known)))

    def _path_of(self, scope: Mapping[str, Path | None]) -> PathOf:
        return lambda node: path_of(node, scope)


def path_of(node: nodes.Node, scope: Mapping[str, Path | None]) -> Path | None:
    """`event.items[0]["name"]` is ("event", "items", "[]", "name").

    None: no variable, or a local one that stands for no path.
    """
    if isinstance(node, nodes.Name):
        return scope.get(node.name, (node.name,))
    if isinstance(node, nodes.Getattr):
        return _extended(path_of(node.node, scope), node.attr)
    if isinstance(node, nodes.Getitem):
        if isinstance(node.arg, nodes.Slice):
            return path_of(node.node, scope)
        key = node.arg.value if isinstance(node.arg, nodes.Const) else None
        return _extended(path_of(node.node, scope), key if isinstance(key, str) else "[]")
    if isinstance(node, nodes.Filter) and node.node is not None:
        if node.name in _SAME:
            return path_of(node.node, scope)
        if node.name in _ELEMENT:
            return _extended(path_of(node.node, scope), "[]")
    return None


def _extended(base: Path | None, part: str) -> Path | None:
    return (*base, part) if base else None
