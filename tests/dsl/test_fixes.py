"""Which fixes are put in without asking."""

from __future__ import annotations

from dsl.diagnostics import Diagnostic, Edit, Fix, Label
from dsl.fixes import safe_fixes, with_fixes
from dsl.source import Source, Span

SOURCE = Source("rules/a.rules", "0123456789")


def found(*fixes: Fix) -> Diagnostic:
    return Diagnostic(code="E101", message="?", source=SOURCE, labels=(Label(Span(0, 1)),), fixes=fixes)


def fix(start: int, end: int, text: str, *, safe: bool = True) -> Fix:
    return Fix(text, (Edit(Span(start, end), text),), "safe" if safe else "unsafe")


def test_each_safe_fix_is_put_in_at_its_place():
    fixes = safe_fixes([found(fix(0, 1, "zero")), found(fix(5, 6, "")), found(fix(8, 8, "-"))])

    assert with_fixes(SOURCE.text, fixes) == "zero123467-89"


def test_of_two_that_touch_the_same_place_neither_is_taken():
    assert safe_fixes([found(fix(2, 5, "a")), found(fix(4, 6, "b")), found(fix(8, 9, "c"))]) == [fix(8, 9, "c")]


def test_two_insertions_at_one_place_are_a_conflict_and_the_same_fix_twice_is_not():
    assert safe_fixes([found(fix(2, 2, "a")), found(fix(2, 2, "b"))]) == []
    assert safe_fixes([found(fix(2, 3, "a")), found(fix(2, 3, "a"))]) == [fix(2, 3, "a")]


def test_a_choice_is_left_to_the_author():
    assert safe_fixes([found(fix(2, 3, "a"), fix(2, 3, "b"))]) == []
    assert safe_fixes([found(fix(2, 3, "a", safe=False))]) == []
