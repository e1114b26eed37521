from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from random import Random

import pytest

from dsl.around import Around
from dsl.diagnostics import Diagnostic
from engine.flow.checking.check_workspace import check_files
from engine.flow.checking.edited_workspace import EditedWorkspace
from engine.workspace.files import read_files

ROOT = Path(__file__).parents[3]
TODAY = date(2026, 3, 1)
CART = "rules/cart.rules"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("rules", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("kogda.yaml", "schema.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def told(found: tuple[Diagnostic, ...] | list[Diagnostic]) -> list[tuple[object, ...]]:
    return [(each.source.path, each.span, each.code, str(each.message)) for each in found]


def test_it_says_what_the_checker_says_of_unsaved_texts(folder: Path):
    workspace = EditedWorkspace(folder, today=lambda: TODAY)
    draw = Random(3)
    pieces = ("cart_updatedd", 'send email "cartt"', "\n", "x", "customer.citty", 'rule "Abandoned cart"', "")

    for _ in range(12):
        text = (folder / CART).read_text()
        start = draw.randrange(len(text))
        text = text[:start] + draw.choice(pieces) + text[start + draw.choice((0, 1, 8)) :]
        workspace.write(CART, text)
        by_path = workspace.check()
        found = [each for path in sorted(by_path) for each in by_path[path]]
        (folder / CART).write_text(text)

        assert told(found) == told(
            check_files(folder, read_files(folder), Around(today=TODAY), cached=False).diagnostics
        )


def test_a_key_stroke_is_judged_by_itself_and_the_rest_stays_known(folder: Path):
    workspace = EditedWorkspace(folder)
    text = 'when cart_updatedd after 1h exit\n\nrule "B"\n  when order_placed\n  send email "order_placed"\n'
    workspace.write("rules/new.rules", text)
    workspace.check()

    workspace.write("rules/new.rules", text.replace('"order_placed"', '"order_plced"'))
    found = workspace.check_quickly("rules/new.rules")

    assert [each.code for each in found if each.code[0] == "E"] == ["E201", "E204"]


def test_known_findings_move_with_the_text(folder: Path):
    workspace = EditedWorkspace(folder)
    workspace.write("rules/new.rules", "when cart_updatedd after 1h exit\n")
    workspace.check()

    workspace.write("rules/new.rules", "# Ж 🎉\n\nwhen order_placed exit\n\nwhen cart_updatedd after 1h exit\n")
    [found] = workspace.check_quickly("rules/new.rules")

    assert found.source.slice(found.span) == "cart_updatedd"
    assert found.source.place(found.span.start).line == 5


def test_a_check_of_older_texts_serves_the_items_that_are_still_the_same(folder: Path):
    workspace = EditedWorkspace(folder)
    text = '\nwhen cart_updatedd after 1h exit\n\nrule "B"\n  when order_placed\n  send email "order_placed"\n'
    workspace.write("rules/new.rules", text)
    checking = workspace.checking()

    workspace.write("rules/new.rules", f"when order_placed exit\n{text}".replace('"order_placed"', '"order_plced"'))
    known = workspace.remember(checking, checking.work())["rules/new.rules"]
    found = [each for each in workspace.check_quickly("rules/new.rules") if each.code[0] == "E"]

    assert [each.code for each in found] == ["E201", "E204"]
    assert found[0].message is next(each.message for each in known if each.code == "E201")
    assert found[0].source.place(found[0].span.start).line == 3


def test_before_the_first_check_an_item_is_judged_once(folder: Path):
    workspace = EditedWorkspace(folder)
    text = '\nwhen cart_updatedd after 1h exit\n\nrule "B"\n  when order_placed\n  exit\n'
    workspace.write("rules/new.rules", text)
    first = workspace.check_quickly("rules/new.rules")

    workspace.write("rules/new.rules", f"when order_placed exit\n{text}")
    moved = workspace.check_quickly("rules/new.rules")

    assert moved[0].message is first[0].message
    assert moved[0].source.place(moved[0].span.start).line == first[0].source.place(first[0].span.start).line + 1


def test_names_of_other_files_are_known_at_once(folder: Path):
    workspace = EditedWorkspace(folder)
    workspace.write("rules/common.rules", "let small_cart = 1 EUR\ndefine reachable means customer.email is known\n")
    workspace.write(
        "rules/new.rules",
        'use "common.rules"\nwhen cart_updated where event.total > small_cart only if has_bought exit\n',
    )

    found = workspace.check_quickly("rules/new.rules")

    assert [each.code for each in found] == ["E206"]


def test_an_unsaved_schema_counts(folder: Path):
    workspace = EditedWorkspace(folder)
    schema = (folder / "schema.yaml").read_text()

    workspace.write("schema.yaml", schema.replace("  cart_updated:", "  cart_changed:"))
    found = workspace.check()

    assert "E201" in {each.code for each in found[CART]}


def test_closing_an_unsaved_file_forgets_its_text(folder: Path):
    workspace = EditedWorkspace(folder)
    workspace.write(CART, "when nothing_like_this exit\n")

    workspace.close(CART)

    document = workspace.document(CART)
    assert document is not None
    assert document.source.text == (folder / CART).read_text()
    assert workspace.check().get(CART, ()) == ()


def test_names_of_the_schema_have_their_places(folder: Path):
    workspace = EditedWorkspace(folder)

    homes = workspace.view.events["cart_updated"], workspace.view.properties["cart_updated", "total"]

    assert [home.source.slice(home.span) for home in homes] == ["cart_updated", "total"]
    assert homes[0].span.start < homes[1].span.start
