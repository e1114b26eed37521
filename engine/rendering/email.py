"""One customer's mail, from the newest templates: subject, HTML, text and what rendered empty."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from time import thread_time
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from jinja2 import Template
from jinja2.exceptions import TemplateError, TemplateNotFound
from markupsafe import escape

from engine.errors import TemplateFailed, TemplateRests, TemplateTooHeavy
from engine.rendering.budget import MAX_OUTPUT, Budget, BudgetExceeded, current_budget, spending
from engine.rendering.environment import BudgetedEnvironment, rendered_parts
from engine.rendering.front_matter import button_keys
from engine.rendering.inspect import plain_words
from engine.rendering.plain_text import text_of
from engine.rendering.sources import PAGES, Sources, main_files, text_sibling, variant_for
from engine.rendering.values import NotAllowed
from engine.resting import Resting

#: A subject, a title or a link is one line, whatever a customer's name brings along.
_BREAKS = re.compile("[\\x01-\\x1f\\x7f-\\x9f\\u2028\\u2029]+")
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
#: Hidden from the page, read by the list of mails.
_PREHEADER = '<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">{}</div>'

T = TypeVar("T")


class MailRequest(NamedTuple):
    """What a mail is made from. Plain data only: texts, numbers, lists, objects."""

    template: str
    event: Mapping[str, Any]
    customer: Mapping[str, Any]
    variables: Mapping[str, Any] = MappingProxyType({})  # given by `with`
    workspace: Mapping[str, Any] = MappingProxyType({})
    locale: str | None = None  # the customer's; None: `default_locale`
    default_locale: str = "en"
    timezone: str = "UTC"
    currency: str | None = None
    now: datetime | None = None  # when it goes out, for `relative` and `countdown`
    strict: bool = False  # a missing variable fails the mail


class RenderedMail(NamedTuple):
    """Of any channel: what it does not have is empty."""

    subject: str
    html: str | None  # None: the template is a text
    text: str
    sender: str | None  # as in the front matter; None: the workspace's
    reply_to: str | None
    missing: tuple[str, ...]  # variables that rendered empty, in alphabetical order
    buttons: tuple[dict[str, str], ...] = ()  # text, and link or press
    title: str | None = None
    link: str | None = None
    image: str | None = None


class _Front(NamedTuple):
    """Front matter."""

    values: Mapping[str, str]
    buttons: Sequence[Sequence[str]]  # the keys of each, in order


class MailTemplates:
    """The templates of one rule set and channel, compiled at first use."""

    def __init__(self, sources: Sources, channel: str = "email") -> None:
        self._channel = channel
        self._environment = BudgetedEnvironment(sources)
        self._variants: dict[str, dict[str | None, str]] = {}
        self._fronts: dict[tuple[str, str | None], _Front] = {}
        self._programs: dict[str, Template] = {}
        self._mentioned: dict[str, bool] = {}
        self._seconds: dict[str, float] = {}  # file -> its slowest rendering
        self._resting = Resting()  # files; another rule set, which may have mended them, begins anew

    def has(self, template: str) -> bool:
        return bool(self._files(template))

    def is_light(self, template: str) -> bool:
        """It is compiled, and has never taken longer than a breath of the event loop."""
        files = self._files(template).values()
        return all(self._seconds.get(path, 1.0) < 0.004 for path in files)

    def mention(self, name: str) -> bool:
        """Whether any file may show this variable: if none does, it need not be made."""
        if name not in self._mentioned:
            self._mentioned[name] = any(name in source for source in self._environment.sources.values())
        return self._mentioned[name]

    def topic(self, template: str) -> str | None:
        return self._front(template, self._files(template).get(None)).values.get("topic")

    def mail(self, request: MailRequest) -> RenderedMail:
        """Raises TemplateFailed, with the reason in plain words. Takes at most a few hundred milliseconds.

        Raises TemplateRests at once where nothing else is to be expected: a template that is too heavy would take as
        long for each of a million messages.
        """
        files = self._files(request.template)
        if not files:
            raise TemplateFailed(f"{self._channel}/{request.template}", "no such file in the published templates")
        path = next(iter(files.values()))
        if len(files) > 1:
            path = files.get(variant_for(request.locale or request.default_locale, files), path)
        if self._resting.is_resting(path):
            raise TemplateRests(path)
        began = thread_time()  # not the clock on the wall: a busy machine makes no template heavy
        budget = Budget(
            strict=request.strict,
            locale=request.locale or request.default_locale,
            timezone=request.timezone,
            currency=request.currency,
            beside=request.event.get("currency"),
            now=request.now,
        )
        with spending(budget):
            try:
                mail = self._mail(path, request)
                self._resting.answered(path)
                return mail
            except TemplateTooHeavy:
                self._resting.failed(path)
                raise
            finally:
                self._seconds[path] = max(self._seconds.get(path, 0.0) * 0.9, thread_time() - began)

    def _mail(self, path: str, request: MailRequest) -> RenderedMail:
        head, buttons = self._front(request.template, path)
        context = _context(request)
        context["subject"] = subject = self._key(head, "subject", context) or ""
        context["preheader"] = preheader = self._key(head, "preheader", context) or ""
        body = self._rendered(path, context)
        html = _with_preheader(body, preheader) if path.endswith(PAGES) else None
        written = text_sibling(path, self._environment.sources)
        text = self._rendered(written, context) if written else body if html is None else text_of(body)
        return RenderedMail(
            subject=subject,
            html=html,
            text=text,
            sender=self._key(head, "from", context),
            reply_to=self._key(head, "reply_to", context),
            buttons=self._buttons(head, buttons, context) if buttons else (),
            title=self._key(head, "title", context),
            link=self._key(head, "link", context),
            image=self._key(head, "image", context),
            missing=tuple(sorted(current_budget().missing)),
        )

    def _buttons(
        self, head: Mapping[str, str], buttons: Sequence[Sequence[str]], context: dict[str, Any]
    ) -> tuple[dict[str, str], ...]:
        """A link that renders empty leads nowhere: its button is left out."""
        found = [{key.rpartition(".")[2]: self._key(head, key, context) or "" for key in keys} for keys in buttons]
        return tuple(button for button in found if button["text"] and (button.get("link") or button.get("press")))

    def _files(self, template: str) -> dict[str | None, str]:
        if template not in self._variants:
            self._variants[template] = main_files(self._channel, template, self._environment.sources)
        return self._variants[template]

    def _front(self, template: str, path: str | None) -> _Front:
        """A variant takes what it does not say from the one for everybody."""
        found = self._fronts.get((template, path))
        if found is None:
            values = self._read_front(template, path)
            found = self._fronts[template, path] = _Front(values, button_keys(values))
        return found

    def _read_front(self, template: str, path: str | None) -> dict[str, str]:
        base = self._files(template).get(None)
        found: dict[str, str] = {}
        for each in (base, path):
            if each is not None:
                own = self._environment.front_matter(each).values
                if button_keys(own):  # all of them, or none: a variant may have fewer
                    found = {key: value for key, value in found.items() if not key.startswith("buttons.")}
                found |= own
        return found

    def _key(self, head: Mapping[str, str], key: str, context: dict[str, Any]) -> str | None:
        source = head.get(key)
        if source is None or "{" not in source:
            return source
        return _BREAKS.sub(" ", self._attempt(key, lambda: self._small(source, context))).strip()

    def _small(self, source: str, context: dict[str, Any]) -> str:
        template = self._environment.small_template(source)
        return rendered_parts(template.root_render_func(template.new_context(context)), 10_000)

    def _rendered(self, path: str, context: dict[str, Any]) -> str:
        def render() -> str:
            template = self._programs.get(path)
            if template is None:
                template = self._programs[path] = self._environment.get_template(path)
            return rendered_parts(template.root_render_func(template.new_context(context)), MAX_OUTPUT).lstrip("\n")

        return self._attempt(path, render)

    def _attempt(self, where: str, render: Callable[[], T]) -> T:
        try:
            return render()
        except BudgetExceeded as error:
            raise TemplateTooHeavy(where, f"stopped: {error}") from error
        except TemplateNotFound as error:
            raise TemplateFailed(where, f"there is no file templates/{error.name}") from error
        except NotAllowed as error:
            raise TemplateFailed(where, str(error)) from error
        except TemplateError as error:
            raise TemplateFailed(where, plain_words(error.message or "it cannot be read")[0]) from error
        except RecursionError as error:
            raise TemplateFailed(where, "stopped: nested too deep") from error
        except Exception as error:
            # Compiled templates are foreign code: whatever they raise is theirs, and no mail but this one may fail.
            raise TemplateFailed(where, f"{type(error).__name__}: {error}"[:300]) from error


def _context(request: MailRequest) -> dict[str, Any]:
    return {
        **request.variables,
        "event": dict(request.event),
        "customer": dict(request.customer),
        "workspace": dict(request.workspace),
        "locale": request.locale or request.default_locale,
    }


def _with_preheader(html: str, preheader: str) -> str:
    """Unless the layout shows it itself."""
    hidden = str(escape(preheader))
    if not preheader or hidden in html:
        return html
    body = _BODY.search(html)
    at = body.end() if body else 0
    return html[:at] + _PREHEADER.format(hidden) + html[at:]
