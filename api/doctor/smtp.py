"""Does the mail provider take our connection and our password? Nothing is sent."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import aiosmtplib

from api.doctor.finding import Finding
from dsl.messages import say
from engine.config import Settings

_TIMEOUT_S = 10.0
_PORTS = {"smtp": 587, "smtps": 465}


async def check_smtp(settings: Settings) -> list[Finding]:
    if settings.smtp_url is None:
        return [
            Finding(
                "good",
                "SMTP",
                say("none: every mail lands on the mailbox page"),
                say("KOGDA_SMTP_URL sends for real"),
            )
        ]
    try:
        address = urlsplit(settings.smtp_url.get_secret_value())
        port = address.port or _PORTS.get(address.scheme, 0)
    except ValueError:
        return [_not_an_address()]
    if address.scheme not in _PORTS or not address.hostname:
        return [_not_an_address()]
    where = f"{address.hostname}:{port}"
    client = aiosmtplib.SMTP(
        hostname=address.hostname,
        port=port,
        use_tls=address.scheme == "smtps",
        username=unquote(address.username) if address.username else None,
        password=unquote(address.password) if address.password else None,
        timeout=_TIMEOUT_S,
    )
    try:
        async with client:
            pass
    except aiosmtplib.SMTPAuthenticationError as error:
        return [_problem(say("{where} refuses user or password: {error}", where=where, error=str(error)))]
    except (aiosmtplib.SMTPException, OSError, ValueError, TimeoutError) as error:
        return [_problem(say("{where} does not answer: {error}", where=where, error=str(error)))]
    return [Finding("good", "SMTP", say("{where} takes our connection", where=where))]


def _problem(text: str) -> Finding:
    return Finding("problem", "SMTP", text, say("see {setting}", setting="KOGDA_SMTP_URL"))


def _not_an_address() -> Finding:
    example = "smtp://user:password@host:587 or smtps://user:password@host"
    return Finding(
        "problem", "SMTP", say("KOGDA_SMTP_URL is not an address"), say("it looks like {example}", example=example)
    )
