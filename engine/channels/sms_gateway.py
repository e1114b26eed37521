"""Sms, or another message to a phone, through any provider with an HTTP API that kogda.yaml describes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson

from engine.channels import Handover, Rejected, Sent, Text, TryLater, Verdict
from engine.channels.answers import by_status, json_of, not_its_own, words_of
from engine.channels.credentials import Credentials
from engine.channels.http_post import Answer, Asker, Post
from engine.channels.phones import e164
from engine.channels.placeholders import filled, names_in

_OURS = frozenset({"phone", "digits", "text", "message"})


@dataclass(frozen=True, slots=True)
class GatewayChannel:
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    asker: Asker

    async def send(self, handover: Handover) -> Verdict:
        assert isinstance(handover.content, Text)
        phone = e164(handover.address)
        if phone is None:
            return Rejected(f"{handover.address[:40]} is no phone number with its country, such as +491701234567")
        values = {
            **self.secrets,
            "phone": phone,
            "digits": phone.removeprefix("+"),
            "text": handover.content.text,
            "message": str(handover.message),
        }
        answer = await self.asker.ask(self._post(values))
        return self._verdict(answer) if isinstance(answer, Answer) else answer

    async def close(self) -> None:
        pass

    def _post(self, values: Mapping[str, str]) -> Post:
        """The fields go into the body, or into the URL of a GET."""
        settings = self.settings
        url = filled(settings["url"], values, lambda value: quote(value, safe=""))
        headers = {name: filled(text, values, _one_line) for name, text in settings.get("headers", {}).items()}
        method, fields = settings.get("method", "POST"), _filled(settings.get("body", {}), values)
        if method == "GET":
            if fields:
                url += ("&" if urlsplit(url).query else "?") + urlencode(_flat(fields))
            return Post(url=url, body=b"", headers=headers, method=method)
        if settings.get("format") == "form":
            headers.setdefault("content-type", "application/x-www-form-urlencoded")
            return Post(url=url, body=urlencode(_flat(fields)).encode(), headers=headers, method=method)
        headers.setdefault("content-type", "application/json")
        return Post(url=url, body=orjson.dumps(fields), headers=headers, method=method)

    def _verdict(self, answer: Answer) -> Verdict:
        settings, said = self.settings, json_of(answer)
        reads_answer = bool(settings.get("id") or settings.get("code"))
        if said is None and reads_answer:
            return not_its_own(answer)
        found = _at(said, settings["code"]) if settings.get("code") else answer.status
        code = _written(found)
        reason = f"{answer.host} answered {answer.status}, code {code}" if settings.get("code") else ""
        if code in settings.get("dead", ()):
            return Rejected(reason or f"{answer.host} answered {answer.status}", suppress=True)
        if code in settings.get("rejected", ()):
            return Rejected(reason or f"{answer.host} answered {answer.status}")
        if code in settings.get("later", ()):
            return TryLater(reason or f"{answer.host} answered {answer.status}", after=answer.retry_after)
        is_success = code in settings["sent"] if settings.get("sent") else 200 <= answer.status < 300
        if is_success:
            return Sent(_written(_at(said, settings["id"])) if settings.get("id") else "")
        if 200 <= answer.status < 300:
            return Rejected(reason)
        return by_status(answer, words_of(f"code {code}") if settings.get("code") else "")


def open_gateway(settings: Mapping[str, Any], credentials: Credentials, asker: Asker) -> GatewayChannel:
    """Raises NotReady."""
    parts = [settings["url"], settings.get("headers", {}), settings.get("body", {})]
    names = {name for part in parts for name in names_in(part)} - _OURS
    return GatewayChannel(settings, {name: credentials[name] for name in sorted(names)}, asker)


def _filled(part: Any, values: Mapping[str, str]) -> Any:
    if isinstance(part, str):
        return filled(part, values)
    if isinstance(part, Mapping):
        return {key: _filled(each, values) for key, each in part.items()}
    return [_filled(each, values) for each in part] if isinstance(part, list) else part


def _flat(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Of a form: a list is the same name again, an object in a form is written as JSON."""
    pairs = []
    for name, value in fields.items():
        for each in value if isinstance(value, list) else [value]:
            pairs.append((name, orjson.dumps(each).decode() if isinstance(each, dict) else _written(each)))
    return pairs


def _at(answer: Any, path: str) -> Any:
    """`messages.0.id`; None: there is no such place."""
    for step in path.split("."):
        if isinstance(answer, list) and step.isdigit() and int(step) < len(answer):
            answer = answer[int(step)]
        elif isinstance(answer, Mapping):
            answer = answer.get(step)
        else:
            return None
    return answer


def _written(value: object) -> str:
    """As kogda.yaml would write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)[:200]


def _one_line(value: str) -> str:
    return " ".join(value.split())
