"""`kogda templates`: mails to begin with, in English and Russian."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from api.cli.terminal import console
from api.language import told
from dsl.messages import say
from dsl.suggestions import nearest
from engine.config import read_settings
from engine.errors import ConfigurationError

#: Each starter with what it is for.
STARTERS: dict[str, str] = {
    "welcome": say("says hello after signing up"),
    "confirm": say("asks for the second yes to an address (double opt-in)"),
    "cart": say("reminds of a cart"),
    "browse": say("reminds of something that was looked at"),
    "order_status": say("says that a parcel is on its way"),
    "birthday": say("congratulates, with a promo code"),
    "win_back": say("greets those who have not been here for long"),
    "digest": say("lists what is worth reading"),
    "nps": say("asks one question, from 0 to 10"),
    "receipt": say("confirms a paid order"),
}
LANGUAGES = ("en", "ru")
_INCLUDE = re.compile(r'<mj-include path="([^"]+)"')

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def templates() -> None:
    """Mails to begin with: look at them in docs/templates.md."""


@app.command("list")
def list_starters() -> None:
    """The starters, and what each is for."""
    for name, what in STARTERS.items():
        console.print(f"  {name:<14}{told(what)}")


@app.command("add")
def add(
    names: Annotated[list[str], typer.Argument(metavar="NAME…", help="cart welcome …, or all.")],
    language: Annotated[list[str] | None, typer.Option(help="en, ru; both without it.")] = None,
    workspace: Annotated[Path | None, typer.Option(help="Folder with kogda.yaml.")] = None,
) -> None:
    """Copy starters into templates/email. A file that exists is never touched."""
    folder = read_settings(workspace=workspace).workspace
    if not (folder / "kogda.yaml").is_file():
        raise ConfigurationError(
            say("there is no kogda.yaml in {folder}; name the workspace with --workspace", folder=folder)
        )
    for path, is_new in add_starters(folder, names, language or ()):
        console.print(f"  {path}" + ("" if is_new else told(say("  [dim]was there already; kept[/dim]"))))


def add_starters(folder: Path, names: Iterable[str], languages: Iterable[str] = ()) -> list[tuple[str, bool]]:
    """The files by path, and whether each was written; without languages in all of them. Raises ConfigurationError for
    a name that is none."""
    chosen = list(STARTERS) if "all" in (asked := list(names)) else asked
    for name in chosen:
        _check(name, STARTERS, say("starter"))
    spoken = list(languages)
    for each in spoken:
        _check(each, LANGUAGES, say("language"))
    mine = {name: written for name in chosen if (written := _as_html(name, spoken, folder))}
    kept = [(each.relative_to(folder).as_posix(), False) for written in mine.values() for each in written]
    paths = dict.fromkeys(_with_parts(_files([name for name in chosen if name not in mine], spoken or LANGUAGES)))
    return [*kept, *(_copy(path, folder) for path in paths)]


def _as_html(name: str, languages: Collection[str], folder: Path) -> list[Path]:
    """The same mail, written in HTML already: of two none could be sent (E218). Unless it is asked for by its language,
    a starter is no variant of somebody's own mail, either: that may read other things."""
    parts = ["" if each == "en" else f".{each}" for each in languages or LANGUAGES]
    written = [folder / "templates" / "email" / f"{name}{part}.html" for part in dict.fromkeys(parts)]
    return [each for each in written if each.exists()]


def _check(name: str, known: Iterable[str], what: str) -> None:
    if name not in known:
        near = nearest(name, list(known))
        hint = say("; did you mean {near}?", near=near[0]) if near else ""
        raise ConfigurationError(
            say(
                "there is no {what} {name}{hint}; there are {all}",
                what=what,
                name=name,
                hint=hint,
                all=", ".join(known),
            )
        )


def _files(names: Iterable[str], languages: Iterable[str]) -> Iterable[str]:
    for name in names:
        yield from (f"{name}.mjml" if each == "en" else f"{name}.{each}.mjml" for each in languages)


def starter_source(path: str) -> str:
    """Of a file below templates/email."""
    return (files("api.cli") / "starters" / "email" / path).read_text(encoding="utf-8")


def _with_parts(paths: Iterable[str]) -> Iterable[str]:
    for path in paths:
        yield path
        yield from _INCLUDE.findall(starter_source(path))


def _copy(path: str, folder: Path) -> tuple[str, bool]:
    target = folder / "templates" / "email" / path
    shown = target.relative_to(folder).as_posix()
    if target.exists():
        return shown, False
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(starter_source(path), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            say("cannot write {path}: {reason}", path=error.filename or target, reason=error.strerror)
        ) from error
    return shown, True
