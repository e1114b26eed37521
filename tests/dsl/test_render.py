"""The looks of a message: text, one line, JSON."""

from __future__ import annotations

import json

from dsl.diagnostics import Diagnostic, Edit, Fix, Label, Severity
from dsl.render import render_json, render_short, render_text
from dsl.source import Source, Span

SOURCE = Source("cart.rules", 'rule "A"\n\twhen café 🙂 snd email\n')
OTHER = Source("common.rules", "define x means y\n")


def word(source: Source, text: str) -> Span:
    start = source.text.index(text)
    return Span(start, start + len(text))


def diagnostic(**changes: object) -> Diagnostic:
    content: dict[str, object] = {
        "code": "E101",
        "message": 'I do not know the word "snd"',
        "source": SOURCE,
        "labels": (Label(word(SOURCE, "snd"), "I expected: send"),),
    }
    return Diagnostic(**{**content, **changes})  # type: ignore[arg-type]


def test_carets_stand_under_the_word_behind_tabs_accents_and_emoji():
    assert render_text([diagnostic()]) == (
        'cart.rules:2:14: error[E101]: I do not know the word "snd"\n'
        "2 | \twhen café 🙂 snd email\n"
        "  | \t             ^^^ I expected: send\n"
    )


def test_of_thousands_of_one_kind_the_first_are_shown_and_the_others_counted():
    other = diagnostic(code="E102", message="the event is missing")

    shown = render_text([*[diagnostic()] * 5000, other])

    assert shown.count("error[E101]") == 20
    assert shown.count("error[E102]") == 1
    assert shown.endswith(
        "\n… and 4,980 more E101: unknown or misplaced word\n  = `kogda check --format short` lists each in a line\n"
    )


def test_many_templates_that_nobody_sends_are_one_block_and_one_line():
    unused = diagnostic(code="W560", message='no rule sends email "welcome"', severity=Severity.WARNING)

    shown = render_text([unused] * 9, "ru")

    assert shown.count("[W560]") == 1
    assert "… и ещё 8 W560: шаблон, который никому не нужен\n" in shown


def test_a_line_each_and_json_leave_nothing_out():
    found = [diagnostic()] * 5000

    assert render_short(found).count("\n") == 5000
    assert len(json.loads(render_json(found))) == 5000


def test_notes_and_fixes_follow_the_lines():
    fixes = (Fix("a", (), "safe"), Fix("b"))

    rendered = render_text([diagnostic(notes=("because",), fixes=fixes)])

    assert rendered.endswith("  = because\n  = fix: a  [safe]   |   b\n")


def test_a_second_place_on_another_line_or_in_another_file_is_shown_with_its_line():
    labels = (
        Label(word(SOURCE, "snd")),
        Label(word(SOURCE, "rule"), "in this rule"),
        Label(word(OTHER, "x"), "defined here", OTHER),
    )

    assert render_text([diagnostic(labels=labels)]).splitlines()[3:] == [
        '1 | rule "A"',
        "  | ^^^^ in this rule",
        "  --> common.rules:1",
        "1 | define x means y",
        "  |        ^ defined here",
    ]


def test_a_place_over_several_lines_is_marked_on_its_first():
    whole = Span(0, len(SOURCE.text))

    assert render_text([diagnostic(labels=(Label(whole),))]).splitlines()[1:] == ['1 | rule "A"', "  | ^^^^^^^^"]


def test_of_a_line_that_goes_on_for_ever_its_surroundings_are_shown():
    endless = Source("cart.rules", "a " * 50_000 + "snd " + "b " * 50_000)

    lines = render_text([diagnostic(source=endless, labels=(Label(word(endless, "snd"), "here"),))]).splitlines()

    assert (len(lines[1]) < 1_010, lines[1].count("snd")) == (True, 1)
    assert lines[2].index("^^^") == lines[1].index("snd")


def test_a_place_at_the_end_has_one_caret():
    end = Span(len(SOURCE.text), len(SOURCE.text))

    assert render_text([diagnostic(labels=(Label(end),))]).splitlines()[1:] == ["3 |", "  | ^"]


def test_short_is_one_line_each():
    warning = diagnostic(severity=Severity.WARNING, code="W501", message="nothing stops the wait")

    assert render_short([diagnostic(), warning]) == (
        'cart.rules:2:14: error[E101]: I do not know the word "snd"\n'
        "cart.rules:2:14: warning[W501]: nothing stops the wait\n"
    )


def test_two_messages_are_a_line_apart():
    assert render_text([diagnostic(), diagnostic()]).count("\n\n") == 1


def test_json_says_everything_with_lines_columns_and_offsets():
    span = word(SOURCE, "snd")
    fix = Fix('replace with "send"', (Edit(span, "send"),), "safe")

    (rendered,) = json.loads(render_json([diagnostic(fixes=(fix,), notes=("note",))]))

    start = {"line": 2, "col": 14, "offset": span.start}
    end = {"line": 2, "col": 17, "offset": span.end}
    assert rendered == {
        "code": "E101",
        "severity": "error",
        "message": 'I do not know the word "snd"',
        "path": "cart.rules",
        "start": start,
        "end": end,
        "labels": [{"path": "cart.rules", "start": start, "end": end, "text": "I expected: send"}],
        "notes": ["note"],
        "fixes": [
            {
                "title": 'replace with "send"',
                "edits": [{"start": start, "end": end, "text": "send"}],
                "safety": "safe",
            }
        ],
        "docs": "docs/errors/E101.md",
    }


def test_control_characters_of_a_file_do_not_reach_the_terminal():
    source = Source("evil.rules", 'when a send email "x\x1b[2J\x9b"\n')
    diagnostic = Diagnostic(code="E101", message="odd \x07 word", source=source, labels=(Label(Span(5, 6)),))

    shown = render_text([diagnostic]) + render_short([diagnostic])

    assert not any((ord(char) < 0x20 and char not in "\n\t") or 0x7F <= ord(char) < 0xA0 for char in shown)
    assert "x\u241b[2J\ufffd" in shown
