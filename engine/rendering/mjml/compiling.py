"""MJML to HTML by mrml, with every piece of Jinja where the author put it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import mrml

from dsl.messages import say
from engine.rendering.mjml.expanding import Expanded, expand
from engine.rendering.mjml.reading import MjmlReader, Structure
from engine.rendering.problems import TemplateProblem
from engine.rendering.sources import Sources


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledMjml:
    """`html` None: there are problems. `expanded` is what the author wrote, for everything that asks about lines."""

    html: str | None
    inline_css: str  # of <mj-style inline="inline">
    expanded: Expanded
    problems: tuple[TemplateProblem, ...]


def compile_mjml(path: str, sources: Sources) -> CompiledMjml:
    expanded = expand(path, sources)
    reader = MjmlReader(expanded)
    structure = reader.read()
    html = None if reader.problems else _html(structure, expanded, reader.problems)
    return CompiledMjml(
        html=None if reader.problems else html,
        inline_css=structure.words.show(structure.inline_css),
        expanded=expanded,
        problems=tuple(reader.problems),
    )


def _html(structure: Structure, expanded: Expanded, problems: list[TemplateProblem]) -> str:
    try:
        made: str = mrml.to_html(structure.source, None, mrml.RenderOptions(disable_comments=True, fonts={})).content
    except OSError as error:  # what mrml raises for everything
        problems.append(expanded.problem(1, say("MJML cannot be read: {reason}", reason=str(error)[:200])))
        return ""
    for word in structure.rows:
        made = _row(word).sub(word, made)
    for word, line in structure.needed:
        if word not in made:
            problems.append(expanded.problem(line, say("this would not be in the mail"), say("put it somewhere else")))
    words = structure.words
    return words.show(structure.before) + words.show(made) + words.show(structure.after)


def _row(word: str) -> re.Pattern[str]:
    """The spacer that keeps a row's place: mrml would put what is raw above all rows."""
    return re.compile(rf'<tr><td[^>]*\bclass="{re.escape(word)}"[^>]*><div[^>]*>[^<]*</div></td></tr>')
