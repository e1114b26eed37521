"""Bars for the page: what is compared with peers, and how far each figure is from its goal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from benchmarks.report import Figure

_LABEL, _BARS, _VALUE = 400, 360, 120  # widths
_LINE, _TOP = 22, 34
_OURS, _THEIRS, _MISSED = "#2f8f5f", "#8a97a5", "#c8553d"
_INK = "#7a8490"  # is read on a light page and on a dark one


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    value: float
    told: str
    colour: str


def write_plots(figures: Sequence[Figure], folder: Path) -> list[tuple[str, Path]]:
    """Title and file of each plot that has something to show."""
    plots = {
        "Conditions a second, on one core": ("bench-conditions.svg", _peers(figures, "rule evaluations/s, ")),
        "Events a second, a job for each beside batches": ("bench-queues.svg", _queues(figures)),
        "Each goal: to the right of the line it is met": ("bench-goals.svg", _goals(figures)),
    }
    written = []
    for title, (name, bars) in plots.items():
        if len(bars) > 1:
            (folder / name).write_text(_svg(title, bars, line=1.0 if "goals" in name else None), encoding="utf-8")
            written.append((title, folder / name))
    return written


def _peers(figures: Sequence[Figure], prefix: str) -> list[Bar]:
    named = [(each.what.removeprefix(prefix), each) for each in figures if each.what.startswith(prefix)]
    return [_bar(name, each, ours=name == "kogda") for name, each in named]


def _queues(figures: Sequence[Figure]) -> list[Bar]:
    names = {
        "events a second through Kogda": "kogda",
        "a plain arq job for each event": "arq",
        "a procrastinate job for each event": "procrastinate",
    }
    return [_bar(names[each.what], each, ours=names[each.what] == "kogda") for each in figures if each.what in names]


def _bar(label: str, figure: Figure, *, ours: bool) -> Bar:
    return Bar(label, figure.value, f"{figure.value:,.0f} {figure.unit}", _OURS if ours else _THEIRS)


def _goals(figures: Sequence[Figure]) -> list[Bar]:
    """How many times better than asked for; below 1: missed."""
    bars = []
    for each in figures:
        if each.goal is None or not each.value or not each.goal:
            continue
        share = each.value / each.goal if each.at_least else each.goal / each.value
        bars.append(Bar(each.what, share, f"{share:.2g} x", _OURS if each.is_met else _MISSED))
    return sorted(bars, key=lambda bar: -bar.value)


def _svg(title: str, bars: Sequence[Bar], *, line: float | None) -> str:
    """By powers of ten, since what is compared lies far apart."""
    values = [bar.value for bar in bars if bar.value > 0] + ([line] if line else [])
    low, high = math.log10(min(values)) - 0.3, math.log10(max(values))
    width, height = _LABEL + _BARS + _VALUE, _TOP + _LINE * len(bars) + 6

    def reach(value: float) -> float:
        return max((math.log10(value) - low) / (high - low or 1) * _BARS, 1) if value > 0 else 1

    rows = [_row(bar, _TOP + place * _LINE, reach(bar.value)) for place, bar in enumerate(bars)]
    if line:
        x = _LABEL + reach(line)
        rows.append(f'<path d="M{x:.1f} {_TOP - 6}V{height}" stroke="{_INK}" stroke-dasharray="3 3"/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" font-size="12"'
        f' font-family="system-ui, sans-serif" fill="{_INK}"><title>{escape(title)}</title>'
        f'<text x="0" y="16" font-size="14" font-weight="600">{escape(title)} (logarithmic)</text>'
        f"{''.join(rows)}</svg>\n"
    )


def _row(bar: Bar, y: int, length: float) -> str:
    label = bar.label if len(bar.label) <= 66 else bar.label[:65] + "…"
    return (
        f'<text x="{_LABEL - 8}" y="{y + 12}" text-anchor="end">{escape(label)}</text>'
        f'<rect x="{_LABEL}" y="{y}" width="{length:.1f}" height="{_LINE - 6}" rx="2" fill="{bar.colour}"/>'
        f'<text x="{_LABEL + length + 6:.1f}" y="{y + 12}">{escape(bar.told)}</text>'
    )
