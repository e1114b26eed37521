"""What must not stand in a log, whoever wrote the sentence that holds it: secrets, and where people are reached."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import unquote

#: Of a mail address the domain stays: it says which provider is in trouble. It takes the password of a URL as well.
_MAIL = re.compile(r"(?<![\w.+%!#$&*?^`|~-])[\w.+%!#$&*?^`|~-]++@(?=[\w-]+)")
_PHONE = re.compile(r"\+\d{7,15}\b")
#: PostgreSQL and its driver quote the values that they do not like.
_QUOTED = re.compile(r"(DETAIL: |query argument \$\d+: |Failing row contains )(?:(?!\\n|\n).)*")
_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL|ACCOUNT|_URL$")
_PASSWORD = re.compile(r"://[^/@:]*:([^/@]+)@")
_SHORTEST = 6  # a shorter secret is none, and stands in words


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    spelt = {each for secret in secrets for each in (secret, *_passwords(secret))}
    known = sorted({each for each in spelt if len(each) >= _SHORTEST}, key=len, reverse=True)
    spoken = re.compile("|".join(map(re.escape, known))) if known else None

    def redacted(text: str) -> str:
        if spoken is not None:
            text = spoken.sub("…", text)
        return _QUOTED.sub(r"\1…", _PHONE.sub("…", _MAIL.sub("…@", text)))

    return redacted


def _passwords(url: str) -> list[str]:
    """As they stand in an address, and as they are meant."""
    found = _PASSWORD.search(url)
    return [found[1], unquote(found[1])] if found else []


def secrets_of(variables: Mapping[str, str]) -> list[str]:
    """Values of the environment that are secrets by their name."""
    return [
        value for name, value in variables.items() if _SECRET_NAME.search(name) and not value.startswith(("/", "."))
    ]
