"""How `kogda plan` speaks: on the terminal, and as markdown for a pull request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from api.language import told
from api.planning import Preview
from dsl.differences import RuleDifference, SegmentDifference, shortened
from dsl.messages import say
from engine.testing.simulation.counted import Simulation

_MARKS = {"added": "+", "changed": "~", "removed": "-"}
_MOST_SENTENCES = 8


def render_preview(seen: Preview, *, against: str, saved: Path | None) -> str:
    return "\n".join([*_body(seen), _summary(seen), *_ending(seen, against, saved)]) + "\n"


def render_markdown(seen: Preview, *, against: str, saved: Path | None) -> str:
    """The same in a block, under a heading, with the summary first."""
    head = [f"### {told(say('What publishing changes'))}", "", _summary(seen), ""]
    body = ["```diff", *_body(seen), "```"] if seen.changes else []
    return "\n".join([*head, *body, *_ending(seen, against, saved)]) + "\n"


def _body(seen: Preview) -> Iterator[str]:
    for difference in seen.rules:
        yield from _rule(difference, seen)
    for segment in seen.segments:
        yield from _segment(segment, seen)
    if seen.replays is not None:
        yield from _replay(seen)


def _rule(difference: RuleDifference, seen: Preview) -> Iterator[str]:
    rule = difference.rule
    yield f'{_MARKS[difference.kind]} "{rule.name}"  {rule.file}:{rule.line}'
    for sentence in difference.sentences[:_MOST_SENTENCES]:
        sign = "" if sentence.before and sentence.after else "+ " if sentence.after else "- "
        yield f"    {sign}{shortened(sentence)}"
    if len(difference.sentences) > _MOST_SENTENCES:
        yield "    " + told(say("and {n} more", n=len(difference.sentences) - _MOST_SENTENCES))
    people = seen.live.people.get(rule.name, 0)
    if people and difference.kind != "added":
        yield "    " + told(_fate(seen.fates.get(rule.name, "finish"), people))
    if rule.name in seen.past:
        yield from _past(seen.past[rule.name])
    if seen.replays is not None:
        yield from _sends(rule.name, seen)


def _fate(fate: str, people: int) -> str:
    match fate:
        case "move":
            return say("{n} {n:run is|runs are} under way: they go on in the new version where they can", n=people)
        case "restart":
            return say("{n} {n:run is|runs are} under way: they begin anew in the new version", n=people)
        case "cancel":
            return say("{n} {n:run is|runs are} under way: they end", n=people)
        case _:
            return say("{n} {n:run is|runs are} under way: they finish as they began", n=people)


def _past(people: int | None) -> Iterator[str]:
    if people is None:
        yield "    " + told(say("who is past the mark already is not started"))
    elif people:
        n = f"{people:,}"
        yield "    " + told(say("{n} {n:person is|people are} past the mark already; they are not started", n=n))


def _sends(rule: str, seen: Preview) -> Iterator[str]:
    assert seen.replays is not None
    before, after = (_by_channel(each, rule) for each in seen.replays)
    days = max((seen.replays[0].until - seen.replays[0].since).days, 1)
    told_counts = [
        f"{channel} {before.get(channel, 0):,} -> {after.get(channel, 0):,}"
        f" ({after.get(channel, 0) - before.get(channel, 0):+,})"
        for channel in sorted(before.keys() | after.keys())
    ]
    if told_counts:
        yield "    " + told(say("replay of {n} {n:day|days}: {counts}", n=days, counts=", ".join(told_counts)))


def _by_channel(simulation: Simulation, rule: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for (_, channel, name), count in simulation.sent.items():
        if name == rule:
            counts[channel] += count
    return counts


def _segment(difference: SegmentDifference, seen: Preview) -> Iterator[str]:
    used = told(say("used by {n} {n:rule|rules}", n=len(difference.used_by)))
    yield f"{_MARKS[difference.kind]} segment {difference.name}  ({used})"
    yield from (f"    {shortened(sentence)}" for sentence in difference.sentences)
    crossing = seen.crossings.get(difference.name)
    if crossing is not None:
        enter, leave = f"{crossing.enter:,}", f"{crossing.leave:,}"
        yield "    " + told(
            say("{enter} enter, {leave} leave; the edit itself starts nothing", enter=enter, leave=leave)
        )
    else:
        yield "    " + told(say("the edit itself starts nothing"))


def _replay(seen: Preview) -> Iterator[str]:
    assert seen.replays is not None
    before, after = seen.replays
    change = f"{before.total:,} -> {after.total:,} ({after.total - before.total:+,})"
    yield told(say("All rules in the replay: {change} messages", change=change))


def _summary(seen: Preview) -> str:
    if not seen.changes:
        return told(say("Nothing would change."))
    counts = Counter(each.kind for each in seen.rules)
    return told(
        say(
            "Plan: {added} to add, {changed} to change, {removed} to remove.",
            added=counts["added"], changed=counts["changed"], removed=counts["removed"],
        )
    )  # fmt: skip


def _ending(seen: Preview, against: str, saved: Path | None) -> Iterator[str]:
    if not seen.changes:
        return
    if not seen.rules and not seen.segments:
        yield told(say("Rules stay as they are; templates, kogda.yaml or schema.yaml change."))
    if saved is not None:
        place = f"{against}@{seen.live.hash[:4]}"
        yield told(say("Saved as {path} (valid for {place}): kogda publish --plan {path}", path=saved, place=place))
