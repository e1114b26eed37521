"""A test with examples is one test for each row, the cells in place of `<column>`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from dsl import syntax
from dsl.diagnostics import Label
from dsl.messages import say
from dsl.problems import Problems, listed

_IN_TEXT = re.compile(r"<([^\W\d]\w*)>")


def expanded(case: syntax.TestCase, problems: Problems) -> Iterator[tuple[str, syntax.TestCase]]:
    """Each with what its row says, or "" without a table. Unknown columns go to `problems`."""
    if case.examples is None:
        filled = _Row({}, problems, has_table=False)
        has_columns = "<" in problems.source.slice(case.span)
        yield "", replace(case, lines=filled.fill(case.lines)) if has_columns else case
        return
    for row in case.examples.rows:
        cells = dict(zip(case.examples.columns, row, strict=False))
        said = ", ".join(problems.source.slice(cell.span) for cell in row)
        yield said, replace(case, lines=_Row(cells, problems, has_table=True).fill(case.lines), examples=None)


class _Row:
    def __init__(self, cells: Mapping[str, syntax.Value], problems: Problems, *, has_table: bool) -> None:
        self._cells = cells
        self._problems = problems
        self._has_table = has_table

    def fill(self, node: Any) -> Any:
        if isinstance(node, tuple):
            return tuple(self.fill(each) for each in node)
        if isinstance(node, syntax.Placeholder):
            return self._cell(node.column, node) or node
        if isinstance(node, syntax.Text):
            return replace(node, text=self._fill_text(node)) if self._has_table and "<" in node.text else node
        if not isinstance(node, syntax.Node):
            return node
        names = [each.name for each in fields(node) if each.name != "span"]
        return replace(node, **{name: self.fill(getattr(node, name)) for name in names})

    def _fill_text(self, node: syntax.Text) -> str:
        def written(match: re.Match[str]) -> str:
            cell = self._cell(match[1], node)
            if cell is None:
                return match[0]
            return cell.text if isinstance(cell, syntax.Text) else self._problems.source.slice(cell.span)

        return _IN_TEXT.sub(written, node.text)

    def _cell(self, column: str, node: syntax.Node) -> syntax.Value | None:
        if column not in self._cells:
            there_are = (
                say("columns: {all}", all=listed(list(self._cells)))
                if self._cells
                else say("this test has no examples")
            )
            self._problems.error(
                "E406", say("no column is called <{column}>", column=column), Label(node.span, there_are)
            )
        return self._cells.get(column)
