"""Goes on after a mistake: finds out what was meant, repairs a copy of the text, and parses it again.

Each look returns a finding or None; the first that finds something wins, so the special ones stand before the
general. A repair that keeps the author's meaning leaves a usable item; after any other the item is dropped, and the
rest of its text is read only to report further mistakes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dsl.diagnostics import Diagnostic, Edit, Fix, Label
from dsl.parse_tree import Start, Tree
from dsl.problems import Problems
from dsl.recovery import (
    channels,
    confusions,
    days,
    gaps,
    guards,
    money,
    names,
    notations,
    order,
    people,
    quantities,
    signs,
    spelling,
    splits,
    spoken,
    structure,
    units,
    unsaid,
)
from dsl.recovery.failure import Failure, attempt
from dsl.recovery.finding import Finding
from dsl.recovery.patched import Patched
from dsl.source import Span

MOST_REPAIRS = 40  # in one item
_MOST_READ = 200_000  # characters that the repairs of one item may make us read again

Look = Callable[[Failure], Finding | None]

LOOKS: tuple[Look, ...] = (
    signs.unclosed_quote,
    spoken.of_a_customer,
    signs.other_quotes,
    signs.marks_of_a_document,
    signs.other_brackets,
    splits.shares_together,
    notations.range_of_lengths,
    notations.until_the_next_day,
    notations.half_of_the_day,
    days.until_next_week,
    days.day_that_moves,
    days.day_behind_event,
    confusions.other_comment,
    spelling.mixed_letters,
    spelling.wrong_layout,
    gaps.missing_event,
    gaps.missing_condition,
    guards.limit_behind_step,
    guards.guard_after_step,
    guards.condition_behind_step,
    spoken.spoken_comparison,
    spoken.repeated_subject,
    spoken.called_a_segment,
    spoken.all_customers,
    spoken.at_most_once,
    spoken.before_a_date,
    spoken.every_weekday,
    spoken.counting_up,
    spoken.expect_not,
    spoken.no_for_not,
    confusions.known_confusion,
    gaps.title_without_rule,
    gaps.rule_begins_otherwise,
    structure.state_as_trigger,
    people.customer_does,
    people.on_an_event,
    people.date_of_customers,
    names.word_for_property,
    order.condition_behind_event,
    order.needless_auxiliary,
    order.filter_behind_delay,
    order.delay_before_event,
    order.time_behind_send,
    order.offset_behind_date,
    order.colon_before_holdout,
    structure.joined_events,
    structure.needless_is,
    confusions.name_in_quotes,
    confusions.list_without_brackets,
    confusions.two_channels,
    confusions.day_behind_time,
    channels.channels_together,
    confusions.delay_elsewhere,
    structure.second_else,
    structure.else_with_channel,
    gaps.rule_without_trigger,
    structure.stop_as_verb,
    structure.end_with_its_word,
    structure.missing_end,
    structure.end_too_many,
    money.currency_elsewhere,
    money.currency_before_amount,
    money.percent_in_words,
    quantities.date_elsewhere,
    days.date_in_words,
    notations.short_weekday,
    notations.day_of_the_year,
    notations.day_of_the_month,
    notations.parts_of_a_unit,
    notations.range_of_numbers,
    notations.the_last_days,
    quantities.number_with_points,
    quantities.number_elsewhere,
    quantities.compound_duration,
    quantities.ambiguous_minutes,
    quantities.number_in_words,
    spelling.wait_for_duration,
    quantities.unknown_unit,
    order.too_long,
    units.times_before_event,
    units.missing_unit,
    quantities.time_elsewhere,
    signs.sign_for_word,
    signs.word_for_sign,
    names.name_of_several_words,
    names.new_name_of_several_words,
    names.title_in_quotes,
    spelling.misspelt,
    spelling.text_without_quotes,
    unsaid.hour_of_a_schedule,
    unsaid.time_to_happen_in,
    gaps.then_at_the_end,
    gaps.ends_too_early,
    spelling.missing_word,
    gaps.something_missing_before,
    spelling.unneeded_word,
    signs.stray_sign,
    spelling.unexpected_word,
)


@dataclass(frozen=True, slots=True)
class Recovered:
    """A tree of a chunk, and the ways from places in its text to places in the file."""

    tree: Tree
    start_of: Callable[[int], int]
    end_of: Callable[[int], int]


def recover(problems: Problems, start: Start, chunk: Span) -> list[Recovered]:
    """Report what is wrong with a chunk that does not parse, at most one mistake a line; return what is usable."""
    patched = Patched(problems.source, chunk)
    reported: set[int] = set()
    faithful, blind = True, False
    for _ in range(_repairs_worth_trying(chunk)):
        outcome = attempt(patched.text, start)
        if isinstance(outcome, Tree):
            return [Recovered(outcome, patched.start_of, patched.end_of)] if faithful else []
        finding = _look(outcome)
        lossy = finding.repair is None or not finding.faithful
        if lossy and faithful and _begins_something_new(outcome):
            return [*_readable(patched, outcome), *recover(problems, start, _rest(patched, outcome))]
        line = problems.source.place(patched.span(finding.where).start).line
        if line not in reported and not (blind and _may_follow_on(finding)):
            problems.found.append(_diagnostic(problems, patched, finding))
        reported.add(line)
        repair = finding.repair or Edit(outcome.rest_of_line, "")
        faithful, blind = faithful and not lossy, blind or finding.repair is None
        if not patched.apply(repair) and not patched.apply(Edit(outcome.rest_of_line, "")):
            break
    return []


def _begins_something_new(failure: Failure) -> bool:
    """A line at the left margin, after an empty line or below indented ones: a broken item, not a broken step."""
    line = failure.text[: failure.position]
    if not line.endswith("\n") or not line.strip():
        return False
    above = line.strip("\n").split("\n")[1:]
    apart = line.endswith("\n\n") or all(other[:1].isspace() for other in above if other)
    return apart and isinstance(attempt(line, failure.start), Tree)


def _readable(patched: Patched, failure: Failure) -> list[Recovered]:
    tree = attempt(failure.text[: failure.position], failure.start)
    return [Recovered(tree, patched.start_of, patched.end_of)] if isinstance(tree, Tree) else []


def _rest(patched: Patched, failure: Failure) -> Span:
    return Span(patched.start_of(failure.position), patched.chunk.end)


def _repairs_worth_trying(chunk: Span) -> int:
    """Each repair reads the item again, so a very long one gets few."""
    return max(3, min(MOST_REPAIRS, _MOST_READ // (chunk.end - chunk.start)))


def _look(failure: Failure) -> Finding:
    for look in LOOKS:
        finding = look(failure)
        if finding is not None:
            return finding
    raise AssertionError("the last look always finds something")


def _may_follow_on(finding: Finding) -> bool:
    """After part of a line was left out, what is missing or in excess later may be its fault."""
    return finding.code in ("E101", "E115", "E116", "E118", "E123", "E125", "E127") and not finding.fixes


def _diagnostic(problems: Problems, patched: Patched, finding: Finding) -> Diagnostic:
    labels = [Label(patched.span(finding.where), finding.label)]
    labels += [Label(patched.span(span), text) for span, text in finding.also]
    return Diagnostic(
        code=finding.code,
        message=finding.message,
        source=problems.source,
        labels=tuple(labels),
        notes=finding.notes,
        fixes=tuple(_in_file(patched, fix) for fix in finding.fixes),
    )


def _in_file(patched: Patched, fix: Fix) -> Fix:
    edits = tuple(Edit(patched.span(edit.span), edit.text) for edit in fix.edits)
    return Fix(fix.title, edits, fix.safety)
