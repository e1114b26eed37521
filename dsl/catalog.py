"""What a rule may assume to exist: events, attributes, templates, channels. Given, never fetched."""

from __future__ import annotations

from dataclasses import dataclass, field

from dsl.kinds import Kind
from dsl.plan import Length, QuietHours, WorkspaceCap


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """One entry of `events:` in schema.yaml, or an event of Kogda's own."""

    name: str
    properties: dict[str, Kind] = field(default_factory=dict)
    title: dict[str, str] = field(default_factory=dict)  # by language
    key: str | None = None  # the property that says what "the same cart" is
    cancelled_by: tuple[str, ...] = ()
    late_after: Length | None = None  # None: 72 hours
    open: bool = False  # True: properties that are not listed are allowed
    built_in: bool = False  # what became of a message: dsl/built_in_events.py


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateUse:
    """A variable that a template reads: `("customer", "first_name")`, and where."""

    path: tuple[str, ...]
    line: int
    has_default: bool  # guarded by `default(...)`, `if` or `is defined`: may be missing
    file: str | None = None  # templates/email/layouts/base.html when a layout or part reads it; None: its own file


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateInfo:
    channel: str
    name: str
    path: str  # relative to the workspace
    uses: tuple[TemplateUse, ...] = ()
    topic: str | None = None
    locales: tuple[str, ...] = ()  # languages that it is written in, besides the text for everybody else
    lets_unsubscribe: bool = True  # it shows the link, or has no use for one


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoPool:
    """One entry of `promos:` in kogda.yaml. The codes themselves are in the database."""

    discount: str | None = None  # what a customer reads for it: "10%"
    expires: str | None = None  # ISO date: the last day on which its codes are of use
    low: int = 100  # with fewer free codes than this the operator is told


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Everything that the checks and the compiler may look up, read once from a workspace."""

    events: dict[str, EventType] = field(default_factory=dict)
    attributes: dict[str, Kind] = field(default_factory=dict)  # of the customer, the built-in ones included
    templates: dict[tuple[str, str], TemplateInfo] = field(default_factory=dict)  # by (channel, name)
    channels: tuple[str, ...] = ("email",)  # that this server can send by, in the order of the workspace
    quiet_hours: QuietHours | None = None  # of kogda.yaml
    caps: tuple[WorkspaceCap, ...] = ()
    segments: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    pools: dict[str, PromoPool] = field(default_factory=dict)  # of promo codes
    webhooks: tuple[str, ...] = ()  # names of targets
    staff: tuple[str, ...] = ()  # names of groups
    timezone: str = "UTC"
    currency: str | None = None  # of money without one in event data; never assumed in rules
    settings: dict[str, object] = field(default_factory=dict)  # the rest of kogda.yaml that the engine reads

    def own_events(self) -> dict[str, EventType]:
        """Those of the schema, by name."""
        return {name: event for name, event in self.events.items() if not event.built_in}


#: Attributes that every customer has, whatever the schema says.
BUILT_IN_ATTRIBUTES: dict[str, Kind] = {
    "id": Kind(name="text"),
    "email": Kind(name="text", optional=True, personal=True),
    "phone": Kind(name="text", optional=True, personal=True),
    "timezone": Kind(name="text", optional=True),
    "locale": Kind(name="text", optional=True),
    "tags": Kind(name="text", is_list=True),
    "points": Kind(name="number"),
}
