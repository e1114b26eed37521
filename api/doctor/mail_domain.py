"""May our sender's domain send mail, as far as its DNS says? MX, SPF and DMARC decide where mails land."""

from __future__ import annotations

import asyncio
from email.utils import parseaddr

import dns.asyncresolver
import dns.exception
import dns.resolver

from api.doctor.finding import Finding
from dsl.messages import say
from engine.config import Settings
from engine.flow.checking.load_workspace import load_workspace

#: Names that no DNS knows, by RFC 2606 and RFC 6761.
_RESERVED = ("example", "test", "invalid", "localhost", "local")
_LIFETIME_S = 3.0


async def check_mail_domain(settings: Settings) -> list[Finding]:
    domain = sender_domain(settings)
    if domain is None:
        return [
            Finding(
                "unknown",
                "mail domain",
                say("no sender is set"),
                say("KOGDA_MAIL_FROM, or `mail: from:` in kogda.yaml"),
            )
        ]
    if domain.rpartition(".")[2] in _RESERVED or domain.startswith("example."):
        return [
            Finding(
                "good", "mail domain", say("{domain} is a reserved name: right for trying things out", domain=domain)
            )
        ]
    questions = ((domain, "MX"), (domain, "TXT"), (f"_dmarc.{domain}", "TXT"))
    mx, spf, dmarc = await asyncio.gather(*(_ask(name, kind) for name, kind in questions))
    if mx is None or spf is None or dmarc is None:
        return [Finding("unknown", "mail domain", say("could not ask the DNS about {name}", name=domain))]
    return judge_records(domain, mx=mx, spf=spf, dmarc=dmarc)


def judge_records(domain: str, *, mx: list[str], spf: list[str], dmarc: list[str]) -> list[Finding]:
    """By the texts of its MX and TXT records, and of the TXT records of `_dmarc` below it."""
    missing_mx = say("{domain} has no MX record: answers and bounces get lost", domain=domain)
    missing_spf, missing_dmarc = (
        say("{domain} has no {record} record", domain=domain, record=r) for r in ("SPF", "DMARC")
    )
    return [
        _judge(bool(mx), "MX", missing_mx, say("add an MX record")),
        _judge(
            any("v=spf1" in text for text in spf), "SPF", missing_spf, say("add a TXT record {value}", value="v=spf1 …")
        ),
        _judge(
            any("v=DMARC1" in text for text in dmarc),
            "DMARC",
            missing_dmarc,
            say("add a TXT record {value} at {name}", value="v=DMARC1 …", name=f"_dmarc.{domain}"),
        ),
    ]


def sender_domain(settings: Settings) -> str | None:
    """Of KOGDA_MAIL_FROM, else of kogda.yaml."""
    sender = settings.mail_from
    if not sender and (settings.workspace / "kogda.yaml").exists():
        mail = load_workspace(settings.workspace).settings.get("mail") or {}
        sender = mail.get("from")
    address = parseaddr(sender or "")[1]
    return address.rpartition("@")[2].lower() or None


def _judge(found: bool, record: str, missing: str, advice: str) -> Finding:
    if found:
        return Finding("good", "mail domain", say("has its {record} record", record=record))
    return Finding("warning", "mail domain", missing, advice)


async def _ask(name: str, kind: str) -> list[str] | None:
    """Empty: there is no such record. None: nobody answered."""
    try:
        answer = await dns.asyncresolver.resolve(name, kind, lifetime=_LIFETIME_S)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError):
        return None
    return [record.to_text() for record in answer]
