"""The English templates of all messages: the first argument of every `say(…)`, the titles of the codes, what
`--help` shows of the commands, and what the doctor says of the settings."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from api.cli import COMMANDS

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
    if where == "engine/config.py":
        yield from _written_as("description", ast.parse(text))
    if where.startswith("api/cli/"):
        yield from _help_of(ast.parse(text), Path(where).stem)
    if "say(" not in text and where != "dsl/codes.py":
        return
    for node in ast.walk(ast.parse(text)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        if node.func.id == "say":
            yield _written_out(node.args[0], f"{where}:{node.lineno}")
        elif node.func.id == "Code" and where == "dsl/codes.py":
            yield _written_out(node.args[1], f"{where}:{node.lineno}")


def _help_of(module: ast.Module, command: str) -> Iterator[str]:
    """`help="…"`, and the docstrings of functions that are commands, as Typer reads them."""
    yield from _written_as("help", module)
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef) and (_is_called(node, command) or _is_command(node)):
            yield from filter(None, [ast.get_docstring(node)])


def _written_as(name: str, module: ast.Module) -> Iterator[str]:
    """The texts of the arguments of this name."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            given = [each.value for each in node.keywords if each.arg == name]
            yield from (each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str))


def _is_called(function: ast.FunctionDef, command: str) -> bool:
    return function.name == command and command.replace("_", "-") in COMMANDS


def _is_command(function: ast.FunctionDef) -> bool:
    called = [each.func for each in function.decorator_list if isinstance(each, ast.Call)]
    return any(isinstance(each, ast.Attribute) and each.attr in ("command", "callback") for each in called)


def _written_out(node: ast.expr, place: str) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise ValueError(f"{place}: a message must be written out at its `say`, so that it can be translated")
