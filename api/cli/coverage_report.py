"""What the tests of rules have seen happen and what not, as text and as a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template

from api.language import spoken, told
from dsl.messages import say
from engine.testing.virtual.coverage import Coverage, Point

_PAGE = Path(__file__).with_name("coverage_page.html")


def coverage_text(coverage: Coverage) -> str:
    """A line for each rule that is not wholly seen, with what is missing, and the share of all."""
    return "".join(f"{line}\n" for line in _lines(coverage))


def _lines(coverage: Coverage) -> Iterator[str]:
    yield ""
    for rule, points in coverage.by_rule().items():
        missing = [point for point, count in points if not count]
        if not missing:
            continue
        yield f'{_share(points):>4}  "{rule}"  {coverage.files[rule]}'
        yield from (f"        {coverage.files[rule]}:{point.line}  {told(point.text)}" for point in missing)
    seen = sum(map(bool, coverage.points.values()))
    yield told(
        say(
            "coverage: {percent} % ({seen} of {all} starts, sends, arms, answers of guards and stops)",
            percent=f"{coverage.percent:.0f}", seen=seen, all=len(coverage.points),
        )
    )  # fmt: skip


def _share(points: Sequence[tuple[Point, int]]) -> str:
    return f"{100 * sum(bool(count) for _, count in points) / len(points):.0f}%"


def coverage_html(coverage: Coverage, sources: Mapping[str, str]) -> str:
    """`sources`: rule files by path. Lines with something unseen stand out, and say what."""
    by_line: dict[tuple[str, int], list[tuple[Point, int]]] = {}
    for point, count in coverage.points.items():
        by_line.setdefault((coverage.files[point.rule], point.line), []).append((point, count))
    files = [path for path in sources if path in set(coverage.files.values())]
    body = "\n".join(_file(path, sources[path], by_line) for path in files)
    page = Template(_PAGE.read_text(encoding="utf-8"))
    percent = f"{coverage.percent:.0f} %"
    return page.substitute(language=spoken(), title=escape(told(say("Coverage of rules"))), percent=percent, body=body)


def _file(path: str, text: str, by_line: Mapping[tuple[str, int], Sequence[tuple[Point, int]]]) -> str:
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        points = by_line.get((path, number), ())
        missing = [told(point.text) for point, count in points if not count]
        kind = "some" if missing and len(missing) < len(points) else "none" if missing else "all" if points else ""
        rows.append(
            f'<tr class="{kind}"><td>{number}</td><td><pre>{escape(line) or " "}</pre></td>'
            f"<td>{escape('; '.join(missing))}</td></tr>"
        )
    return f"<h2>{escape(path)}</h2><table>{''.join(rows)}</table>"
