"""Pages behind the links of messages: one that says one thing, and a mail as a page."""

from __future__ import annotations

from starlette.responses import Response

from api.public.rendering import HEADERS, page
from api.public.words import Language, language_of

_NO_LINK: dict[Language, tuple[str, str]] = {
    "en": ("This link is not complete", "Please open it from the message once more, or copy it from there as a whole."),
    "ru": ("Ссылка неполная", "Откройте её из сообщения ещё раз или скопируйте оттуда целиком."),
}
_PAGES: dict[str, dict[Language, tuple[str, str]]] = {
    "unsent": {
        "en": ("This mail is not here", "It was never sent, or is not kept any more."),
        "ru": ("Этого письма здесь нет", "Оно не было отправлено или уже не хранится."),
    },
    "changed": {
        "en": (
            "This mail cannot be shown any more",
            "Its text has been changed since. The mail in your mailbox stays.",
        ),
        "ru": ("Это письмо больше нельзя показать", "Его текст с тех пор изменили. Письмо в вашем ящике остаётся."),
    },
    "gone": {
        "en": ("This link leads nowhere any more", "What it was about is over, or has changed since."),
        "ru": ("Эта ссылка больше никуда не ведёт", "То, о чём она была, закончилось или с тех пор изменилось."),
    },
    "later": {
        "en": ("Just a moment", "This page cannot be shown right now. Please try again in a minute."),
        "ru": ("Одну минуту", "Страницу сейчас показать нельзя. Попробуйте ещё раз через минуту."),
    },
}
#: A mail is somebody's HTML: nothing in it may run, and nothing may look as if it were part of this server.
_MAIL_POLICY = (
    "default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline' https:; font-src https: data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
)


def mail_page(subject: str, html: str | None, text: str, accept_language: str | None) -> Response:
    """The mail as it is; a plain one on a page of ours."""
    if html is None:
        return page("mail", language=language_of(accept_language), settings=None, title=subject, text=text)
    headers = {**HEADERS, "content-security-policy": _MAIL_POLICY}
    return Response(html, media_type="text/html", headers=headers)


def sorry(why: str, accept_language: str | None, *, status: int) -> Response:
    """`unsent`, `changed`, `gone` or `later`, in words."""
    return _said(_PAGES[why], accept_language, status=status)


def no_such_link(accept_language: str | None) -> Response:
    return _said(_NO_LINK, accept_language, status=404)


def _said(words: dict[Language, tuple[str, str]], accept_language: str | None, *, status: int) -> Response:
    language = language_of(accept_language)
    title, said = words[language]
    return page("said", language=language, settings=None, status=status, title=title, said=said, choose=None)
