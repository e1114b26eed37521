"""`kogda init`: a workspace to begin with."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from api.cli.terminal import console
from api.language import spoken, told
from dsl.messages import Language, say
from engine.errors import ConfigurationError

#: What the starter calls the shop, until the folder's name is there.
NAMES: dict[Language, str] = {"en": "My shop", "ru": "Мой магазин"}

#: Where each file of the starter goes; `starter/ru` holds those that read another way in Russian. Names that begin with
#: a dot are kept without it: packaging drops dot files.
FILES: tuple[tuple[str, str], ...] = (
    ("kogda.yaml", "kogda.yaml"),
    ("schema.yaml", "schema.yaml"),
    ("rules/first.rules", "rules/first.rules"),
    ("rules/first.test.rules", "rules/first.test.rules"),
    ("templates/email/layouts/base.html", "templates/email/layouts/base.html"),
    ("templates/email/welcome.html", "templates/email/welcome.html"),
    ("templates/email/cart.html", "templates/email/cart.html"),
    ("gitignore", ".gitignore"),
    ("pre-commit-config.yaml", ".pre-commit-config.yaml"),
    ("workflows/kogda.yml", ".github/workflows/kogda.yml"),
)


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder, or one without a workspace.")],
    language: Annotated[
        Language | None, typer.Option(help="Of its rules and mails; default: KOGDA_LANGUAGE, else English.")
    ] = None,
) -> None:
    """Make a workspace: a first rule with its test, its mails, and the checks for commits and CI."""
    written = write_workspace(directory, language or spoken())
    console.print(told(say("[bold]{directory}[/bold] is a workspace now:", directory=directory)))
    for path, is_new in written:
        console.print(f"  {path}" + ("" if is_new else told(say("  [dim]was there already; kept[/dim]"))))
    console.print(f"\n{told(say('Next:'))}  cd {directory}  &&  kogda up --watch", soft_wrap=True)


def write_workspace(directory: Path, language: Language) -> list[tuple[str, bool]]:
    """The files by path, and whether each was written: one that exists is never touched.

    Raises ConfigurationError when the folder is a workspace already, or cannot be written to.
    """
    if (directory / "kogda.yaml").exists():
        raise ConfigurationError(
            say("{directory} is a workspace already (it has a kogda.yaml); choose another folder", directory=directory)
        )
    try:
        return [
            (target, _write(_text(source, language, _name(directory)), directory / target)) for source, target in FILES
        ]
    except OSError as error:
        raise ConfigurationError(
            say("cannot write {path}: {reason}", path=error.filename or directory, reason=error.strerror)
        ) from error


def _text(source: str, language: Language, name: str) -> str:
    starter = files("api.cli") / "starter"
    own = starter / language / source
    text = (own if own.is_file() else starter / source).read_text(encoding="utf-8")
    return text.replace(NAMES[language], name or NAMES[language])


def _write(text: str, target: Path) -> bool:
    if target.exists():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return True


def _name(directory: Path) -> str:
    """What a folder called `coffee-shop` is called on the mails: Coffee shop. Empty when it is no words."""
    words = directory.resolve().name.replace("-", " ").replace("_", " ").strip()
    plain = words if words.replace(" ", "").isalnum() else ""
    return plain[:1].upper() + plain[1:]
