"""The statement that looks at many customers at once, after a publication that watches something else.

It writes what the interpreter would note of each: who is in which segment, and the next moment at which time alone
could change something. It answers with those who are in doubt: they are left to the interpreter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dsl import plan
from engine.core import calendar
from engine.core.conditions.program import Program
from engine.core.standing.index import LOOK, SegmentCode, Standing, Wake
from engine.core.standing.looking import DEFINITION
from engine.core.standing.occurrences import next_occurrence
from engine.core.standing.reads import gate_of
from engine.core.standing.windows import stays_in
from engine.storage.segments.conditions_sql import Conditions
from engine.storage.segments.parameters import Parameters
from engine.storage.segments.past_sql import Clocks, Pasts, Untranslatable
from engine.storage.segments.values_sql import Values, any_of

#: Built-in attributes, as `engine.core.conditions.scope.attributes_of` has them.
_BUILT_IN = {
    "id": "to_jsonb(CASE WHEN strpos(c.key, ':') > 0 THEN substr(c.key, strpos(c.key, ':') + 1) ELSE '' END)",
    "email": "to_jsonb(c.email)",
    "phone": "to_jsonb(c.phone)",
    "timezone": "to_jsonb(c.timezone)",
    "locale": "to_jsonb(c.locale)",
    "tags": "to_jsonb(c.tags)",
    "points": "to_jsonb(c.points)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FillSql:
    """Of one rule set. Build it with `fill_sql`."""

    text: str
    parameters: Parameters
    clocks: Clocks
    schedules: Mapping[int, Wake]
    zone: ZoneInfo
    leap_day: str
    segments: tuple[str, ...]
    wakes: tuple[tuple[str, str], ...]
    zones: set[str] = field(default_factory=set)  # that customers were seen to have; who has another is in doubt

    def values(self, *, now: datetime, zones: list[str], **given: object) -> list[object]:
        """`zones` are the names that customers have, "" for none."""
        named = [(name, calendar.zone_named(name) or self.zone) for name in zones]
        columns = dict(self._clock_columns([zone for _, zone in named], now))
        return self.parameters.values({"now": now, "zones": zones, **columns, **given})

    def _clock_columns(self, zones: list[ZoneInfo], now: datetime) -> Iterator[tuple[str, object]]:
        for (length, fixed), number in self.clocks.windows.items():
            found = [stays_in(length, fixed or zone, now) for zone in zones]
            after = [calendar.add(now, length, fixed or zone, sign=-1) for zone in zones]
            yield f"after_{number}", after
            yield f"earliest_{number}", min(after, default=now)
            yield f"places_{number}", [place for place, stays in enumerate(found, 1) for _ in stays.bounds]
            yield f"bounds_{number}", [bound for stays in found for bound in stays.bounds]
            yield f"whiles_{number}", [each for stays in found for each in stays.whiles]
        for number, wake in self.schedules.items():
            planned = [_next(wake, zone, now, self.leap_day) for zone in zones]
            yield f"due_{number}", [at for at, _ in planned]
            yield f"occasion_{number}", [occasion for _, occasion in planned]
        if self.clocks.days:
            days = range(-self.clocks.days, self.clocks.days + 1)
            yield "days", [_midnight(now, zone, day) for zone in zones for day in days]


def _next(wake: Wake, zone: ZoneInfo, now: datetime, leap_day: str) -> tuple[datetime | None, str]:
    assert isinstance(wake.rule.rule.trigger, plan.ScheduleTrigger)
    where = wake.rule.zone or zone
    at = next_occurrence(wake.rule.rule.trigger, now, where, leap_day=leap_day)
    return (at, at.astimezone(where).date().isoformat()) if at is not None else (None, "")


def _midnight(now: datetime, zone: ZoneInfo, days: int) -> datetime:
    day: date = now.astimezone(zone).date() + timedelta(days=days)
    return calendar.resolve(datetime.combine(day, time(0)), zone)


def fill_sql(program: Program) -> FillSql | None:
    """None: some condition or moment is beyond SQL, so everybody is left to the interpreter."""
    if program.standing is None:
        return None
    try:
        return _Writer(program, program.standing).written()
    except Untranslatable:
        return None


class _Writer:
    def __init__(self, program: Program, standing: Standing) -> None:
        self._program = program
        self._standing = standing
        self._parameters = Parameters()
        self._clocks = Clocks()
        currency = program.plan.currency
        self._customer = Values("c", self._parameters, self._attribute, currency=currency)
        self._pasts = Pasts(self._parameters, self._clocks, currency=currency)
        segments = program.plan.segments
        self._conditions = Conditions(self._customer, pasts=self._pasts, segments=segments)
        self._schedules: dict[int, Wake] = {}

    def written(self) -> FillSql:
        facts = [self._fact(code) for code in self._standing.segments.values()]
        looks = [look for code in self._standing.sliding if (look := self._next_look(code)) is not None]
        moments = [self._moment(number, wake) for number, wake in enumerate(self._standing.wakes.values())]
        text = self._statement(facts, looks, moments)
        return FillSql(
            text=self._parameters.settle(text),
            parameters=self._parameters,
            clocks=self._clocks,
            schedules=self._schedules,
            zone=self._program.zone,
            leap_day=self._program.plan.leap_day,
            segments=tuple(self._standing.segments),
            wakes=(*self._standing.wakes, *([LOOK] if self._standing.sliding else [])),
        )

    def _attribute(self, path: tuple[str, ...]) -> str:
        first, *others = path
        place = _BUILT_IN.get(first) or f"c.attributes -> {self._parameters.constant(first, 'text')}"
        return place + "".join(f" -> {self._parameters.constant(part, 'text')}" for part in others)

    def _fact(self, code: SegmentCode) -> str:
        self._pasts.gate = self._gate(code)
        return self._conditions.holds(code.condition)

    def _gate(self, code: SegmentCode) -> str | None:
        gate = gate_of(code.condition, self._program.plan.segments)
        return self._conditions.holds(gate) if gate is not None else None

    # what appointments are made for

    def _moment(self, number: int, wake: Wake) -> tuple[str, str]:
        """When, and for which occasion."""
        self._pasts.gate = None
        trigger = wake.rule.rule.trigger
        if isinstance(trigger, plan.ScheduleTrigger):
            self._schedules[number] = wake
            return f"due_{number}", f"occasion_{number}"
        if isinstance(trigger, plan.InactivityTrigger):
            return self._silence(trigger, wake.rule.zone)
        if isinstance(trigger, plan.DateTrigger):
            raw = self._customer.raw(tuple(trigger.attribute.name.split(".")))
            self._pasts.doubt(f"jsonb_typeof({raw}) = 'string'")
            return "NULL::timestamptz", "''"
        raise Untranslatable(type(trigger).__name__)

    def _next_look(self, code: SegmentCode) -> str | None:
        gate = self._pasts.gate = self._gate(code)
        now, far = self._pasts.now, self._parameters.constant(calendar.FAR, "timestamptz")
        instants = dict.fromkeys(self._conditions.instants(code.condition))
        asked = [f"CASE WHEN {each} > {now} AND {each} < {far} THEN {each} END" for each in instants]
        if not asked:
            return None
        return f"CASE WHEN {gate or 'true'} THEN least({', '.join(asked)}) END"

    def _silence(self, trigger: plan.InactivityTrigger, zone: ZoneInfo | None) -> tuple[str, str]:
        """Who is past the mark already is not swept in (S13)."""
        past = self._pasts.of(trigger.event)
        newest = past.newest_about(trigger.length, zone)
        at = past.leaves(newest, trigger.length, zone)
        utc = f"{newest} AT TIME ZONE 'UTC'"
        fraction = (
            f"CASE WHEN extract(microseconds FROM {utc})::bigint % 1000000 = 0 THEN '' ELSE to_char({utc}, '.US') END"
        )
        occasion = f"to_char({utc}, 'YYYY-MM-DD\"T\"HH24:MI:SS') || {fraction} || '+00:00'"
        is_ahead = f"{at} >= {self._pasts.now}"
        return f"CASE WHEN {is_ahead} THEN {at} END", f"CASE WHEN {is_ahead} THEN {occasion} ELSE '' END"

    # the statement

    def _statement(self, facts: list[str], looks: list[str], moments: list[tuple[str, str]]) -> str:
        found = [f"{fact} AS in_{number}" for number, fact in enumerate(facts)]
        if looks:
            found.append(f"least({', '.join(looks)}) AS look_at")
        for number, (at, occasion) in enumerate(moments):
            found += [f"{at} AS at_{number}", f"{occasion} AS for_{number}"]
        in_doubt = any_of([self._customer.in_doubt(), self._pasts.in_doubt(), "c_is_odd", "zone IS NULL"])
        looked = f"""
            SELECT c_partition, c_id, c_zone, {in_doubt} AS in_doubt, {", ".join(found)}
            FROM ({self._pasts.beside(self._customers())}) AS c"""  # noqa: S608
        most = self._parameters.given("most", "integer")
        return f"""
            WITH stretch AS (SELECT * FROM unnest({self._columns(_STRETCH)}) AS w ({", ".join(_STRETCH)})),
            clock AS MATERIALIZED ({self._clock()}),
            odd AS MATERIALIZED ({self._odd()}),
            looked AS MATERIALIZED ({looked}),
            doubtful AS MATERIALIZED (SELECT c_partition, c_id, c_zone, row_number()
                OVER (PARTITION BY c_partition ORDER BY c_id) AS doubts FROM looked WHERE in_doubt),
            cut AS MATERIALIZED (SELECT c_partition, c_id FROM doubtful WHERE doubts = {most} + 1),
            clear AS (SELECT * FROM looked AS l WHERE NOT in_doubt
                AND (SELECT l.c_id > k.c_id FROM cut k WHERE k.c_partition = l.c_partition) IS NOT TRUE)
            {self._memberships()}{self._looks() if looks else ""}{self._appointments()}
            SELECT c_partition, c_id, c_zone, doubts <= {most} AS is_seen FROM doubtful
            WHERE doubts <= {most} + 1 ORDER BY c_partition, c_id"""  # noqa: S608 -- words of ours

    def _columns(self, columns: Mapping[str, str]) -> str:
        return ", ".join(self._parameters.given(name, f"{kind}[]") for name, kind in columns.items())

    def _customers(self) -> str:
        columns = "c.partition AS c_partition, c.id AS c_id, w.xid AS c_xid, w.seq AS c_seq, z.*"
        columns += ", coalesce(c.timezone, '') AS c_zone"
        columns += ", c.id IN (SELECT customer FROM odd) OR jsonb_typeof(c.attributes) <> 'object' AS c_is_odd"
        # Fenced: how long a stretch is cannot be foreseen, and a plan for a short one reads the whole table for each.
        source = """stretch w CROSS JOIN LATERAL (SELECT * FROM customer c WHERE c.partition = w.partition
            AND c.id > w.begins AND c.id <= w.ends AND c.merged_into IS NULL OFFSET 0) AS c
            LEFT JOIN clock z ON z.zone = coalesce(c.timezone, '')"""
        return f"{self._customer.query(columns, source)} OFFSET 0"

    def _clock(self) -> str:
        """A row for each zone."""
        columns = {"zones": "text"}
        more = []
        for number in self._clocks.windows.values():
            columns[f"after_{number}"] = "timestamptz"
            listed = self._columns(
                {f"places_{number}": "integer", f"bounds_{number}": "timestamptz", f"whiles_{number}": "interval"}
            )
            for name, each in (("bounds", "bound"), ("whiles", "while")):
                of_zone = f"unnest({listed}) AS b (place_, bound_, while_) WHERE b.place_ = z.place"
                more.append(f"(SELECT array_agg({each}_ ORDER BY bound_) FROM {of_zone}) AS {name}_{number}")  # noqa: S608
        for number in self._schedules:
            columns |= {f"due_{number}": "timestamptz", f"occasion_{number}": "text"}
        if self._clocks.days:
            many, starts = 2 * self._clocks.days + 1, self._parameters.given("days", "timestamptz[]")
            more.append(f"({starts})[(place - 1) * {many} + 1 : place * {many}] AS starts")
            more.append(f"{self._clocks.days + 1} AS today")
        names = ", ".join(["zone", *list(columns)[1:]])
        source = f"unnest({self._columns(columns)}) WITH ORDINALITY AS z ({names}, place)"
        return f"SELECT {', '.join([names, *more])} FROM {source}"  # noqa: S608

    def _odd(self) -> str:
        """Customers of whom something is noted that a new look alone does not tell: what was done for them before."""
        wakes = list(self._standing.wakes.values())
        columns = (
            self._parameters.constant([wake.key[0] for wake in wakes], "text[]"),
            self._parameters.constant([wake.key[1] for wake in wakes], "text[]"),
            self._parameters.constant([wake.definition for wake in wakes], "text[]"),
        )
        return f"""
            SELECT a.customer FROM stretch w
            JOIN appointment a ON a.partition = w.partition AND a.customer > w.begins AND a.customer <= w.ends
            WHERE a.errand = 'start' OR {_OF_ONE_SEGMENT} OR a.done <> '' AND EXISTS (
                SELECT FROM unnest({", ".join(columns)}) AS n (errand, name, definition)
                WHERE n.errand = a.errand AND n.name = a.name AND n.definition <> a.definition)"""  # noqa: S608

    def _memberships(self) -> str:
        segments = list(self._standing.segments.values())
        if not segments:
            return ""
        names = [self._parameters.constant(code.name, "text") for code in segments]
        hashes = [self._parameters.constant(code.definition, "text") for code in segments]
        rows = ", ".join(f"({name}, {hashes[number]}, in_{number})" for number, name in enumerate(names))
        still = " ".join(
            f"WHEN {name} THEN in_{number} OR w.definition = {hashes[number]}" for number, name in enumerate(names)
        )
        return f""", members AS (
            SELECT c_partition, c_id, v.segment, v.definition
            FROM clear CROSS JOIN LATERAL (VALUES {rows}) AS v (segment, definition, is_in) WHERE v.is_in
        ), noted AS (
            INSERT INTO membership AS m (partition, customer, segment, definition, is_in, since)
            SELECT c_partition, c_id, segment, definition, true, {self._pasts.now} FROM members AS v
            WHERE {_unless("k.definition = v.definition AND k.is_in", "membership", "segment")}
            ON CONFLICT (partition, customer, segment) DO UPDATE
            SET definition = excluded.definition, is_in = true, since = excluded.since
            WHERE m.definition <> excluded.definition OR NOT m.is_in
        ), were AS MATERIALIZED (
            SELECT m.* FROM stretch w CROSS JOIN LATERAL (
                SELECT partition, customer, segment, definition FROM membership
                WHERE partition = w.partition AND customer > w.begins AND customer <= w.ends OFFSET 0) AS m
        ), left_it AS (
            DELETE FROM membership m USING were w, clear c
            WHERE (m.partition, m.customer, m.segment) = (w.partition, w.customer, w.segment)
              AND c.c_partition = w.partition AND c.c_id = w.customer AND NOT CASE w.segment {still} ELSE false END
        )"""  # noqa: S608

    def _looks(self) -> str:
        """What comes earlier stands: it is looked at then, and nothing has to be written now."""
        errand, name, definition = (self._parameters.constant(each, "text") for each in (*LOOK, DEFINITION))
        return f""", to_look AS (
            INSERT INTO appointment AS a (partition, customer, errand, name, definition, at, occasion, done)
            SELECT c_partition, c_id, v.*, look_at, '', '' FROM clear
            CROSS JOIN (VALUES ({errand}, {name}, {definition})) AS v (errand, name, definition)
            WHERE look_at IS NOT NULL AND {_unless("k.at <= look_at", "appointment", "errand", "name")}
            ON CONFLICT (partition, customer, errand, name) DO UPDATE
            SET at = excluded.at, definition = excluded.definition WHERE a.at IS NULL OR a.at > excluded.at)"""  # noqa: S608

    def _appointments(self) -> str:
        wakes = list(self._standing.wakes.values())
        if not wakes:
            return ""
        rows = ", ".join(
            f"({', '.join(self._parameters.constant(each, 'text') for each in (*wake.key, wake.definition))},"
            f" at_{number}, for_{number})"
            for number, wake in enumerate(wakes)
        )
        return f""", appointed AS (
            INSERT INTO appointment AS a (partition, customer, errand, name, definition, at, occasion, done)
            SELECT c_partition, c_id, v.*, '' FROM clear
            CROSS JOIN LATERAL (VALUES {rows}) AS v (errand, name, definition, at, occasion)
            WHERE {_unless("k.definition = v.definition", "appointment", "errand", "name")}
            ON CONFLICT (partition, customer, errand, name) DO UPDATE
            SET at = excluded.at, definition = excluded.definition, occasion = excluded.occasion, done = ''
            WHERE a.definition <> excluded.definition)"""  # noqa: S608


def _unless(same: str, table: str, *key: str) -> str:
    """A condition on rows `v`: no row `k` of this key is the same already. Who asks for a conflict locks and logs each
    row that is met, also where nothing is changed. By the key alone, whatever the planner thinks of other indexes."""
    alike = " ".join(f"AND k.{name} = v.{name}" for name in key)
    found = f"SELECT {same} FROM {table} k WHERE k.partition = c_partition AND k.customer = c_id {alike}"  # noqa: S608
    return f"({found}) IS NOT TRUE"


#: Due, and as they once were: one for each segment.
_OF_ONE_SEGMENT = "a.errand = 'segment' AND a.name <> '' AND a.at <= now()"
#: Of each partition: its customers after one and up to another, and up to where its events are decided.
_STRETCH = {"partition": "smallint", "begins": "uuid", "ends": "uuid", "xid": "xid8", "seq": "bigint"}
