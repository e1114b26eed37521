"""`kogda check` as a person and a pipeline run it: a new process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.forking import run_kogda

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for path, text in {
        "kogda.yaml": "language: 1\n",
        "schema.yaml": "events:\n  order_placed:\n    properties: {total: money}\n",
        "rules/a.rules": 'rule "A" when order_placed add tag "a"\n',
        "rules/b.rules": 'rule "B" when order_placed add tag "b"\n',
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def check(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    done = run_kogda(["check", *map(str, arguments)], cwd=cwd, variables={"PATH": ""})
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def test_a_clean_workspace_exits_with_0_and_counts(shop: Path):
    done = check(cwd=shop)

    assert (done.returncode, done.stdout, done.stderr) == (0, "2 rules in 2 files: no mistakes\n", "")


def test_mistakes_exit_with_1_and_are_shown_without_colours(shop: Path):
    (shop / "rules" / "b.rules").write_text('rule "B" when order_placd add tag "b"\n')

    done = check("--workspace", shop, cwd=ROOT)

    assert done.returncode == 1
    assert done.stdout == (
        'rules/b.rules:1:15: error[E201]: there is no event called "order_placd"\n'
        '1 | rule "B" when order_placd add tag "b"\n'
        "  |               ^^^^^^^^^^^ not in the schema\n"
        "  = did you mean order_placed?\n"
        "  = fix: order_placed\n"
        "\n"
        "2 rules in 2 files: 1 mistake\n"
    )


def test_warnings_exit_with_0(shop: Path):
    (shop / "rules" / "b.rules").write_text('rule "B" when order_placed exit add tag "b"\n')

    done = check("--format", "short", cwd=shop)

    assert done.returncode == 0
    assert done.stdout == ("rules/b.rules:1:33: warning[W521]: nobody ever gets here\n2 rules in 2 files: 1 warning\n")


def test_json_is_nothing_but_json(shop: Path):
    (shop / "rules" / "b.rules").write_text('rule "B" when order_placd add tag "b"\n')

    done = check("--format", "json", cwd=shop)

    assert done.returncode == 1
    assert [each["code"] for each in json.loads(done.stdout)] == ["E201"]
    assert done.stderr == "2 rules in 2 files: 1 mistake\n"


def test_paths_limit_the_report(shop: Path):
    (shop / "rules" / "b.rules").write_text("when order_placd exit\n")

    done = check("rules/a.rules", cwd=shop)

    assert (done.returncode, done.stdout) == (0, "1 rule in 1 file: no mistakes\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["--workspace", "nowhere"], "there is no kogda.yaml in nowhere", id="no workspace"),
        pytest.param(["rules/c.rules"], "rules/c.rules does not exist", id="no such path"),
        pytest.param(["/etc"], "is not in the workspace", id="a path outside"),
        pytest.param(["draft.rules"], "not in the folder rules/", id="a rule file that nothing reads"),
        pytest.param(["--format", "xml"], "invalid choice: 'xml'", id="unknown format"),
    ],
)
def test_what_cannot_run_exits_with_2_and_says_why(shop: Path, arguments: list[str], says: str):
    (shop / "draft.rules").write_text("when order_placed exit\n")

    done = check(*arguments, cwd=shop)

    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


def test_it_starts_without_the_libraries_of_the_server():
    program = (
        "import sys; from api.cli import main; sys.argv = ['kogda', 'check']\n"
        "try: main()\n"
        "except SystemExit: print(sorted({'pydantic', 'typer', 'sqlalchemy', 'fastapi', 'asyncpg', 'jsonschema'}"
        " & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )

    assert done.stdout.endswith("[]\n")


def test_the_workspace_is_found_by_the_file_env_as_by_other_commands(
    shop: Path, tmp_path_factory: pytest.TempPathFactory
):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / ".env").write_text(f"KOGDA_WORKSPACE={shop}\nKOGDA_PORT=8001\n")

    done = check(cwd=elsewhere)

    assert (done.returncode, done.stdout) == (0, "2 rules in 2 files: no mistakes\n")
