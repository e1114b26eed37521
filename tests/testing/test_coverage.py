"""`kogda test --coverage`: what no test has seen happen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import kogda

SCHEMA = """
events:
  cart_left: {properties: {total: number}}
  order_placed: {}
customer:
  city: text
"""
RULES = """rule "Cart"
  when cart_left where event.total > 10
  only if customer.email is known
  stop when order_placed
  split "Offer"
    50% "A": send email "a"
    50% "B": send email "b"
  end
  wait 1 day
  if customer.city is "Kazan" then
    send email "a"
  else
    add tag "far"
  end
"""
REACHED = """test "a reminder in arm A, then none for who lives far"
  customer with email = "a@example.com"
  split "Offer" takes "A"
  at 2026-03-02 10:00 cart_left with total = 20
  expect email "a" at 10:00
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "kogda.yaml").write_text("language: 1\nmail: {from: shop@example.com}\n")
    (tmp_path / "schema.yaml").write_text(SCHEMA)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/cart.rules").write_text(RULES)
    (tmp_path / "templates/email").mkdir(parents=True)
    for name in ("a", "b"):
        (tmp_path / f"templates/email/{name}.html").write_text(f"---\nsubject: {name}\n---\n<p>{name}</p>\n")
    return tmp_path


def write_test(workspace: Path, text: str) -> None:
    (workspace / "rules/cart.test.rules").write_text(text)


def test_what_no_test_has_seen_is_told_with_its_place(workspace: Path) -> None:
    write_test(workspace, REACHED)

    told = kogda("test", "--coverage", cwd=workspace)

    assert told.returncode == 0, told.stderr
    missing = [line.strip() for line in told.stdout.splitlines() if "rules/cart.rules:" in line]
    assert missing == [
        "rules/cart.rules:3  `only if customer.email is known` never held anybody back",
        "rules/cart.rules:4  never ended by `stop when order_placed`",
        'rules/cart.rules:5  nobody took the arm "B"',
        'rules/cart.rules:7  email "b" never came to be sent',
        "rules/cart.rules:10  the condition was never true",
        'rules/cart.rules:11  email "a" never came to be sent',
    ]


def test_a_guard_has_said_no_when_an_event_passed_the_filter_and_started_nothing(workspace: Path) -> None:
    write_test(
        workspace,
        'test "nobody to write to"\n  customer\n  at 2026-03-02 10:00 cart_left with total = 20\n  expect nothing\n',
    )

    told = kogda("test", "--coverage", cwd=workspace)

    assert "never held anybody back" not in told.stdout
    assert "`only if customer.email is known` never let anybody pass" in told.stdout


def test_an_event_that_the_filter_refuses_asks_no_guard(workspace: Path) -> None:
    write_test(
        workspace, 'test "too small"\n  customer\n  at 2026-03-02 10:00 cart_left with total = 5\n  expect nothing\n'
    )

    told = kogda("test", "--coverage", cwd=workspace)

    assert "never held anybody back" in told.stdout


SEQUENCE = """rule "Left"
  when cart_left then not order_placed within 1h
  only if customer.city is "Kazan"
  send email "a"
"""
MOVES = """test "asked at the end"
  customer with email = "a@example.com", city = "{first}"
  at 2026-03-02 10:00 cart_left with total = 20
  at 10:30 customer.city becomes "{then}"
  expect {what}
"""


@pytest.mark.parametrize(
    ("first", "then", "what", "unseen"),
    [
        ("Perm", "Kazan", 'email "a" at 11:00', "never held anybody back"),
        ("Kazan", "Perm", "nothing", "never let anybody pass"),
    ],
)
def test_the_guard_of_a_sequence_has_answered_when_the_sequence_was_complete(
    first: str, then: str, what: str, unseen: str, workspace: Path
) -> None:
    (workspace / "rules/cart.rules").write_text(SEQUENCE)
    write_test(workspace, MOVES.format(first=first, then=then, what=what))

    told = kogda("test", "--coverage", cwd=workspace)

    assert told.returncode == 0, told.stdout
    answers = [line.strip() for line in told.stdout.splitlines() if "rules/cart.rules:3" in line]
    assert answers == [f'rules/cart.rules:3  `only if customer.city is "Kazan"` {unseen}']


@pytest.mark.parametrize(("least", "code"), [("40", 0), ("90", 1)])
def test_too_little_coverage_fails(least: str, code: int, workspace: Path) -> None:
    write_test(workspace, REACHED)

    told = kogda("test", "--min", least, cwd=workspace)

    assert told.returncode == code
    assert ("coverage is below 90 %" in told.stderr) == bool(code)


def test_the_page_marks_the_lines(workspace: Path) -> None:
    write_test(workspace, REACHED)

    kogda("test", "--html", "coverage.html", cwd=workspace)

    page = (workspace / "coverage.html").read_text()
    assert '<tr class="all"><td>6</td>' in page
    assert '<tr class="none"><td>7</td>' in page
    assert '<tr class="some"><td>3</td>' in page
