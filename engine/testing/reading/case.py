"""Reads a test case line by line into a script."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dsl import syntax
from dsl.compiling.conditions import compile_condition
from dsl.compiling.lengths import compile_length
from dsl.compiling.lookup import report_unknown
from dsl.diagnostics import Label
from dsl.event_names import find_event
from dsl.messages import say
from dsl.problems import Problems, listed
from dsl.scope import Scope
from dsl.source import Span
from engine.core import calendar
from engine.core.conditions.expressions import test_of
from engine.testing.reading.casting import arms_of, name_of_one_who_takes
from engine.testing.reading.given import CONTACTS, POINTS, TAGS, constant_of, properties_of, trait_of, traits_of
from engine.testing.reading.ground import Ground
from engine.testing.reading.moments import Moments
from engine.testing.reading.script import Check, Claim, Happens, Past, Person, Script, Silence, Wanted

_UNNAMED = "customer"
#: What a word of the language leads out by.
CHANNEL_OF = {"call": "webhook", "notify": "staff"}
_MOST_PAST = 1_000  # events of one `had` line


def read_case(case: syntax.TestCase, ground: Ground, problems: Problems) -> Script:
    """The script; it may be run only when nothing was added to `problems`."""
    reader = _Reader(ground, problems, Script(is_open=case.open), case.title)
    reader.read(case)
    return reader.script


@dataclass(slots=True)
class _Reader:
    ground: Ground
    problems: Problems
    script: Script
    title: syntax.Text

    def read(self, case: syntax.TestCase) -> None:
        moments = Moments(self.problems)
        for line in case.lines:
            if (read := _GIVEN.get(type(line))) is not None:
                read(self, line)
        if not self.script.people:
            self.script.people[_UNNAMED] = self._person(_UNNAMED)
        lines = _Timeline(self, moments)
        for line in case.lines:
            lines.read(line)
        for past in case.lines:
            if isinstance(past, syntax.GivenHistory):
                self._read_history(past)
        self.script.steps.sort(key=lambda step: step.at)
        self._cast()

    # given

    def _read_customer(self, node: syntax.GivenCustomer) -> None:
        name = node.name.text if node.name else _UNNAMED
        if name in self.script.people:
            self._refuse_customer(
                node.span, say('there is already a customer "{name}"', name=name), say("give each a name of its own")
            )
            return
        traits = traits_of(node.attributes, self.scope)
        person = self._person(name)
        person.tags, known = frozenset(_texts(traits.pop(TAGS, None))), self.scope.catalog.attributes
        person.contacts = frozenset(_texts(traits.pop(CONTACTS, None))) if CONTACTS not in known else frozenset()
        person.traits = traits
        person.zone = calendar.zone_named(str(traits.get("timezone"))) or person.zone
        self.script.people[name] = person

    def _person(self, name: str) -> Person:
        return Person(name, self.ground.program.zone)

    def _read_split(self, node: syntax.GivenSplit) -> None:
        arms = arms_of(self.ground.plan)
        name, arm = node.split, node.takes
        if name.text not in arms:
            there_are = say("there are: {all}", all=listed(sorted(arms))) if arms else say("these rules have no split")
            self.problems.error("E407", say('no split is called "{name}"', name=name.text), Label(name.span, there_are))
        elif arm.text not in arms[name.text]:
            label = Label(arm.span, say("its arms: {all}", all=listed(arms[name.text])))
            self.problems.error("E407", say('this split has no arm "{arm}"', arm=arm.text), label)
        elif self.script.arms.setdefault(name.text, arm.text) != arm.text:
            self.problems.error(
                "E407", say("one customer takes one arm"), Label(arm.span, say("write a test for each arm"))
            )

    def _read_failure(self, node: syntax.GivenFailure) -> None:
        self.find_template(node.template, None)
        self.script.failing.add(node.template.text)

    def _read_pool(self, node: syntax.GivenPool) -> None:
        pools = self.ground.catalog.pools
        if node.pool.text not in pools:
            message = say('there is no promo pool "{name}"', name=node.pool.text)
            report_unknown("E216", message, node.pool.span, problems=self.problems, candidates=pools, quoted=True)
        self.script.dry.add(node.pool.text)

    def _read_history(self, node: syntax.GivenHistory) -> None:
        begins, who = self.script.begins, self.whose(node.customer, node.span)
        event = find_event(node.event, self.scope)
        if begins is None or who is None or event is None:
            if begins is None and not self.problems.found:
                label = Label(node.span, say("no `at` with an event stands below"))
                self.problems.error("E404", say("there is nothing that this could be before"), label)
            return
        properties = properties_of(event.name, node.properties, self.scope)
        length = compile_length(node.within, self.scope)
        if node.count > _MOST_PAST:
            label = Label(node.span, say("at most {MOST_PAST} events", MOST_PAST=f"{_MOST_PAST:,}"))
            self.problems.error("E409", say("this is more history than a test can hold"), label)
        if length is None or node.count > _MOST_PAST:
            return
        span = begins - calendar.add(begins, length, who.zone, sign=-1)
        for number in range(node.count):
            at = begins - span * (2 * (node.count - number) - 1) / (2 * node.count)
            self.script.past.append(Past(who=who, event=event.name, at=at, properties=properties))
        self.script.past.sort(key=lambda past: past.at)

    def _cast(self) -> None:
        for person in self.script.people.values():
            person.cast_as = person.name
            if self.script.arms and not self.problems.found:
                self._cast_one(person)

    def _cast_one(self, person: Person) -> None:
        try:
            person.cast_as = name_of_one_who_takes(self.ground.plan, self.script.arms, base=person.name)
        except LookupError as error:
            self.problems.error("E407", say("nobody takes these arms together"), Label(self.title.span, error.args[0]))

    # names

    @property
    def scope(self) -> Scope:
        return Scope(
            catalog=self.ground.catalog, names=self.ground.names, problems=self.problems, events=None, in_run=False
        )

    def find_template(self, name: syntax.Text, channel: str | None) -> None:
        known = [each for where, each in self.ground.catalog.templates if channel in (None, where)]
        if name.text not in known:
            message = (
                say('there is no {channel} template "{name}"', channel=channel, name=name.text)
                if channel
                else say('there is no template "{name}"', name=name.text)
            )
            report_unknown("E204", message, name.span, problems=self.problems, candidates=known, quoted=True)

    def find_told(self, name: syntax.Text, to: str) -> None:
        code, known, message = (
            ("E217", self.ground.catalog.webhooks, say('there is no webhook "{name}"', name=name.text))
            if to == "call"
            else ("E219", self.ground.catalog.staff, say('there is no staff group "{name}"', name=name.text))
        )
        if name.text not in known:
            report_unknown(code, message, name.span, problems=self.problems, candidates=known, quoted=True)

    def whose(self, name: syntax.Name | None, span: Span) -> Person | None:
        """The customer that a line names; without a name the only one."""
        people = self.script.people
        if name is not None and name.text in people:
            return people[name.text]
        if name is None and len(people) == 1:
            return next(iter(people.values()))
        if name is None:
            self._refuse_customer(
                span, say("which customer?"), say("write `for` and one of: {all}", all=listed(list(people)))
            )
        else:
            self._refuse_customer(
                name.span,
                say('no customer is called "{name}"', name=name.text),
                say("there are: {all}", all=listed(list(people))),
            )
        return None

    def anybody_or(self, name: syntax.Name | None) -> Person | None:
        return self.whose(name, name.span) if name is not None else None

    def _refuse_customer(self, span: Span, message: str, label: str) -> None:
        self.problems.error("E405", message, Label(span, label))


@dataclass(slots=True)
class _Timeline:
    """The lines that have a moment or a place in time."""

    reader: _Reader
    moments: Moments

    def read(self, line: syntax.Node) -> None:
        if (read := _TIMED.get(type(line))) is not None:
            read(self, line)

    def read_event(self, node: syntax.AtEvent) -> None:
        reader = self.reader
        who, event = reader.whose(node.customer, node.span), find_event(node.event, reader.scope)
        at = self.moments.step_to(node.at, who.zone) if who else None
        if who is None or at is None or event is None:
            return
        properties = properties_of(event.name, node.properties, reader.scope)
        reader.script.steps.append(Happens(at=at, who=who, event=event.name, properties=properties))

    def read_change(self, node: syntax.AtChange) -> None:
        reader = self.reader
        who = reader.whose(node.customer, node.span)
        at = self.moments.step_to(node.at, who.zone) if who else None
        parts = node.path.parts
        if len(parts) != 2 or node.path.root != "customer" or parts[1].text in ("tags", POINTS):
            label = Label(node.path.span, say("only an attribute can be changed: customer.…"))
            reader.problems.error("E409", say("this cannot be changed in a test"), label)
            return
        value = trait_of(parts[1], node.value, reader.scope)
        if who is None or at is None or value is None:
            return
        reader.script.steps.append(Happens(at=at, who=who, traits={parts[1].text: value}))
        if parts[1].text == "timezone":
            who.zone = calendar.zone_named(str(value)) or who.zone

    def read_message(self, node: syntax.ExpectMessage) -> None:
        self.reader.find_template(node.template, node.channel)
        self._want(node, node.channel, node.template.text)

    def read_told(self, node: syntax.ExpectTold) -> None:
        self.reader.find_told(node.name, node.to)
        given = {
            pair.name.text: value
            for pair in node.properties
            if (value := constant_of(pair.value, self.reader.scope)) is not None
        }
        said = node.message.text if node.message else None
        self._want(node, CHANNEL_OF[node.to], node.name.text, given=given, said=said)

    def _want(self, node: syntax.ExpectMessage | syntax.ExpectTold, channel: str, template: str, **more: Any) -> None:
        reader = self.reader
        who = reader.anybody_or(node.customer)
        zone = (who or next(iter(reader.script.people.values()))).zone
        written = node.between or ((node.at, node.at) if node.at else ())
        ends = [self.moments.read(each, zone) for each in written]
        if None in ends or not ends:
            return
        low, high = ends[0], ends[1]
        assert low is not None and high is not None
        if high < low:
            label = Label(node.between[1].span if node.between else node.span, say("this is before the first one"))
            reader.problems.error("E401", say("time goes backwards here"), label, notes=[say("write the date as well")])
        reader.script.wanted.append(
            Wanted(node=node, channel=channel, template=template, low=low, high=high, who=who, **more)
        )

    def read_nothing(self, node: syntax.ExpectNothing) -> None:
        zone = next(iter(self.reader.script.people.values())).zone
        until = self.moments.read(node.until, zone) if node.until else None
        if until is not None or node.until is None:
            self.reader.script.silences.append(Silence(node=node, until=until))

    def read_claim(self, node: Claim) -> None:
        if isinstance(node, syntax.ExpectNotTold):
            if node.name is not None:
                self.reader.find_told(node.name, node.to)
        elif not isinstance(node, syntax.ExpectExit) and node.template is not None:
            self.reader.find_template(node.template, node.channel)
        self.reader.script.claims.append((node, self.reader.anybody_or(node.customer)))

    def read_tag(self, node: syntax.ExpectTag) -> None:
        self._check(node, tag=node.tag.text)

    def read_value(self, node: syntax.ExpectValue) -> None:
        reader = self.reader
        problems, before = reader.problems, len(reader.problems.found)
        condition = compile_condition(node.condition, reader.scope)
        if condition is not None:
            plan_ = reader.ground.plan
            self._check(node, test=test_of(condition, plan_.currency, zone=None))
        elif len(problems.found) == before:
            problems.error(
                "E307", say("a test cannot ask this"), Label(node.condition.span, say("write it with customer.…"))
            )

    def _check(self, node: syntax.ExpectTag | syntax.ExpectValue, **what: Any) -> None:
        reader = self.reader
        who, at = reader.whose(node.customer, node.span), self.moments.latest
        if at is None:
            if not reader.problems.found:
                label = Label(node.span, say("no moment stands above"))
                reader.problems.error(
                    "E404", say("when should this be true?"), label, notes=[say("put an `at` line above it")]
                )
        elif who is not None:
            text = reader.problems.source.words(node.span)
            reader.script.steps.append(Check(at=at, who=who, node=node, text=text, **what))


_GIVEN: Mapping[type, Callable[[_Reader, Any], None]] = {
    syntax.GivenCustomer: _Reader._read_customer,
    syntax.GivenSplit: _Reader._read_split,
    syntax.GivenFailure: _Reader._read_failure,
    syntax.GivenPool: _Reader._read_pool,
}
_TIMED: Mapping[type, Callable[[_Timeline, Any], None]] = {
    syntax.AtEvent: _Timeline.read_event,
    syntax.AtChange: _Timeline.read_change,
    syntax.ExpectMessage: _Timeline.read_message,
    syntax.ExpectNothing: _Timeline.read_nothing,
    syntax.ExpectTold: _Timeline.read_told,
    syntax.ExpectNoMessage: _Timeline.read_claim,
    syntax.ExpectNotTold: _Timeline.read_claim,
    syntax.ExpectSkipped: _Timeline.read_claim,
    syntax.ExpectExit: _Timeline.read_claim,
    syntax.ExpectTag: _Timeline.read_tag,
    syntax.ExpectValue: _Timeline.read_value,
}


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
