"""Is a provider down at the moment, as the workers found?"""

from __future__ import annotations

from api.doctor.finding import Finding
from dsl.messages import say
from engine.config import Settings
from engine.errors import DatabaseUnreachable
from engine.storage.database import TROUBLE, Database
from engine.storage.delivery.circuits import OpenCircuit, open_circuits


async def check_providers(settings: Settings) -> list[Finding]:
    """Nothing to say while they work, or where the database says what is wrong with itself."""
    if settings.database_url is None:
        return []
    database = Database(settings.database_url.get_secret_value(), pool_size=1)
    try:
        await database.open()
        async with database.connection() as connection:
            found = await open_circuits(connection)
    except (DatabaseUnreachable, *TROUBLE):
        return []
    finally:
        await database.close()
    return [_down(each) for each in found]


def _down(circuit: OpenCircuit) -> Finding:
    since, at = f"{circuit.opened_at:%Y-%m-%d %H:%M} UTC", f"{circuit.probe_at:%H:%M:%S} UTC"
    reason = say("{name} is down since {since}: {reason}", name=circuit.channel, since=since, reason=circuit.reason)
    return Finding("problem", "provider", reason, say("nothing is lost; the next try is at {at}", at=at))
