"""A small shop for tests of the compiler: its catalog, and rule texts compiled against it."""

from __future__ import annotations

from dsl import plan
from dsl.catalog import BUILT_IN_ATTRIBUTES, Catalog, EventType, PromoPool, TemplateInfo, TemplateUse
from dsl.compiler import compile_rules
from dsl.diagnostics import Diagnostic
from dsl.kinds import Kind
from dsl.parser import parse_file
from dsl.problems import Problems, in_order
from dsl.source import Source
from engine.workspace.schema import load_schema
from engine.workspace.settings import load_settings

TEXT, NUMBER, MONEY, DATE = Kind(name="text"), Kind(name="number"), Kind(name="money"), Kind(name="date")
MAYBE_TEXT = Kind(name="text", optional=True)
ITEM = Kind(name="record", is_list=True, fields={"name": TEXT, "price": MONEY})
ADDRESS = Kind(name="record", fields={"city": TEXT, "zip": MAYBE_TEXT})

EVENTS = (
    EventType(
        name="cart_abandoned",
        key="cart_id",
        cancelled_by=("order_placed",),
        properties={"cart_id": TEXT, "total": MONEY, "skus": Kind(name="text", is_list=True), "items": ITEM},
    ),
    EventType(
        name="order_placed",
        key="order_id",
        properties={
            "order_id": TEXT,
            "cart_id": MAYBE_TEXT,
            "total": MONEY,
            "kind": Kind(name="text", values=("web", "shop")),
        },
    ),
    EventType(
        name="visit_booked",
        properties={"visit_at": Kind(name="moment"), "day": DATE, "address": ADDRESS, "coupon": MAYBE_TEXT},
    ),
    EventType(name="checkout_started", key="cart_id", properties={"cart_id": TEXT, "total": MONEY}),
    EventType(name="pinged", properties={"n": Kind(name="number", optional=True)}),
    EventType(name="ponged"),
)

ATTRIBUTES = {
    **BUILT_IN_ATTRIBUTES,
    "first_name": MAYBE_TEXT,
    "city": MAYBE_TEXT,
    "age": NUMBER,
    "balance": MONEY,
    "tier": Kind(name="text", values=("bronze", "silver", "gold")),
    "subscribed": Kind(name="flag"),
    "birthday": Kind(name="date", repeats="yearly"),
    "last_visit": Kind(name="moment"),
    "sizes": Kind(name="number", is_list=True),
}


def template(name: str, *uses: TemplateUse, channel: str = "email") -> TemplateInfo:
    return TemplateInfo(channel=channel, name=name, path=f"templates/{channel}/{name}.html", uses=uses)


TEMPLATES = (
    template("cart"),
    template("promo", TemplateUse(path=("discount",), line=12, has_default=False)),
    template("receipt", TemplateUse(path=("total",), line=9, has_default=False)),
    template("hello", TemplateUse(path=("customer", "first_name"), line=3, has_default=False)),
    template("typo", TemplateUse(path=("customer", "frist_name"), line=5, has_default=False)),
    template("order", TemplateUse(path=("event", "order_id"), line=7, has_default=False)),
    template("coupon", TemplateUse(path=("event", "coupon"), line=2, has_default=False)),
    template("with_code", TemplateUse(path=("promo", "code"), line=4, has_default=False)),
    template("with_coupon", TemplateUse(path=("promo", "coupon"), line=4, has_default=False)),
    template("cart_sms", channel="sms"),
)

SHOP = Catalog(
    events={event.name: event for event in EVENTS},
    attributes=ATTRIBUTES,
    templates={(each.channel, each.name): each for each in TEMPLATES},
    pools={"BACK10": PromoPool(discount="10%"), "WELCOME": PromoPool()},
    webhooks=("crm_sync", "warehouse"),
    staff=("managers",),
    timezone="Europe/Berlin",
    currency="EUR",
)


def compile_texts(texts: dict[str, str], catalog: Catalog = SHOP) -> tuple[plan.Plan | None, list[Diagnostic]]:
    """By path. The texts themselves must be free of mistakes of writing."""
    files = []
    for path, text in texts.items():
        file, mistakes = parse_file(Source(path, text))
        assert not mistakes, mistakes
        files.append(file)
    return compile_rules(files, catalog)


def compiled(text: str) -> plan.Plan:
    """The plan of one file that has no mistake."""
    compiled_plan, found = compile_texts({"rules/test.rules": text})
    assert compiled_plan is not None, [(each.code, each.message) for each in found]
    return compiled_plan


def only_rule(text: str) -> plan.Rule:
    (rule,) = compiled(text).rules
    return rule


def codes(text: str) -> list[str]:
    return [each.code for each in compile_texts({"rules/test.rules": text})[1]]


NEXT_FILE = "--- file: "


def check_rules(source: Source) -> list[Diagnostic]:
    """Everything wrong with a rule file in this shop; more files may follow, each after a line `--- file: PATH`."""
    first, *others = source.text.split(NEXT_FILE)
    sources = [Source(source.path, first)]
    sources += [Source(path, text) for path, _, text in (other.partition("\n") for other in others)]
    parsed = [parse_file(each) for each in sources]
    mistakes = [mistake for _, found in parsed for mistake in found]
    return in_order(mistakes + compile_rules([file for file, _ in parsed], SHOP)[1])


def check_schema(source: Source) -> list[Diagnostic]:
    problems = Problems(source)
    load_schema(source, problems)
    return problems.found


def check_settings(source: Source) -> list[Diagnostic]:
    problems = Problems(source)
    load_settings(source, problems)
    return problems.found
