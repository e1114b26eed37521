"""The child in which `kogda up` publishes: words for people on stderr, one line of JSON for the parent on stdout."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict

from api.language import spoken
from api.publishing import Attempt, publish_folder, report_attempt
from api.supervisor.publisher import Published
from engine.config import Settings, read_settings
from engine.errors import KogdaError
from engine.storage.migrate import migrate


def main() -> int:
    try:
        attempt = asyncio.run(_publish(read_settings()))
    except KogdaError as error:
        print(json.dumps({"error": str(error)}))
        return 2
    report_attempt(attempt, out=sys.stderr, language=spoken())
    print(json.dumps(asdict(_published(attempt))))
    return 0


async def _publish(settings: Settings) -> Attempt:
    assert settings.database_url is not None
    url = settings.database_url.get_secret_value()
    if "--migrate" in sys.argv:
        await migrate(url)
    return await publish_folder(url, settings.workspace, published_by="kogda up")


def _published(attempt: Attempt) -> Published:
    return Published(
        workspace=str(attempt.workspace.settings.get("name") or "The workspace"),
        rule_set=attempt.live,
        rules=attempt.live_rules,
        has_mistakes=attempt.publication is None,
        keys=attempt.keys,
    )


if __name__ == "__main__":
    sys.exit(main())
