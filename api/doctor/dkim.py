"""Are mails signed, and does the DNS tell receivers the public half of the very key?"""

from __future__ import annotations

import re

import dns.asyncresolver
import dns.exception
import dns.resolver

from api.doctor.finding import Finding
from dsl.messages import say
from dsl.problems import Problems
from engine.channels.dkim import DkimKey, public_half, record_of
from engine.config import Settings, given_variables
from engine.errors import NotReady
from engine.flow.delivery.dkim_keys import dkim_keys
from engine.workspace.files import read_files
from engine.workspace.settings import load_settings

_LIFETIME_S = 3.0
_TAG = re.compile(r"(?:^|;)\s*p\s*=\s*([^;]*)")


async def check_dkim(settings: Settings) -> list[Finding]:
    """Nothing to say without a workspace, or where it signs nothing: many providers sign by themselves."""
    source = read_files(settings.workspace).settings
    if source is None:
        return []
    written = load_settings(source, Problems(source)).as_json()
    try:
        keys = dkim_keys(written, given_variables())
    except NotReady as error:
        return [Finding("problem", "DKIM", str(error), say("until then mails wait"))]
    return [judge_record(key, await _ask(key.name)) for key in keys]


def judge_record(key: DkimKey, records: list[str] | None) -> Finding:
    """`records`: what the DNS says at the key's name. None: nobody answered."""
    wanted = say("TXT at {name}: {record}", name=key.name, record=record_of(key.pem))
    if records is None:
        return Finding("unknown", "DKIM", say("could not ask the DNS about {name}", name=key.name))
    halves = [match[1] for text in records if (match := _TAG.search(text))]
    if not halves:
        reason = say("{name} has no record: receivers cannot check our signature", name=key.name)
        return Finding("problem", "DKIM", reason, wanted)
    if public_half(key.pem) not in [re.sub(r"\s", "", half) for half in halves]:
        reason = say("the record of {name} is of another key: signatures fail", name=key.name)
        return Finding("problem", "DKIM", reason, wanted)
    return Finding("good", "DKIM", say("the record of {name} is of our key", name=key.name))


async def _ask(name: str) -> list[str] | None:
    """Empty: there is no such record. None: nobody answered."""
    try:
        answer = await dns.asyncresolver.resolve(name, "TXT", lifetime=_LIFETIME_S)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError):
        return None
    return [b"".join(record.strings).decode("ascii", "replace") for record in answer]
