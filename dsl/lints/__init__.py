"""Lints: what is allowed and probably not meant. Each in its file, each only a warning, in the order of the tuples.

RULE_LINTS look at one rule, whatever the others say. WORKSPACE_LINTS compare rules, files and templates. Numbers of
the customers are in `Around.observed`, when there are any; a lint that needs them is silent without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from dsl.around import Around
from dsl.catalog import Catalog
from dsl.checks.subject import CheckedRule
from dsl.diagnostics import Diagnostic
from dsl.lints.always_true import lint_always_true
from dsl.lints.any_such_event import lint_any_such_event
from dsl.lints.beyond_history import lint_beyond_history
from dsl.lints.birthday_once import lint_birthday_once
from dsl.lints.circle_by_changes import lint_circle_by_changes
from dsl.lints.competing_rules import lint_competing_rules
from dsl.lints.conventions import lint_no_owner, lint_untested
from dsl.lints.day_few_months_have import lint_day_few_months_have
from dsl.lints.empty_segment import lint_empty_segment
from dsl.lints.expired_rule import lint_expired_rule
from dsl.lints.fallback_without_consent import lint_fallback_without_consent
from dsl.lints.frequent_event import lint_frequent_event
from dsl.lints.hour_of_clock_change import lint_hour_of_clock_change
from dsl.lints.hours_for_days import lint_hours_for_days
from dsl.lints.in_quiet_hours import lint_in_quiet_hours
from dsl.lints.long_file import lint_long_file
from dsl.lints.marketing_as_transactional import lint_marketing_as_transactional
from dsl.lints.missing_locale import lint_missing_locale
from dsl.lints.mixed_alphabets_in_text import lint_mixed_alphabets_in_text
from dsl.lints.more_than_its_cap import lint_more_than_its_cap
from dsl.lints.never_the_first import lint_never_the_first
from dsl.lints.no_unsubscribe_link import lint_no_unsubscribe_link
from dsl.lints.outline import FileOutline
from dsl.lints.over_the_caps import lint_over_the_caps
from dsl.lints.personal_data_out import lint_personal_data_out
from dsl.lints.rarely_known import lint_rarely_known_date, lint_rarely_known_property
from dsl.lints.same_arms import lint_same_arms
from dsl.lints.same_template_twice import lint_same_template_twice
from dsl.lints.small_promo_pool import lint_small_promo_pool
from dsl.lints.tag_like_another import lint_tag_like_another
from dsl.lints.unknown_is_not import lint_unknown_is_not
from dsl.lints.unnamed_rule import lint_unnamed_rule
from dsl.lints.unseen_event import lint_unseen_event
from dsl.lints.unused_definition import lint_unused_definition, lint_unused_use
from dsl.lints.unused_template import lint_unused_template
from dsl.lints.waits_past_its_end import lint_waits_past_its_end
from dsl.lints.workspace import Whole
from dsl.problems import Problems
from dsl.source import Source

RuleLint: TypeAlias = Callable[[CheckedRule, Around], None]
WorkspaceLint: TypeAlias = Callable[[Whole], None]

RULE_LINTS: tuple[RuleLint, ...] = (
    lint_frequent_event,
    lint_more_than_its_cap,
    lint_marketing_as_transactional,
    lint_fallback_without_consent,
    lint_never_the_first,
    lint_always_true,
    lint_beyond_history,
    lint_unseen_event,
    lint_empty_segment,
    lint_expired_rule,
    lint_same_arms,
    lint_in_quiet_hours,
    lint_hour_of_clock_change,
    lint_hours_for_days,
    lint_waits_past_its_end,
    lint_rarely_known_date,
    lint_day_few_months_have,
    lint_birthday_once,
    lint_unknown_is_not,
    lint_personal_data_out,
    lint_rarely_known_property,
    lint_any_such_event,
    lint_mixed_alphabets_in_text,
    lint_unnamed_rule,
)

WORKSPACE_LINTS: tuple[WorkspaceLint, ...] = (
    lint_same_template_twice,
    lint_competing_rules,
    lint_circle_by_changes,
    lint_over_the_caps,
    lint_tag_like_another,
    lint_unused_template,
    lint_small_promo_pool,
    lint_missing_locale,
    lint_no_unsubscribe_link,
    lint_no_owner,
    lint_untested,
    lint_long_file,
    lint_unused_definition,
    lint_unused_use,
)


def lint_rules(rules: Iterable[CheckedRule], around: Around) -> None:
    """Findings go to the rules' own problems."""
    for rule in rules:
        for lint in RULE_LINTS:
            lint(rule, around)


def lint_workspace(whole: Whole) -> None:
    for lint in WORKSPACE_LINTS:
        lint(whole)


def whole(
    files: tuple[FileOutline, ...],
    sources: Mapping[str, Source],
    catalog: Catalog,
    around: Around,
    found: list[Diagnostic],
) -> Whole:
    """`sources`: of the rule files, by path. Findings are added to `found`."""
    problems = Problems(Source("", ""), found)
    return Whole(files=files, sources=sources, catalog=catalog, around=around, problems=problems)
