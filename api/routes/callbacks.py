"""What providers call: POST /callbacks/{provider}. Verified on the raw body, before anything of it is read."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from api.schemas.problem import problem_responses
from api.server.problems import Problem
from api.server.services import Served, Services
from engine.callbacks import Call, Refused, Unreadable
from engine.clock import utc_now
from engine.config import public_url
from engine.errors import NotReady
from engine.flow.answers.take_callbacks import MAIL, NAMES, TWILIO, NotSetUp, Receipt

#: Of one call. Providers send less than a tenth of it.
MAX_BODY = 2 * 1024 * 1024
#: Anything else Twilio would report as a mistake of ours, and plain text it would send to the phone.
_NO_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'

router = APIRouter(
    prefix="/callbacks", tags=["callbacks"], responses=problem_responses(400, 401, 403, 404, 405, 413, 503)
)


@router.post("/{provider}", response_model=dict[str, Any])
async def take_callback(provider: str, request: Request, services: Served) -> dict[str, Any] | Response:
    """Reports of a provider about messages: ses, sendgrid, mailgun, postmark, resend, twilio, gateway (any other
    provider of sms), or `mail` for the mails in which mail servers tell of bounces and complaints. A call that comes
    again is answered, and not taken."""
    if provider not in NAMES:
        raise Problem(404, "not_found", f"there are callbacks of {', '.join(NAMES)}")
    call = Call(
        body=await _body(request, cut=provider == MAIL),
        headers={name.lower(): value for name, value in request.headers.items()},
        url=_asked_for(request, public_url(services.runtime.settings)),
        now=utc_now(),
    )
    try:
        receipt = await services.callbacks.take(provider, call)
    except NotSetUp:
        services.metrics.called_back(provider, "refused")
        raise Problem(404, "not_set_up", f"kogda.yaml has no callbacks of {provider}") from None
    except Refused as refused:
        services.metrics.called_back(provider, "refused")
        code = "not_authenticated" if refused.status == 401 else "wrong_signature"
        challenge = {"www-authenticate": 'Basic realm="kogda"'} if refused.status == 401 else {}
        raise Problem(refused.status, code, str(refused), headers=challenge) from None
    except Unreadable as error:
        services.metrics.called_back(provider, "unreadable")
        raise Problem(400, "unreadable_callback", str(error)) from None
    except NotReady as error:
        raise Problem(503, "not_ready", str(error), headers={"retry-after": "60"}) from None
    _count(services, provider, receipt)
    if provider == TWILIO and receipt.is_reply:
        return Response(_NO_ANSWER, media_type="text/xml")
    return {"reports": receipt.reports, "unknown": receipt.unknown, "repeated": receipt.is_repeated}


def _count(services: Services, provider: str, receipt: Receipt) -> None:
    if receipt.is_repeated:
        services.metrics.called_back(provider, "repeated")
        return
    services.metrics.called_back(provider, "known", receipt.reports - receipt.unknown + receipt.is_reply)
    services.metrics.called_back(provider, "unknown", receipt.unknown)


async def _body(request: Request, *, cut: bool) -> bytes:
    """Not more than MAX_BODY; of a mail the rest is thrown away, since what it says comes first."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY and not cut:
            raise Problem(413, "too_large", f"a call may have {MAX_BODY} bytes")
        if size <= MAX_BODY:
            parts.append(part)
    return b"".join(parts)


def _asked_for(request: Request, outside: str) -> str:
    """As the provider wrote it: a proxy may have changed what arrives here."""
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{outside}{request.url.path}{query}"
