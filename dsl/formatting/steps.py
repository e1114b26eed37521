"""Steps that stand on one line. Branches and splits are in blocks.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dsl import syntax
from dsl.formatting.conditions import after, events, operand, pairs, same, spaced
from dsl.formatting.layout import Doc
from dsl.formatting.triggers import moment_of
from dsl.formatting.values import clock, day, literal, path, quoted
from dsl.formatting.words import Words


def step(words: Words, found: syntax.Step) -> Doc:
    return _PRINTERS[type(found)](words, found)


def _send(words: Words, found: syntax.Send) -> Doc:
    doc: Doc = [f"{words('SEND')} {_recipient(words, found.first)}", *pairs(words, found.variables)]
    for fallback in found.fallbacks:
        doc += [0, f"{words('OR')} {_recipient(words, fallback)}"]
    if found.unless:
        doc += [0, f"{words('UNLESS')} ", *after(words, words("UNLESS"), found.unless, 1)]
    return doc


def _recipient(words: Words, found: syntax.Recipient) -> str:
    if found.channel:
        return f"{words.channel(found.channel)} {quoted(found.template.text)}"
    channels = ", ".join(words.channel(channel) for channel in found.best_of)
    best_of = f"{words('OF')} {channels} " if channels else ""
    return f"{words('BEST')} {best_of}{quoted(found.template.text)}"


def _wait(words: Words, found: syntax.Wait) -> Doc:
    return [f"{words('WAIT')} {words.duration(found.duration)}"]


def _until(words: Words) -> str:
    return f"{words('WAIT')} {words('UNTIL')} "


def _wait_until_clock(words: Words, found: syntax.WaitUntilClock) -> Doc:
    day_word = f"{words('TOMORROW')} " if found.tomorrow else ""
    if found.weekdays:
        day_word = f"{words.until_weekday(found.weekdays)} "
    return [_until(words) + day_word + clock(found.at)]


def _wait_until_date(words: Words, found: syntax.WaitUntilDate) -> Doc:
    return [_until(words) + day(found.date) + (f" {clock(found.at)}" if found.at else "")]


def _wait_until_moment(words: Words, found: syntax.WaitUntilMoment) -> Doc:
    at = f" {words('AT')} {clock(found.at)}" if found.at else ""
    or_now = f" {words('OR_NOW')}" if found.or_now else ""
    return [_until(words) + moment_of(words, found) + at + or_now]


def _wait_for(words: Words, found: syntax.WaitFor) -> Doc:
    up_to = f" {words('UP_TO')} {words.duration(found.up_to, 'genitive')}"
    return [f"{words('WAIT_FOR')} ", *events(words, found.events), same(words, found.same) + up_to]


def _set_attribute(words: Words, found: syntax.SetAttribute) -> Doc:
    return [f"{words('SET')} {path(words, found.path)} {words('SET_TO')} {operand(words, found.value)}"]


def _change_number(words: Words, found: syntax.ChangeNumber) -> Doc:
    verb = words("INCREASE" if found.sign > 0 else "DECREASE")
    return [f"{verb} {path(words, found.path)} {words('BY')} {operand(words, found.by)}"]


def _tag(words: Words, found: syntax.Tag) -> Doc:
    return [f"{words('ADD' if found.add else 'REMOVE')} {words('TAG')} {quoted(found.tag.text)}"]


def _points(words: Words, found: syntax.Points) -> Doc:
    written = f"{words('ADD' if found.add else 'REMOVE')} {found.amount} {words.points(found.amount)}"
    if found.per and found.of:
        per = f"{words('PER')} {literal(words, found.per)}"
        written += f" {per} {words('OF')} {path(words, found.of, genitive=True)}"
    return [written]


def _issue_promo(words: Words, found: syntax.IssuePromo) -> Doc:
    valid = f" {words('VALID')} {words.duration(found.valid)}" if found.valid else ""
    return [f"{words('ISSUE')} {words('PROMO')} {quoted(found.pool.text)}{valid}"]


def _emit(words: Words, found: syntax.Emit) -> Doc:
    emit = words("EMIT")
    return [emit, *spaced(words, emit, found.event.text), *pairs(words, found.properties)]


def _call(words: Words, found: syntax.Call) -> Doc:
    return [f"{words('CALL')} {quoted(found.target.text)}", *pairs(words, found.properties)]


def _notify(words: Words, found: syntax.Notify) -> Doc:
    return [f"{words('NOTIFY')} {quoted(found.group.text)} {quoted(found.message.text)}"]


_PRINTERS: dict[type, Callable[[Words, Any], Doc]] = {
    syntax.Send: _send,
    syntax.Wait: _wait,
    syntax.WaitUntilClock: _wait_until_clock,
    syntax.WaitUntilDate: _wait_until_date,
    syntax.WaitUntilMoment: _wait_until_moment,
    syntax.WaitFor: _wait_for,
    syntax.Exit: lambda words, found: [words("EXIT")],
    syntax.SetAttribute: _set_attribute,
    syntax.ChangeNumber: _change_number,
    syntax.Tag: _tag,
    syntax.Points: _points,
    syntax.IssuePromo: _issue_promo,
    syntax.Emit: _emit,
    syntax.Call: _call,
    syntax.Notify: _notify,
}
