"""Drill 21: runs that were recorded go the same way by every later version of the engine."""

from __future__ import annotations

import json
import os

import pytest

from tests.testing.recorded_runs import WORKSPACES, lines_of, played, program_of, record, told_in

RUNS = 500


@pytest.fixture(scope="module", autouse=True)
def written() -> None:
    if os.environ.get("KOGDA_UPDATE_GOLDEN"):
        record()


@pytest.mark.parametrize("workspace", WORKSPACES)
def test_recorded_runs_go_as_they_went(workspace: str) -> None:
    program, lines = program_of(workspace), lines_of(workspace)

    again = [played(program, number, told_in(line)) for number, line in enumerate(lines)]

    assert [(number, line) for number, line in enumerate(again) if line != lines[number]] == []


def test_there_are_enough_of_them_and_they_end_in_many_ways() -> None:
    stories = [json.loads(line) for workspace in WORKSPACES for line in lines_of(workspace)]

    runs = [run for story in stories for run in story["runs"]]
    messages = [message for story in stories for message in story["messages"]]
    assert len(runs) >= RUNS
    assert len({reason for _, _, _, reason, *_ in runs}) > 5
    assert len({template for template, *_ in messages}) > 15
