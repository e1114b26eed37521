"""Rule text to a plan in one call, for a virtual world."""

from __future__ import annotations

from dsl.catalog import Catalog
from dsl.compiler import compile_rules
from dsl.diagnostics import Severity
from dsl.parser import parse_file
from dsl.plan import Plan
from dsl.source import Source
from engine.errors import WorkspaceInvalid


def compiled(rules: str, catalog: Catalog, *, path: str = "rules/test.rules") -> Plan:
    """The plan of one file of rules. Raises `WorkspaceInvalid` with every diagnostic if any is an error."""
    file, found = parse_file(Source(path, rules))
    plan, more = compile_rules([file], catalog)
    findings = [*found, *more]
    if plan is None or any(finding.severity is Severity.ERROR for finding in findings):
        raise WorkspaceInvalid(findings)
    return plan
