"""JUnit XML: a suite for each file with findings, a test case for each finding."""

from __future__ import annotations

import re
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from api.check_formats.report import Report
from dsl.diagnostics import Diagnostic
from dsl.render import render_text

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(report: Report) -> str:
    failures = sum(report.fails(each) for each in report.found)
    cases = max(1, len(report.found))
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f'<testsuites name="kogda check" tests="{cases}" failures="{failures}" errors="0">')
    for path, group in groupby(report.found, key=report.path):
        lines += _suite(path, list(group), report)
    if not report.found:
        lines.append('<testsuite name="kogda check" tests="1" failures="0" errors="0">')
        lines.append('<testcase classname="kogda" name="check"/>')
        lines.append("</testsuite>")
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _suite(path: str, found: list[Diagnostic], report: Report) -> list[str]:
    failures = sum(report.fails(each) for each in found)
    lines = [f'<testsuite name={_attribute(path)} tests="{len(found)}" failures="{failures}" errors="0">']
    for each in found:
        place = each.source.place(each.span.start)
        name = f"{place.line}:{place.column} {each.code}"
        lines.append(f"<testcase classname={_attribute(path)} name={_attribute(name)}>")
        text = _text(render_text([each], report.language))
        if report.fails(each):
            message = _attribute(report.message(each))
            lines.append(f'<failure type="{each.code}" message={message}>{text}</failure>')
        else:
            lines.append(f"<system-out>{text}</system-out>")
        lines.append("</testcase>")
    return [*lines, "</testsuite>"]


def _attribute(text: str) -> str:
    return quoteattr(_NOT_XML.sub("\ufffd", text))


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))
