"""Is this Python free of the bugs that touch us?"""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping

from api.doctor.finding import Finding
from dsl.messages import say

#: The first patch release of each minor version whose mail headers cannot be injected (CVE-2024-6923, CVE-2026-1299).
_MAIL_HEADERS_FIXED = {11: 15, 12: 13, 13: 12, 14: 3}


def check_python(environment: Mapping[str, str]) -> list[Finding]:
    """`environment` is not looked at: the version is the interpreter's own."""
    return [judge_version(sys.version_info[:3], platform.python_version())]


def judge_version(version: tuple[int, int, int], shown: str) -> Finding:
    major, minor, patch = version
    wanted = _MAIL_HEADERS_FIXED.get(minor, 0)
    if major == 3 and patch < wanted:
        advice = say(
            "take {version} or newer; Kogda checks every header itself, so mails are safe meanwhile",
            version=f"3.{minor}.{wanted}",
        )
        text = say("{version} lets line breaks into mail headers (CVE-2026-1299)", version=shown)
        return Finding("warning", "Python", text, advice)
    return Finding("good", "Python", shown)
