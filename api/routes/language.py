"""What an editor in a browser asks: stateless, nothing is stored and nothing is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from api.schemas.language import (
    Checked,
    Completed,
    Explained,
    FormatQuestion,
    Formatted,
    Hovered,
    PlaceQuestion,
    ProposedText,
    Question,
    ToldLine,
    ToldRule,
)
from api.schemas.problem import problem_responses
from api.schemas.simulation import SimulatedText, SimulateQuestion
from api.server.admin import require_admin
from api.server.problems import Problem
from api.server.services import Served, Services
from api.simulating_text import simulated_text
from dsl.assistance.completion import complete
from dsl.assistance.hover import hover
from dsl.diagnostics import Diagnostic
from dsl.formatter import FormatterMistake, format_source
from dsl.messages import Language, in_language
from dsl.plan import Plan
from dsl.render import as_json
from dsl.telling import tell_rule
from engine.clock import utc_now
from engine.flow.checking.asked_text import AskedText, GivenWorkspace, asked_of_published, asked_text
from engine.storage.rules.published import RuleSet, live_rule_set, load_rule_set
from engine.testing.virtual.world import RuleFailed, StillWaiting

MOST_BYTES = 2_000_000
WAIT_S, ANSWER_S = 5.0, 10.0

Q = TypeVar("Q", bound=Question)
T = TypeVar("T")


async def bounded_body(request: Request) -> bytes:
    """Raises Problem as soon as there is too much, whatever the header promised."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise Problem(413, "too_large", f"at most {MOST_BYTES:,} bytes")
    return bytes(body)


Body = Annotated[bytes, Depends(bounded_body)]

router = APIRouter(
    prefix="/api/language",
    tags=["language"],
    dependencies=[Depends(require_admin)],
    responses=problem_responses(400, 401, 403, 405, 413, 422, 503),
)


