"""Pages for customers that say one thing: in English or Russian, without scripts, with nothing from elsewhere."""

from __future__ import annotations

from html import escape

from starlette.responses import Response

_STYLE = (
    "body{margin:0;font:18px/1.5 system-ui,sans-serif;background:#f6f6f4;color:#16181d}"
    "main{max-width:32rem;margin:12vh auto;padding:0 1.5rem}h1{font-size:1.5rem;line-height:1.25}"
    "@media(prefers-color-scheme:dark){body{background:#1d1f24;color:#f0f0ee}}"
)
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "cache-control": "no-store, private",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
}
_NO_LINK = {
    "en": ("This link is not complete", "Please open it from the message once more, or copy it from there as a whole."),
    "ru": ("Ссылка неполная", "Откройте её из сообщения ещё раз или скопируйте оттуда целиком."),
}


_PAGES = {
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


def mail_page(subject: str, html: str | None, text: str) -> Response:
    """The mail as it is; a plain one on a plain page."""
    if html is None:
        head = f"<!doctype html><html><head><meta charset=utf-8><title>{escape(subject)}</title><style>{_STYLE}</style>"
        html = f"{head}</head><body><main><pre style='white-space:pre-wrap'>{escape(text)}</pre></main></body></html>"
    headers = {**HEADERS, "content-security-policy": _MAIL_POLICY}
    return Response(html, media_type="text/html", headers=headers)


def sorry(why: str, accept_language: str | None, *, status: int) -> Response:
    """`unsent`, `changed`, `gone` or `later`, in words."""
    language = language_of(accept_language)
    return page(*_PAGES[why][language], language=language, status=status)


def no_such_link(accept_language: str | None) -> Response:
    language = language_of(accept_language)
    return page(*_NO_LINK[language], language=language, status=404)


def page(title: str, text: str, *, language: str, status: int = 200) -> Response:
    body = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><main><h1>{escape(title)}</h1><p>{escape(text)}</p></main></body></html>"
    )
    return Response(body, status_code=status, media_type="text/html", headers=HEADERS)


def language_of(accept_language: str | None) -> str:
    """The first that we speak."""
    for part in (accept_language or "").lower().split(","):
        language = part.partition(";")[0].strip()[:2]
        if language in ("en", "ru"):
            return language
    return "en"
