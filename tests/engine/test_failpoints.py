import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.doctor.failpoints import check_failpoints
from engine.errors import ConfigurationError
from engine.failpoints import DRILL_VARIABLE, FAILPOINTS, VARIABLE, Trap, arm, reach, read_traps

ENGINE = Path(__file__).parents[2] / "engine"
DRILL = {DRILL_VARIABLE: "1"}

#: Transactions of the flow in which no drill ends a process, and why.
WITHOUT = {
    "set_aside.py find_suspect": "reads only",
    "report_messages.py report_messages": "reads only",
    "sms_replies.py come_back": "an opt-out that is lifted twice is lifted; the choice behind it has its own",
}


@pytest.fixture
def disarmed() -> Iterator[None]:
    yield
    arm({})


def reached_in(tree: ast.AST) -> list[str]:
    """The names with which `reach` is called; anything but a literal is an error."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "reach"]
    return [ast.literal_eval(call.args[0]) for call in calls]


def transactions(function: ast.AST) -> Iterator[ast.AsyncWith]:
    for node in ast.walk(function):
        if isinstance(node, ast.AsyncWith):
            opened = {getattr(getattr(item.context_expr, "func", None), "attr", "") for item in node.items}
            if opened & {"transaction", "session"}:
                yield node


def test_the_catalogue_names_each_place_of_the_code_once():
    found = Counter(name for path in ENGINE.rglob("*.py") for name in reached_in(ast.parse(path.read_text())))

    assert found == Counter(FAILPOINTS.keys())


def test_every_transaction_of_the_flow_can_be_ended_before_it_commits():
    trees = [(path.name, ast.parse(path.read_text())) for path in sorted((ENGINE / "flow").rglob("*.py"))]
    functions = [
        (f"{name} {node.name}", node)
        for name, tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.AsyncFunctionDef)
    ]

    forgotten = {name for name, function in functions for opened in transactions(function) if not reached_in(opened)}

    assert forgotten == WITHOUT.keys()


def test_nothing_happens_where_nothing_is_armed():
    reach("decide.moved")

    assert read_traps({}) == {}


def test_a_failpoint_springs_the_time_it_is_told_to(disarmed: None):
    arm({VARIABLE: "decide.moved=raise@2", **DRILL})
    reach("decide.moved")
    reach("decide.read")

    with pytest.raises(ConnectionResetError, match=r"decide\.moved"):
        reach("decide.moved")


def test_failpoints_are_read_with_their_action_their_time_and_their_length():
    traps = read_traps({VARIABLE: "decide.moved=kill@3; send.answered=sleep:0.25", **DRILL})

    assert traps == {"decide.moved": Trap("kill", at=3), "send.answered": Trap("sleep", seconds=0.25)}


@pytest.mark.parametrize("text", ["decide.mooved=kill", "decide.moved=burn", "decide.moved", "decide.moved=kill@soon"])
def test_what_is_no_failpoint_is_refused(text: str):
    with pytest.raises(ConfigurationError, match=VARIABLE):
        read_traps({VARIABLE: text, **DRILL})


def test_a_failpoint_outside_of_a_drill_is_refused_and_the_doctor_warns():
    left_over = {VARIABLE: "decide.moved=kill"}

    findings = check_failpoints(left_over)

    with pytest.raises(ConfigurationError, match="for drills"):
        arm(left_over)
    assert [finding.state for finding in findings] == ["warning"]
