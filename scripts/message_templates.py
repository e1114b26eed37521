"""The English templates of all messages: the first argument of every `say(…)` and the titles of the codes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("dsl", "engine", "api")


def templates() -> dict[str, str]:
    """Template to the file in which it stands first, in the order of the files. Raises where it cannot be read."""
    found: dict[str, str] = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            where = path.relative_to(ROOT).as_posix()
            for template in _templates_of(path.read_text(encoding="utf-8"), where):
                found.setdefault(template, where)
    return found


def _templates_of(text: str, where: str) -> Iterator[str]:
    if "say(" not in text and where != "dsl/codes.py":
        return
    for node in ast.walk(ast.parse(text)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        if node.func.id == "say":
            yield _written_out(node.args[0], f"{where}:{node.lineno}")
        elif node.func.id == "Code" and where == "dsl/codes.py":
            yield _written_out(node.args[1], f"{where}:{node.lineno}")


def _written_out(node: ast.expr, place: str) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise ValueError(f"{place}: a message must be written out at its `say`, so that it can be translated")
