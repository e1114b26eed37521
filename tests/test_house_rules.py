"""The house style as far as a machine can judge it. A real exception is listed here, with its reason."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from glob import glob
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("dsl", "engine", "api", "scripts", "benchmarks")
MOST_LINES = 400
MOST_FUNCTION_LINES = 40
MOST_POSITIONAL = 5

#: Files that may be longer than MOST_LINES, and why.
LONG_FILES = {
    "dsl/keywords.py": "generated from keywords.yaml",
    "dsl/messages_ru.py": "generated from messages.ru.yaml",
}

#: Functions that may be longer than MOST_FUNCTION_LINES, and why.
LONG_FUNCTIONS: dict[str, str] = {}

#: Where `except Exception` is the point: the edges at which one failure must not end the rest.
EDGES: dict[str, str] = {
    "benchmarks/__main__.py": "a measurement that fails is a row, and the others go on",
    "engine/flow/advancing/advance_partition.py": "a batch that raises is halved until the poison is alone",
    "engine/rendering/email.py": "compiled templates are foreign code",
    "engine/worker/arq_lane.py": "the edge of a worker's wake-ups",
    "engine/worker/lanes.py": "the edge of a worker's jobs",
    "engine/worker/process.py": "the edge of a worker's duties, which outlive an outage",
}

#: Registries: literal, in deliberate order, never filled by an import.
REGISTRIES = (
    ("api/cli/__init__.py", "COMMANDS"),
    ("api/cli/init.py", "FILES"),
    ("api/doctor/__init__.py", "OWN_CHECKS"),
    ("api/doctor/__init__.py", "SERVICE_CHECKS"),
    ("dsl/checks/__init__.py", "CHECKS"),
    ("engine/actions/__init__.py", "ACTIONS"),
    ("engine/core/guards/__init__.py", "GUARDS"),
)

#: Words that product.md replaces by others, where a name would use them for a thing of ours.
OTHER_WORDS = {"user", "users", "campaign", "workflow", "journey", "blacklist", "whitelist"}

#: Words that say nothing about what a module holds.
EMPTY_NAMES = {"util", "utils", "helper", "helpers", "manager", "managers", "common", "misc"}


def sources() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sources():
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Without the signature and the docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_no_file_is_longer_than_one_can_hold_in_mind():
    files = [*sources(), *(ROOT / "tests").rglob("*.py")]
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines()) for path in files}

    too_long = {path: lines for path, lines in lengths.items() if lines > MOST_LINES and path not in LONG_FILES}

    assert too_long == {}


def test_no_function_is_longer_than_a_screen():
    too_long = {
        f"{path}:{function.lineno} {function.name}": body_lines(function)
        for path, tree in trees()
        for function in functions(tree)
        if body_lines(function) > MOST_FUNCTION_LINES and f"{path} {function.name}" not in LONG_FUNCTIONS
    }

    assert too_long == {}


def test_long_lists_of_arguments_are_named_at_the_call():
    too_many = [
        f"{path}:{function.lineno} {function.name}"
        for path, tree in trees()
        for function in functions(tree)
        if len([*function.args.posonlyargs, *function.args.args]) > MOST_POSITIONAL + 1  # self
        and not path.startswith("api/cli/")  # typer reads options from the signature
    ]

    assert too_many == []


def test_exceptions_from_these_rules_are_still_needed():
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines()) for path in sources()}
    long_functions = {
        f"{path} {function.name}"
        for path, tree in trees()
        for function in functions(tree)
        if body_lines(function) > MOST_FUNCTION_LINES
    }

    stale = [path for path in LONG_FILES if lengths.get(path, 0) <= MOST_LINES]
    stale += [name for name in LONG_FUNCTIONS if name not in long_functions]
    stale += [path for path in EDGES if "except Exception" not in (ROOT / path).read_text()]

    assert stale == []


def test_modules_are_named_after_what_they_hold():
    empty = [path for path in sources() if EMPTY_NAMES & set(path.stem.split("_"))]

    assert empty == []


def test_public_names_use_the_words_of_the_glossary():
    wrong = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and OTHER_WORDS & set(words(node.name))
    ]

    assert wrong == []


def words(name: str) -> list[str]:
    """`user_agent` and `UserAgent` are both user, agent."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")


@pytest.mark.parametrize(("path", "name"), REGISTRIES, ids=[name for _, name in REGISTRIES])
def test_a_registry_is_a_literal_in_its_package(path: str, name: str):
    tree = ast.parse((ROOT / path).read_text())
    values = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and name in [getattr(target, "id", "") for target in _targets(node)]
    ]

    [value] = values

    assert isinstance(value, ast.Tuple | ast.Dict)


def _targets(node: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def test_everything_is_caught_only_at_the_edges():
    broad = [
        f"{path}:{node.lineno}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or getattr(node.type, "id", "") == "Exception")
        and path not in EDGES
    ]

    assert broad == []


def test_what_is_left_to_do_has_an_issue():
    marker = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b(?! \(issue \d+\))")

    loose = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sources()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if "#" in line and marker.search(line.partition("#")[2])
    ]

    assert loose == []


def test_every_diagnostic_code_has_a_page_and_every_page_a_code():
    from dsl.codes import CODES

    pages = {path.stem for path in (ROOT / "docs" / "errors").glob("[EW]*.md")}

    assert set(CODES) == pages


def test_a_wheel_carries_every_file_that_is_no_module():
    globs = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    carried = {
        Path(path)
        for package, each in globs.items()
        for pattern in each
        for path in glob(str(ROOT / package / pattern), recursive=True)
    }
    needed = {
        path
        for package in globs
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts
    }

    left_out = sorted(str(path.relative_to(ROOT)) for path in needed - carried)
    assert left_out == ["dsl/reference.md"]  # from which the docs are generated


def test_every_page_of_the_docs_can_be_found_from_their_first_page():
    index = (ROOT / "docs/README.md").read_text()
    pages = [path.name for path in (ROOT / "docs").glob("*.md") if path.name != "README.md"]

    assert [name for name in sorted(pages) if f"]({name})" not in index] == []


def test_links_between_pages_lead_somewhere():
    dead = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
        if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists()
    ]

    assert dead == []


def test_the_map_of_the_architecture_shows_every_folder():
    page = (ROOT / "docs/architecture.md").read_text().partition("## Where everything lives")[2]
    folders = [each.parent for package in ("engine", "api") for each in (ROOT / package).glob("*/__init__.py")]

    assert [each.name for each in folders if f"{each.name}/`" not in page] == []
