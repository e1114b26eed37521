"""Templates as the checks see them: what each reads, and their mistakes as diagnostics."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from dsl.catalog import TemplateInfo
from dsl.diagnostics import Diagnostic, Label
from dsl.messages import say
from dsl.problems import Problems, listed, replacement
from dsl.source import Source, Span
from dsl.suggestions import nearest
from engine.flow.checking.template_sizes import NO_SAMPLE, SHOWN_BYTES, SampleData, too_large, too_many_parts
from engine.rendering.inspect import Inspection, inspect_templates
from engine.rendering.problems import TemplateProblem

FOLDER = "templates/"
_TOPIC = re.compile(r"^topic:[ \t]*(.*?)[ \t\r]*$", re.MULTILINE)


#: What a template gets a mistake or a warning for.
_CODES: dict[str, str] = {
    "mjml": "E220",
    "no_alt": "W564",
    "broken_link": "W565",
    "cut_off": "W566",
    "many_parts": "W567",
}
_LABELS: dict[str, str] = {
    "W564": say("many programs show no pictures at first"),
    "W565": say("whoever taps here gets nowhere"),
    "W567": say("each part is paid for"),
    "W566": say("Gmail cuts what is longer than {size} KB", size=SHOWN_BYTES // 1000),
}


def load_templates(
    sources: Mapping[str, str], topics: Collection[str], found: list[Diagnostic], sample: SampleData = NO_SAMPLE
) -> dict[tuple[str, str], TemplateInfo]:
    """By channel and name. A template with mistakes is known all the same, so that its sends are not reported too."""
    known: dict[tuple[str, str], TemplateInfo] = {}
    reported: set[TemplateProblem] = set()
    for inspection in inspect_templates(sources):
        info = inspection.info
        known[info.channel, info.name] = info
        for problem in (*inspection.problems, *inspection.warnings, *_sizes(inspection, sources, sample)):
            if problem not in reported:  # a layout's mistake belongs to every template that uses it
                reported.add(problem)
                _report(problem, sources, found)
        if info.topic is not None and info.topic not in topics:
            _report_topic(info, info.topic, topics, sources, found=found)
    return known


def _sizes(inspection: Inspection, sources: Mapping[str, str], sample: SampleData) -> Iterator[TemplateProblem]:
    yield from too_large(inspection, sources, sample)
    yield from too_many_parts(inspection, sources, sample)


def _source(path: str, sources: Mapping[str, str]) -> Source:
    return Source(path, sources.get(path.removeprefix(FOLDER), ""))


def _line(source: Source, line: int) -> Span:
    """The words of a line."""
    starts = [0, *(match.end() for match in re.finditer("\n", source.text))]
    start = starts[min(line, len(starts)) - 1]
    text = source.text[start:].split("\n", 1)[0].rstrip()
    return Span(start + len(text) - len(text.lstrip()), start + len(text))


def _report(problem: TemplateProblem, sources: Mapping[str, str], found: list[Diagnostic]) -> None:
    source = _source(problem.file, sources)
    code = _CODES.get(problem.kind, "E218")
    problems = Problems(source, found)
    tell = problems.warn if code.startswith("W") else problems.error
    label: str = _LABELS[code] if code in _LABELS else say("this template could not be sent")
    tell(
        code,
        problem.message,
        Label(_line(source, problem.line), label),
        notes=[problem.help] if problem.help else [],
    )


def _report_topic(
    info: TemplateInfo, topic: str, topics: Collection[str], sources: Mapping[str, str], *, found: list[Diagnostic]
) -> None:
    source = _source(info.path, sources)
    match = _TOPIC.search(source.text)
    span = Span(*match.span(1)) if match else Span(0, 0)
    near = nearest(topic, topics)
    Problems(source, found).error(
        "E213",
        say('there is no topic "{topic}"', topic=topic),
        Label(span, say("not among the topics of kogda.yaml")),
        notes=[say("did you mean {near}?", near=near[0])]
        if near
        else [say("topics: {topics}", topics=listed(sorted(topics)) or say("none yet"))],
        fixes=[replacement(span, near[0])] if near else [],
    )
