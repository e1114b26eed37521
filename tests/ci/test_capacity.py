"""The table of machines says what the figures say."""

from __future__ import annotations

import json

import pytest

from scripts.capacity import DOCS, EVENTS, MAILS, figures, table, with_table


def rows(text: str) -> list[list[str]]:
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    return [row for row in cells if row[0].replace(",", "").isdigit()]


def test_the_page_has_the_table_that_the_benchmarks_make():
    page = (DOCS / "scaling.md").read_text()

    made = with_table(page, figures((DOCS / "benchmarks.json").read_text()))

    assert page == made, "run scripts/capacity.py"


def test_the_busiest_hour_fits_into_what_was_measured():
    measured = figures((DOCS / "benchmarks.json").read_text())

    for customers, events, cores, mails, workers in rows((DOCS / "scaling.md").read_text()):
        number = int(customers.replace(",", ""))
        assert float(events.replace(",", "")) == pytest.approx(number * 20 * 4 / 86_400, abs=1)
        assert int(cores) / 2 * measured[EVENTS] >= float(events.replace(",", ""))
        assert int(workers) * measured[MAILS] * 8 * 3600 >= number
        assert float(mails.replace(",", "")) == pytest.approx(number / 28_800, abs=1)


def test_a_slower_machine_needs_more_cores():
    fast, slow = ({EVENTS: rate, MAILS: 100.0} for rate in (10_000.0, 1_000.0))

    cores = [[int(row[2]) for row in rows(table(measured))] for measured in (fast, slow)]

    assert all(more >= less for less, more in zip(*cores, strict=True)) and cores[0] != cores[1]


def test_figures_are_read_by_name():
    record = {
        "road": {"figures": [{"what": "a row", "value": 8250.5}]},
        "mail": {"figures": [{"what": "b", "value": 1}]},
    }

    assert figures(json.dumps(record)) == {"a row": 8250.5, "b": 1}
