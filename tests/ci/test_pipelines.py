"""Hooks and pipelines that a workspace takes from here: each is tried by running its commands."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.running import kogda

ROOT = Path(__file__).parents[2]
STARTER = ROOT / "api" / "cli" / "starter"
WORKFLOW = ROOT / ".github" / "workflows" / "workspace.yml"
GITLAB = ROOT / "ci" / "gitlab.yml"
RULE = "rules/first.rules"


def read(path: Path) -> Any:
    return yaml.load(path.read_text(), Loader=yaml.BaseLoader)


def github_commands(path: Path) -> list[str]:
    [job] = read(path)["jobs"].values()
    return [step["run"] for step in job["steps"] if step.get("run", "").startswith("kogda")]


def hooks(path: Path) -> dict[str, dict[str, Any]]:
    loaded = read(path)
    listed = loaded if isinstance(loaded, list) else loaded["repos"][0]["hooks"]
    return {hook["id"]: hook for hook in listed}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    kogda("init", "shop", cwd=tmp_path)
    return tmp_path / "shop"


def run(command: str, folder: Path, *files: str) -> subprocess.CompletedProcess[str]:
    """As a pipeline's shell does, with `kogda` on the PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    whole = " ".join([command, *map(shlex.quote, files)])
    return subprocess.run(
        ["sh", "-ec", whole], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def broken(folder: Path) -> Path:
    rule = folder / RULE
    rule.write_text(rule.read_text().replace("when ", "when no_such_", 1))
    return folder


COMMANDS = [
    *((f"github: {each}", each) for each in github_commands(WORKFLOW)),
    *((f"gitlab: {each}", each) for each in read(GITLAB)["kogda"]["script"]),
    *((f"pre-commit: {hook['entry']}", hook["entry"]) for hook in hooks(ROOT / ".pre-commit-hooks.yaml").values()),
]


@pytest.mark.parametrize("command", [command for _, command in COMMANDS], ids=[name for name, _ in COMMANDS])
def test_each_command_passes_on_a_new_workspace(shop: Path, command: str):
    done = run(command, shop)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("command", [each for _, each in COMMANDS if " check" in each])
def test_each_check_fails_on_a_mistake(shop: Path, command: str):
    done = run(command, broken(shop))

    assert done.returncode == 1, done.stdout + done.stderr


def test_github_marks_the_line(shop: Path):
    [check] = [each for each in github_commands(WORKFLOW) if "kogda check" in each]

    done = run(check, broken(shop))

    assert re.search(rf"^::error [^\n]*file={re.escape(RULE)}", done.stdout, re.MULTILINE)


def test_gitlab_gets_its_reports(shop: Path):
    for command in read(GITLAB)["kogda"]["script"]:
        run(command, broken(shop))

    reports = read(GITLAB)["kogda"]["artifacts"]["reports"]
    quality = json.loads((shop / Path(reports["codequality"]).name).read_text())
    assert [each["location"]["path"] for each in quality if each["check_name"] == "E201"] == [RULE]
    assert (shop / Path(reports["junit"]).name).is_file()


def test_a_hook_gets_the_files_that_changed(shop: Path):
    rule = shop / RULE
    rule.write_text(rule.read_text().replace("when ", "when    ", 1))
    hook = hooks(ROOT / ".pre-commit-hooks.yaml")["kogda-fmt"]

    assert re.search(hook["files"], RULE)
    run(hook["entry"], shop, RULE)

    assert "when    " not in rule.read_text()


@pytest.mark.parametrize("name", ["kogda-check", "kogda-test"])
def test_hooks_run_for_every_file_that_they_read(name: str):
    files = hooks(ROOT / ".pre-commit-hooks.yaml")[name]["files"]

    for path in ("kogda.yaml", "shop/schema.yaml", "rules/deep/a.test.rules", "templates/email/a.html"):
        assert re.search(files, path), path
    assert not re.search(files, "README.md")


def test_a_new_workspace_has_the_same_steps():
    assert github_commands(STARTER / "workflows" / "kogda.yml") == github_commands(WORKFLOW)
    own, shared = hooks(STARTER / "pre-commit-config.yaml"), hooks(ROOT / ".pre-commit-hooks.yaml")
    assert {name: hook["entry"] for name, hook in own.items()} == {name: hook["entry"] for name, hook in shared.items()}


def test_inputs_are_not_pasted_into_commands():
    [job] = read(WORKFLOW)["jobs"].values()

    assert [step["run"] for step in job["steps"] if "${{" in step.get("run", "")] == []
