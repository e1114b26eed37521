"""W562: a message without a language in which the others are written."""

from __future__ import annotations

from dsl.diagnostics import Label
from dsl.lints.workspace import Whole
from dsl.messages import say
from dsl.source import Span

MOSTLY = 0.5  # share of the templates that have a language before the others miss it


def lint_missing_locale(whole: Whole) -> None:
    templates = [each for each in whole.catalog.templates.values() if each.locales]
    default = str(whole.catalog.settings.get("locale") or "en")
    spoken = sorted({locale for each in templates for locale in each.locales if locale != default})
    for locale in spoken:
        having = sum(locale in each.locales for each in templates)
        if having / len(whole.catalog.templates) < MOSTLY:
            continue
        for template in sorted(whole.catalog.templates.values(), key=lambda each: each.path):
            if locale not in template.locales:
                whole.warn(
                    "W562",
                    say("this message is not written in {locale}", locale=locale),
                    template.path,
                    [
                        Label(
                            Span(0, 0),
                            say("{having} of {all} templates are", having=having, all=len(whole.catalog.templates)),
                        )
                    ],
                    notes=[
                        say("customers of that language get this one: add {path}", path=_variant(template.path, locale))
                    ],
                )


def _variant(path: str, locale: str) -> str:
    stem, _, suffix = path.rpartition(".")
    return f"{stem}.{locale}.{suffix}"
