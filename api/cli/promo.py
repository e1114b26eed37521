"""`kogda promo`: pools of promo codes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from api.cli.with_database import with_database
from api.language import told
from api.promo_files import new_codes, read_codes, shortest_length
from dsl.catalog import Catalog, PromoPool
from dsl.messages import Message, say
from dsl.suggestions import nearest
from engine.config import Settings, read_settings
from engine.errors import ConfigurationError
from engine.flow.checking.load_workspace import load_workspace
from engine.storage.database import Connection
from engine.storage.runs.promo_codes import PoolSize, add_codes, codes_of_pool, pool_sizes

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Promo codes. Pools stand in kogda.yaml; their codes are imported or made here.",
)

Pool = Annotated[str, typer.Argument(help="The name of the pool, as under `promos` in kogda.yaml.")]
Workspace = Annotated[Path | None, typer.Option(help="Folder with kogda.yaml.")]
Data = Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL and Redis.")]

_AT_ONCE = 10_000
_LARGEST_FILE = 64 * 1024 * 1024


@app.command("import")
def import_(
    pool: Pool,
    file: Annotated[Path, typer.Argument(help="A code a line, or CSV: code, and the last day of its life.")],
    workspace: Workspace = None,
    data: Data = None,
) -> None:
    """Put the codes of a file into a pool. All of them or, when a line is wrong, none; known ones are passed over."""
    settings = read_settings(workspace=workspace, data=data)
    catalog = _catalog(settings)
    _require(pool, catalog)
    read = read_codes(_text(file), ZoneInfo(catalog.timezone))
    if read.mistakes or not read.codes:
        for mistake in read.mistakes or [say("there is no code in it")]:
            typer.echo(f"{file}: {told(mistake)}", err=True)
        raise typer.Exit(1)

    async def add(connection: Connection) -> int:
        parts = range(0, len(read.codes), _AT_ONCE)
        return sum([await add_codes(connection, pool, read.codes[start : start + _AT_ONCE]) for start in parts])

    added = with_database(settings, add)
    known = len(read.codes) - added
    typer.echo(told(_imported(f"{added:,}", f"{known:,}", pool)))


def _imported(added: str, known: str, pool: str) -> Message:
    if known == "0":
        return say("{n} {n:code|codes} imported into {pool}", n=added, pool=pool)
    return say(
        "{n} {n:code|codes} imported into {pool}; {known} {known:was|were} known already",
        n=added,
        pool=pool,
        known=known,
    )


@app.command()
def generate(
    pool: Pool,
    count: Annotated[int, typer.Option(min=1, max=10_000_000, help="How many.")],
    length: Annotated[int, typer.Option(min=4, max=40, help="Letters and digits in each, after the prefix.")] = 10,
    prefix: Annotated[str, typer.Option(help="What each begins with, such as BACK-.")] = "",
    workspace: Workspace = None,
    data: Data = None,
) -> None:
    """Make random codes, that nobody can guess, and put them into a pool. The shop must be told of them: see `list`."""
    settings = read_settings(workspace=workspace, data=data)
    _require(pool, _catalog(settings))
    if length < shortest_length(count):
        raise ConfigurationError(
            say(
                "{n} codes of {length} characters could be found by trying; use --length {enough}",
                n=f"{count:,}",
                length=length,
                enough=shortest_length(count),
            )
        )
    if len(prefix) > 20 or any(char.isspace() or char in "\"',;" for char in prefix):
        raise ConfigurationError(say("a prefix has at most 20 characters, no blanks and no quotes"))

    async def add(connection: Connection) -> int:
        left = count
        while left:
            part = new_codes(min(left, _AT_ONCE), length=length, prefix=prefix)
            left -= await add_codes(connection, pool, [(code, None) for code in part])
        return count

    made = f"{with_database(settings, add):,}"
    typer.echo(told(say("{n} {n:code|codes} made in {pool}", n=made, pool=pool)))


@app.command("list")
def list_(
    workspace: Workspace = None,
    data: Data = None,
    codes: Annotated[str | None, typer.Option(help="Print the codes of this pool instead, one a line.")] = None,
) -> None:
    """Show the pools: how many codes are free, issued and expired."""
    settings = read_settings(workspace=workspace, data=data)
    catalog = _catalog(settings)
    if codes is not None:
        for code in with_database(settings, lambda connection: codes_of_pool(connection, codes)):
            typer.echo(code)
        return
    sizes = {each.pool: each for each in with_database(settings, pool_sizes)}
    titles = (say("pool"), say("discount"), say("expires"), say("free"), say("issued"), say("expired"))
    table = Table(*map(told, titles), "")
    for name in sorted({*catalog.pools, *sizes}):
        table.add_row(*_row(name, catalog.pools.get(name), sizes.get(name)))
    Console().print(table)


def _row(name: str, pool: PromoPool | None, size: PoolSize | None) -> tuple[str, ...]:
    free, issued, expired = (size.free, size.issued, size.expired) if size else (0, 0, 0)
    remark = say("not in kogda.yaml") if pool is None else _fill(free, pool.low)
    discount, expires = (pool.discount or "", pool.expires or "") if pool else ("", "")
    return name, discount, expires, f"{free:,}", f"{issued:,}", f"{expired:,}", told(remark)


def _fill(free: int, low: int) -> str:
    if not free:
        return say("dry")
    return say("low") if free < low else ""


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > _LARGEST_FILE:
            raise ConfigurationError(
                say("{file} is larger than {n} MiB; import it in parts", file=file, n=_LARGEST_FILE // 1024**2)
            )
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigurationError(say("{file} cannot be read: {why}", file=file, why=error.strerror)) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(say("{file} is not UTF-8; save it so, and import it again", file=file)) from error


def _catalog(settings: Settings) -> Catalog:
    return load_workspace(settings.workspace).catalog


def _require(pool: str, catalog: Catalog) -> None:
    if pool not in catalog.pools:
        near = nearest(pool, list(catalog.pools))
        if near:
            raise ConfigurationError(
                say("there is no promo pool `{pool}`; did you mean {near}?", pool=pool, near=near[0])
            )
        raise ConfigurationError(say("there is no promo pool `{pool}`; add it under `promos` in kogda.yaml", pool=pool))
