"""What a running server tells of itself, asked by a command."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from typing import Any

from dsl.messages import say
from engine.errors import ConfigurationError

TIMEOUT_S = 20
MOST_ANSWER = 50_000_000


def told_by_server(url: str, path: str) -> Any:
    """JSON, by the admin key of the environment. Raises ConfigurationError when the server refuses, OSError when it
    cannot be reached, ValueError for what is no JSON."""
    request = urllib.request.Request(f"{url.rstrip('/')}{path}", headers={"accept": "application/json"})
    if key := os.environ.get("KOGDA_ADMIN_KEY"):
        request.add_header("authorization", f"Bearer {key}")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return json.loads(answer.read(MOST_ANSWER))
    except urllib.error.HTTPError as error:
        hint = say("; set KOGDA_ADMIN_KEY") if error.code in (401, 403) else ""
        reason = say("{url} answers {code}{hint}", url=url, code=error.code, hint=hint)
        raise ConfigurationError(reason) from None
