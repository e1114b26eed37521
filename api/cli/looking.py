"""A bar on the terminal while all customers are looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from api.cli.terminal import errors
from api.language import told
from dsl.messages import say
from engine.flow.publishing.include_past import OnLook


@contextmanager
def looking_at_customers(total: int) -> Iterator[OnLook]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        task = progress.add_task(told(say("looking at customers")), total=total)

        def advance(count: int) -> None:
            progress.update(task, advance=count)

        yield advance
