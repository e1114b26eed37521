"""Checks of whole rules, each in its file. The tuple is the order in which they run; findings are sorted by place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from dsl.checks.always_false import check_always_false
from dsl.checks.duplicate_names import check_duplicate_names
from dsl.checks.loops import check_loops
from dsl.checks.reachability import check_reachability
from dsl.checks.splits import check_splits
from dsl.checks.subject import Subject
from dsl.checks.template_variables import check_template_variables
from dsl.checks.unguarded_delay import check_unguarded_delay
from dsl.diagnostics import Diagnostic

Check: TypeAlias = Callable[[Subject, list[Diagnostic]], None]

CHECKS: tuple[Check, ...] = (
    check_duplicate_names,
    check_splits,
    check_template_variables,
    check_loops,
    check_always_false,
    check_reachability,
    check_unguarded_delay,
)