def _asks(model: type[BaseModel]) -> dict[str, Any]:
    """The body as the description of the API shows it."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    definitions = schema.pop("$defs", {})
    _inline(schema, definitions)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _inline(schema: Any, definitions: dict[str, Any]) -> None:
    for part in list(schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()):
        _inline(part, definitions)
    name = schema.pop("$ref", "").rpartition("/")[2] if isinstance(schema, dict) and "$ref" in schema else ""
    if name:
        schema.update(definitions[name])


@router.post("/check", openapi_extra=_asks(Question))
async def check(services: Served, body: Body) -> Checked:
    """Everything that is wrong with a text of rules or tests, or probably not meant."""
    today = utc_now().date()
    question = _read(Question, body)

    def answer(asked: AskedText) -> Checked:
        return Checked(diagnostics=_told(asked.findings(today), question.language))

    return await _answer(services, question, answer)


@router.post("/complete", openapi_extra=_asks(PlaceQuestion))
async def complete_text(services: Served, body: Body) -> Completed:
    """What may be written at a place."""
    question = _read(PlaceQuestion, body)

    def answer(asked: AskedText) -> Completed:
        text = asked.document.source.text
        found = complete(asked.view, asked.document, _code_points(text, question.offset))
        return Completed(
            proposals=[
                ProposedText(
                    label=each.proposal.label,
                    kind=each.proposal.kind,
                    detail=each.proposal.detail,
                    text=each.proposal.written,
                    is_snippet=each.proposal.is_snippet,
                    start=_units(text, each.span.start),
                    end=_units(text, each.span.end),
                )
                for each in found
            ]
        )

    return await _answer(services, question, answer)


@router.post("/hover", openapi_extra=_asks(PlaceQuestion))
async def hover_text(services: Served, body: Body) -> Hovered:
    """What a name or a word means."""
    question = _read(PlaceQuestion, body)

    def answer(asked: AskedText) -> Hovered:
        text = asked.document.source.text
        found = hover(asked.view, asked.document, _code_points(text, question.offset))
        if found is None:
            return Hovered(text=None)
        return Hovered(text=found.text, start=_units(text, found.span.start), end=_units(text, found.span.end))

    return await _answer(services, question, answer)


@router.post("/format", openapi_extra=_asks(FormatQuestion))
async def format_text(services: Served, body: Body) -> Formatted:
    """The text in the one style, or its mistakes."""
    question = _read(FormatQuestion, body)

    def answer(asked: AskedText) -> Formatted:
        try:
            done = format_source(asked.document.source, asked.document.kind, language=question.keywords)
        except FormatterMistake as error:
            raise Problem(422, "cannot_format", str(error)) from None
        return Formatted(text=done.text, diagnostics=_told(done.mistakes, question.language))

    return await _answer(services, question, answer)


@router.post("/explain", openapi_extra=_asks(Question))
async def explain_text(services: Served, body: Body) -> Explained:
    """The rules of a text, read back in plain sentences."""
    question = _read(Question, body)

    def answer(asked: AskedText) -> Explained:
        plan = asked.as_plan() or Plan()
        rules = [
            ToldRule(
                name=rule.name,
                lines=[
                    ToldLine(text=in_language(line.text, question.language), depth=line.depth, number=line.number)
                    for line in tell_rule(rule, plan.events)
                ],
            )
            for rule in plan.rules
        ]
        return Explained(rules=rules, diagnostics=_told(asked.findings(), question.language))

    return await _answer(services, question, answer)


@router.post("/simulate", openapi_extra=_asks(SimulateQuestion))
async def simulate_text(services: Served, body: Body) -> SimulatedText:
    """What the rules of a text would send for a few events, to the end of their waits. Nothing is sent."""
    question = _read(SimulateQuestion, body)

    def answer(asked: AskedText) -> SimulatedText:
        diagnostics = _told(asked.findings(), question.language)
        found = asked.as_plan()
        if found is None:
            return SimulatedText(messages=[], ended=[], diagnostics=diagnostics)
        try:
            return simulated_text(found, asked.view.catalog, question, diagnostics)
        except StillWaiting as waiting:
            raise Problem(422, "cannot_simulate", in_language(waiting.args[0], question.language)) from None
        except RuleFailed as failed:
            raise Problem(422, "cannot_simulate", str(failed).partition("\n")[0]) from None

    return await _answer(services, question, answer)


def _read(model: type[Q], body: bytes) -> Q:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        # Without what was given: it is large, and may be no JSON at all.
        raise RequestValidationError(error.errors(include_input=False, include_context=False)) from None


async def _answer(services: Services, question: Question, answer: Callable[[AskedText], T]) -> T:
    published = None if question.workspace else await _published(services)

    def work() -> T:
        return answer(_asked(question, published))

    try:
        async with asyncio.timeout(WAIT_S):
            await services.asking.acquire()
    except TimeoutError:
        raise _busy() from None
    working = asyncio.ensure_future(asyncio.to_thread(work))
    working.add_done_callback(lambda _: services.asking.release())  # not before: the thread goes on when nobody waits
    try:
        return await asyncio.wait_for(asyncio.shield(working), ANSWER_S)
    except TimeoutError:
        working.add_done_callback(lambda done: done.cancelled() or done.exception())
        raise _busy() from None


def _busy() -> Problem:
    return Problem(503, "busy", "the server has no time for this now; try again", headers={"retry-after": "2"})


async def _published(services: Services) -> RuleSet | None:
    async with services.runtime.database.connection() as connection:
        live = await live_rule_set(connection)
        return await load_rule_set(connection, live) if live is not None else None


def _asked(question: Question, published: RuleSet | None) -> AskedText:
    if question.workspace is None:
        return asked_of_published(question.path, question.text, published, {})
    texts = question.workspace
    given = GivenWorkspace(settings=texts.settings, schema=texts.schema_, files=texts.files, templates=texts.templates)
    return asked_text(question.path, question.text, given)


def _told(findings: Sequence[Diagnostic], language: Language) -> list[dict[str, Any]]:
    return [as_json(each, language) for each in findings]


def _code_points(text: str, units: int) -> int:
    """A browser's offset in ours."""
    return len(text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", errors="ignore"))


def _units(text: str, offset: int) -> int:
    return len(text[:offset].encode("utf-16-le", errors="surrogatepass")) // 2
