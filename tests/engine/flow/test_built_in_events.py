"""Events of Kogda's own: a rule may act on them, though no schema has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.diagnostics import Severity
from dsl.plan import EventTrigger
from engine.flow.checking.load_workspace import CheckedWorkspace, load_workspace

SCHEMA = "events:\n  order_placed:\n    properties: {total: money}\n"


def checked(folder: Path, rules: str, *, schema: str = SCHEMA, settings: str = "") -> CheckedWorkspace:
    files = {
        "kogda.yaml": f"language: 1\n{settings}",
        "schema.yaml": schema,
        "rules/a.rules": rules,
        "templates/email/help.html": "---\nsubject: Help\n---\n<p>Help</p>\n",
    }
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    return load_workspace(folder)


def test_a_rule_can_start_on_a_click_and_ask_what_was_clicked(tmp_path: Path):
    rules = 'when email_clicked where event.template is "cart" and event.link is "https://a.example/" send email "help"'

    found = checked(tmp_path, rules)

    assert found.diagnostics == ()
    assert found.plan is not None
    trigger = found.plan.rules[0].trigger
    assert isinstance(trigger, EventTrigger)
    assert trigger.match.events == ("email_clicked",)
    assert found.plan.events["email_clicked"].properties["message_id"] == "text"


def test_a_rule_can_stop_and_have_its_goal_by_them(tmp_path: Path):
    rules = (
        'rule "Help"\n  when order_placed\n  stop when email_bounced where event.hard is yes\n'
        '  goal email_opened within 2 days\n  wait 1 day\n  send email "help"\n'
    )

    assert [each.code for each in checked(tmp_path, rules).diagnostics if each.severity is Severity.ERROR] == []


def test_a_slip_of_the_pen_is_told_what_was_meant(tmp_path: Path):
    [found] = checked(tmp_path, 'when email_cliked send email "help"\n').diagnostics

    assert found.code == "E201"
    assert any("email_clicked" in note for note in found.notes)


def test_they_are_not_offered_to_who_means_something_else(tmp_path: Path):
    [found] = checked(tmp_path, 'when basket_forgotten send email "help"\n').diagnostics

    assert found.notes == ("there are: order_placed",)


def test_a_schema_that_declares_one_adds_to_it(tmp_path: Path):
    schema = SCHEMA + "  email_bounced:\n    properties: {server: text}\n"
    rules = 'when email_bounced where event.server is "x" and event.hard is yes send email "help"\n'

    assert checked(tmp_path, rules, schema=schema).diagnostics == ()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param("tracking: off\n", {"opens": False, "clicks": False}, id="off"),
        pytest.param("tracking: false\n", {"opens": False, "clicks": False}, id="false"),
        pytest.param("tracking: {opens: off, proxies: on}\n", {"opens": False, "proxies": True}, id="in particular"),
        pytest.param("tracking: {credit: clicked}\n", {"credit": ["clicked"]}, id="credit"),
        pytest.param("tracking: {utm: {source: kogda}}\n", {"utm": {"source": "kogda"}}, id="utm"),
        pytest.param("topics: {news: {title: News, tracking: off}}\n", {"untracked": ["news"]}, id="of a topic"),
    ],
)
def test_the_workspace_says_what_is_tracked(tmp_path: Path, settings: str, expected: dict[str, object]):
    found = checked(tmp_path, 'when order_placed send email "help"\n', settings=settings)

    assert [each.code for each in found.diagnostics if each.severity is Severity.ERROR] == []
    assert {name: found.settings["tracking"][name] for name in expected} == expected


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        pytest.param("tracking: {clicked: on}\n", "E506", id="no such key"),
        pytest.param("tracking: {opens: maybe}\n", "E508", id="neither on nor off"),
        pytest.param("tracking: {credit: [looked]}\n", "E507", id="no such touch"),
        pytest.param("callbacks: {paloma: {secret_env: X}}\n", "E506", id="no such provider"),
        pytest.param("callbacks: {mailgun: {}}\n", "E507", id="no secret"),
        pytest.param("callbacks: {mailgun: {secret_env: key-1234!}}\n", "E507", id="the secret itself"),
        pytest.param("callbacks: {ses: {secret_env: X}}\n", "E506", id="ses has a topic"),
        pytest.param("callbacks: {soft_bounces: 0}\n", "E507", id="no number"),
        pytest.param("topics: {news: {titel: News}}\n", "E506", id="no such key of a topic"),
    ],
)
def test_what_is_wrong_in_kogda_yaml_is_told_at_its_place(tmp_path: Path, settings: str, code: str):
    found = checked(tmp_path, 'when order_placed send email "help"\n', settings=settings)

    assert code in [each.code for each in found.diagnostics if each.source.path == "kogda.yaml"]
