"""A folder to a plan, or to everything that is wrong with it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.flow.checking.load_workspace import CheckedWorkspace, load_workspace

SCHEMA = "events:\n  order_placed:\n    properties: {total: money}\ncustomer: {first_name: optional text}\n"
CART = "---\nsubject: Hello\n---\n<p>Hello</p>\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace without mistakes."""
    write(tmp_path, "kogda.yaml", "language: 1\ntimezone: Europe/Berlin\ncurrency: EUR\ntopics: [news]\n")
    write(tmp_path, "schema.yaml", SCHEMA)
    write(tmp_path, "rules/order.rules", 'when order_placed send email "thanks"\n')
    write(tmp_path, "templates/email/thanks.html", CART)
    return tmp_path


def write(folder: Path, path: str, content: str | bytes) -> None:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content.encode() if isinstance(content, str) else content)


def reported(checked: CheckedWorkspace) -> list[tuple[str, str]]:
    return [(each.source.path, each.code) for each in checked.diagnostics]


def test_a_good_folder_gives_a_plan_its_templates_and_its_settings(folder: Path):
    checked = load_workspace(folder)

    assert checked.diagnostics == ()
    assert checked.plan is not None
    assert [rule.file for rule in checked.plan.rules] == ["rules/order.rules"]
    assert (checked.plan.timezone, checked.plan.currency) == ("Europe/Berlin", "EUR")
    assert checked.templates == {"email/thanks.html": CART}
    assert checked.settings["topics"] == {"news": "news"}
    assert (checked.rules, checked.files) == (1, 1)


def test_mistakes_of_all_files_are_found_at_once(folder: Path):
    write(folder, "kogda.yaml", "language: 1\ntimezone: Mars\n")
    write(folder, "schema.yaml", SCHEMA + "custmer: {}\n")
    write(folder, "rules/order.rules", 'when order_placd send email "thanks"\n')
    write(folder, "rules/order.test.rules", 'test "x"\n  expct nothing\n')
    write(folder, "templates/email/thanks.html", "---\nsubject: Hello\n---\n{{ customer.first_name\n")

    checked = load_workspace(folder)

    assert checked.plan is None
    assert reported(checked) == [
        ("kogda.yaml", "E512"),
        ("rules/order.rules", "E201"),
        ("rules/order.test.rules", "E101"),
        ("schema.yaml", "E506"),
        ("templates/email/thanks.html", "E218"),
    ]


def test_a_hole_in_a_mail_names_the_rule_and_the_line_of_the_template(folder: Path):
    write(folder, "rules/order.rules", 'rule "Thanks" when order_placed send email "thanks"\n')
    write(folder, "templates/email/thanks.html", CART + "{{ customer.first_name }}\n")

    (warning,) = load_workspace(folder).diagnostics

    assert warning.message == 'rule "Thanks" would send an empty {{ customer.first_name }}'
    assert warning.labels[0].text.startswith("templates/email/thanks.html:5 reads it")


def test_a_topic_that_the_workspace_does_not_have_is_found_in_the_template(folder: Path):
    write(folder, "templates/email/thanks.html", "---\nsubject: Hello\ntopic: newss\n---\nHello\n")

    (finding,) = load_workspace(folder).diagnostics

    assert (finding.code, finding.source.path) == ("E213", "templates/email/thanks.html")
    assert finding.source.slice(finding.span) == "newss"
    assert finding.fixes[0].title == "news"


@pytest.mark.parametrize("name", ["kogda.yaml", "schema.yaml"])
def test_a_missing_file_is_named(folder: Path, name: str):
    (folder / name).unlink()

    checked = load_workspace(folder)

    assert (name, "E501") in reported(checked)
    assert checked.plan is None


@pytest.mark.parametrize(
    "content",
    [
        pytest.param('rule "Корзина"'.encode("cp1251"), id="cp1251"),
        pytest.param('when order_placed send email "x"'.encode("utf-16"), id="utf-16"),
        pytest.param(b"\xff\xfe\x00", id="broken"),
    ],
)
def test_a_text_in_another_encoding_is_one_finding(folder: Path, content: bytes):
    write(folder, "rules/order.rules", content)

    assert reported(load_workspace(folder)) == [("rules/order.rules", "E502")]


def test_a_byte_order_mark_is_no_mistake(folder: Path):
    for path in ("kogda.yaml", "schema.yaml", "rules/order.rules"):
        write(folder, path, b"\xef\xbb\xbf" + (folder / path).read_bytes())

    assert load_workspace(folder).diagnostics == ()


def test_a_link_out_of_the_folder_is_refused_and_not_read(folder: Path, tmp_path_factory: pytest.TempPathFactory):
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.rules"
    secret.write_text("SECRET")
    (folder / "rules" / "leak.rules").symlink_to(secret)
    (folder / "rules" / "more").symlink_to(secret.parent)
    (folder / "templates" / "email" / "leak.html").symlink_to(secret)

    checked = load_workspace(folder)

    assert reported(checked) == [
        ("rules/leak.rules", "E515"),
        ("rules/more", "E515"),
        ("templates/email/leak.html", "E515"),
    ]
    assert "SECRET" not in str(checked)


def test_what_is_no_file_is_not_waited_for(folder: Path):
    os.mkfifo(folder / "rules" / "pipe.rules")

    assert reported(load_workspace(folder)) == [("rules/pipe.rules", "E502")]


def test_a_definition_that_cannot_be_read_does_not_make_its_uses_unknown(folder: Path):
    write(folder, "rules/common.rules", "define reachable means customer.email known\n")
    write(folder, "rules/order.rules", 'use "common.rules"\nwhen order_placed only if reachable send email "thanks"\n')

    assert {path for path, _ in reported(load_workspace(folder))} == {"rules/common.rules"}


def test_paths_limit_what_is_reported_and_not_what_is_read(folder: Path):
    write(folder, "rules/a.rules", 'use "common.rules"\nwhen order_placed only if big send email "nope"\n')
    write(folder, "rules/b.rules", "when nothing_known exit\n")
    write(folder, "rules/common.rules", "define big means event.total > 5 EUR\n")

    checked = load_workspace(folder, [folder / "rules" / "a.rules"])

    assert reported(checked) == [("rules/a.rules", "E204")]
    assert checked.plan is None
    assert (checked.rules, checked.files) == (1, 1)


@pytest.mark.parametrize(
    "written", ['"заказ оформлен"', "заказ оформлен", "Заказ Оформлен", "order placd", "заказ оформлин", "ORDER_PLACED"]
)
def test_an_event_written_by_its_title_is_one_finding_whose_fix_is_its_name(folder: Path, written: str):
    schema = (
        "events:\n  order_placed:\n    title: {en: order placed, ru: заказ оформлен}\n    properties: {total: money}\n"
    )
    write(folder, "schema.yaml", schema)
    write(folder, "rules/order.rules", f'when {written} send email "thanks"\n')

    checked = load_workspace(folder)

    [finding] = [each for each in checked.diagnostics if each.code != "W541"]
    assert finding.code == "E201"
    assert [fix.edits[0].text for fix in finding.fixes] == ["order_placed"]
    assert finding.source.slice(finding.fixes[0].edits[0].span) == written
