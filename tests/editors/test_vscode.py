"""The extension for Visual Studio Code: its grammar, and the package that people install."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

EXTENSION = Path(__file__).parents[2] / "editors" / "vscode"

pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="node and npm are not installed")


@pytest.fixture(scope="session")
def packages() -> Path:
    """node_modules of package-lock.json, made once for each version of it, outside of the tree."""
    digest = hashlib.sha256((EXTENSION / "package-lock.json").read_bytes()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "kogda-tests" / f"vscode-{digest}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (cache / "complete").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(EXTENSION / name, cache)
            _npm(cache, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
            (cache / "complete").touch()
    return cache / "node_modules"


@pytest.fixture
def extension(tmp_path: Path, packages: Path) -> Path:
    folder = tmp_path / "vscode"
    shutil.copytree(EXTENSION, folder, ignore=shutil.ignore_patterns("node_modules", "dist", "*.vsix"))
    (folder / "node_modules").symlink_to(packages, target_is_directory=True)
    return folder


def test_the_grammar_colours_both_languages(extension: Path):
    _npm(extension, "test")


def test_the_package_holds_what_an_editor_needs_and_nothing_else(extension: Path):
    _npm(extension, "run", "package")

    with zipfile.ZipFile(extension / "kogda.vsix") as package:
        names = {name.removeprefix("extension/") for name in package.namelist() if name.startswith("extension/")}
        program = package.read("extension/dist/extension.js").decode()
    lower = {name.lower() for name in names}
    assert {
        "package.json", "dist/extension.js", "language-configuration.json", "icons/kogda.png", "readme.md",
        "syntaxes/kogda.tmlanguage.json", "syntaxes/markdown.tmlanguage.json", "snippets/kogda.json",
    } <= lower  # fmt: skip
    assert not [name for name in lower if name.startswith(("node_modules", "src", "test"))]
    assert "lsp" in program


def test_every_file_that_the_manifest_names_is_there():
    manifest = json.loads((EXTENSION / "package.json").read_text())
    contributes = manifest["contributes"]

    named = [manifest["icon"], *(each["path"] for each in (*contributes["grammars"], *contributes["snippets"]))]
    for language in contributes["languages"]:
        named += [language["configuration"], *language["icon"].values()]

    assert [name for name in named if not (EXTENSION / name).is_file()] == []


def _npm(folder: Path, *arguments: str) -> None:
    done = subprocess.run(["npm", *arguments], cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
