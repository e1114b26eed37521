"""GitLab's Code Quality report."""

from __future__ import annotations

import json

from api.check_formats.report import Report

SEVERITIES = {"error": "critical", "warning": "minor", "note": "info"}


def render_gitlab(report: Report) -> str:
    issues = [
        {
            "description": report.message(each),
            "check_name": each.code,
            "fingerprint": mark,
            "severity": SEVERITIES[report.level(each)],
            "location": {
                "path": report.path(each),
                "lines": {"begin": (start := each.source.place(each.span.start)).line},
            },
            "content": {"body": "\n".join([f"{start.line}:{start.column}", *report.details(each)])},
        }
        for each, mark in report.fingerprints()
    ]
    return json.dumps(issues, ensure_ascii=False, indent=1) + "\n"
