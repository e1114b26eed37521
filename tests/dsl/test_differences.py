"""What became of a sentence, as `kogda plan` prints it."""

from __future__ import annotations

import pytest

from dsl.differences import Sentence, shortened


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("Wait 1 day.", "Wait 2 hours.", "Wait [1 day -> 2 hours]."),
        ("Its goal is a within 3 days: measured.", "Its goal is a within 1 day: measured.", "Its goal is a within [3 days -> 1 day]: measured."),  # noqa: E501
        ("Send it.", "Send it, then wait.", "Send [it -> it, then wait]."),
        ("Wait 1 day.", "Wait 1 day", "Wait 1 [day. -> day]"),
        ("Wait, then send.", "Wait then leave.", "Wait, then send. -> Wait then leave."),
        (None, "Wait 1 day.", "Wait 1 day."),
    ],
)  # fmt: skip
def test_of_one_change_the_words_that_changed_are_shown_without_their_stop(before: str | None, after: str, told: str):
    assert shortened(Sentence(before, after)) == told
