"""How large a message becomes: above a size, Gmail hides the rest behind a link, the unsubscribe link included; an sms
is paid for by its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dsl.kinds import Kind
from dsl.messages import say
from engine.errors import TemplateFailed
from engine.rendering.email import MailRequest, MailTemplates
from engine.rendering.inspect import Inspection
from engine.rendering.parts import parts_of
from engine.rendering.problems import TemplateProblem
from engine.rendering.samples import sample_promo, sample_values

#: Bytes of HTML that Gmail shows.
SHOWN_BYTES = 102_000

#: Parts of an sms that are no surprise on the bill.
MOST_PARTS = 3

#: Templates shorter than this are not rendered: three rows of a list do not make them that long.
_SURELY_FINE = 40_000
_SOME_DAY = datetime(2026, 3, 12, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleData:
    """What an invented mail is made from."""

    attributes: Mapping[str, Kind] = field(default_factory=dict)
    properties: Mapping[str, Kind] = field(default_factory=dict)  # of all events together
    workspace: Mapping[str, Any] = field(default_factory=dict)
    locale: str = "en"
    timezone: str = "UTC"
    currency: str | None = None


NO_SAMPLE = SampleData()


def sample_request(template: str, sample: SampleData, locale: str | None = None) -> MailRequest:
    speaks = locale or sample.locale
    return MailRequest(
        template=template,
        event=sample_values(sample.properties, currency=sample.currency, locale=speaks),
        customer={
            **sample_values(sample.attributes, currency=sample.currency, locale=speaks),
            "tags": [],
            "points": 120,
        },
        variables={
            "promo": sample_promo(now=_SOME_DAY),
            "unsubscribe_url": "https://example.com/unsubscribe",
            "preferences_url": "https://example.com/preferences",
            "view_url": "https://example.com/in-a-browser",
        },
        workspace=sample.workspace,
        locale=speaks,
        default_locale=sample.locale,
        timezone=sample.timezone,
        currency=sample.currency,
        now=_SOME_DAY,
    )


def too_many_parts(inspection: Inspection, sources: Mapping[str, str], sample: SampleData) -> Iterator[TemplateProblem]:
    """Of an sms: what an invented customer would get."""
    info = inspection.info
    if info.channel != "sms" or inspection.problems:
        return
    try:
        texts = MailTemplates(sources, info.channel)
        found = [
            parts_of(texts.mail(sample_request(info.name, sample, each)).text.strip()) for each in (None, *info.locales)
        ]
    except TemplateFailed:
        return
    most = max(found, key=lambda parts: parts.count)
    if most.count > MOST_PARTS:
        yield TemplateProblem(
            kind="many_parts",
            file=info.path,
            line=1,
            message=say("this sms is sent in about {count} parts", count=most.count),
            help=say("`{culprit}` allows only 70 characters a part", culprit=most.culprit)
            if most.culprit and not most.culprit.isalpha()
            else say("make it shorter"),
        )


def too_large(inspection: Inspection, sources: Mapping[str, str], sample: SampleData) -> Iterator[TemplateProblem]:
    info = inspection.info
    if inspection.size < _SURELY_FINE or inspection.problems:
        return
    try:
        mails = MailTemplates(sources, info.channel)
        sizes = [
            len((mails.mail(sample_request(info.name, sample, each)).html or "").encode())
            for each in (None, *info.locales)
        ]
    except TemplateFailed:
        return  # an invented value that does not fit says nothing of the real ones
    if max(sizes) > SHOWN_BYTES:
        yield TemplateProblem(
            kind="cut_off",
            file=info.path,
            line=1,
            message=say("this mail has about {size} KB", size=max(sizes) // 1000),
            help=say("make lists shorter, or show fewer things"),
        )
