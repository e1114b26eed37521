"""Telegram against the list that every provider passes, with answers as its documentation shows."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from engine.channels import Button, Rejected, Text, TryLater
from engine.channels.credentials import Credentials
from engine.channels.http_post import HttpPoster
from engine.channels.registry import OPENERS
from engine.channels.telegram import read_press
from engine.errors import NotReady
from tests.channels.conformance import PAGE, FarEnd, ProviderConformance
from tests.channels.http_sink import spoken
from tests.channels.provider_line import Said, far_end, line

# Telegram: https://core.telegram.org/bots/api#making-requests

TELEGRAM: Said = {
    "sent": spoken(200, {"ok": True, "result": {"message_id": 365, "chat": {"id": 42, "type": "private"}, "date": 1}}),
    "rejected": spoken(400, {"ok": False, "error_code": 400, "description": "Bad Request: message text is empty"}),
    "dead": spoken(403, {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}),
    "later": spoken(500, {"ok": False, "error_code": 500, "description": "Internal Server Error"}),
    "limited": spoken(
        429,
        {
            "ok": False, "error_code": 429, "description": "Too Many Requests: retry after 30",
            "parameters": {"retry_after": 30},
        },
    ),
    "unauthorized": spoken(401, {"ok": False, "error_code": 401, "description": "Unauthorized"}),
    "page": spoken(200, PAGE),
}  # fmt: skip
BOT = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"


class TestTelegram(ProviderConformance):
    @pytest.fixture
    async def far(self) -> AsyncIterator[FarEnd]:
        async with line(TELEGRAM) as (end, poster):
            settings = {"provider": "telegram", "token_env": "BOT", "url": f"http://127.0.0.1:{end.sink.port}"}
            yield far_end(
                end,
                poster,
                settings,
                {"BOT": BOT},
                sent_as="42.365",
                channel_name="telegram",
                address="42",
                bad_address="@a",
            )

    async def test_it_is_asked_as_its_documentation_says(self, far: FarEnd):
        buttons = (Button(text="Open", link="https://shop.example/cart"), Button(text="Later", press="later"))
        handover = far.handover(content=Text(text="Hi", buttons=buttons))

        await far.send("sent", handover)

        [(first, _, body)] = far.requests()
        said = json.loads(body)
        [[opens], [presses]] = said.pop("reply_markup")["inline_keyboard"]
        assert first == f"POST /bot{BOT}/sendMessage HTTP/1.1"
        assert said == {"chat_id": 42, "text": "Hi"}
        assert opens == {"text": "Open", "url": "https://shop.example/cart"}
        assert read_press(presses["callback_data"]) == (handover.message, "later")
        assert len(presses["callback_data"]) <= 64

    @pytest.mark.parametrize(
        "said", ["Bad Request: chat not found", "Forbidden: user is deactivated", "Bad Request: PEER_ID_INVALID"]
    )
    async def test_a_chat_that_is_not_there_is_dead(self, said: str):
        status = 403 if said.startswith("F") else 400
        async with line({"x": spoken(status, {"ok": False, "error_code": status, "description": said})}) as (
            end,
            poster,
        ):
            settings = {"provider": "telegram", "token_env": "BOT", "url": f"http://127.0.0.1:{end.sink.port}"}
            far = far_end(end, poster, settings, {"BOT": BOT}, sent_as="", channel_name="telegram", address="42")

            assert await far.send("x") == Rejected(f"Telegram: {said}", suppress=True)

    async def test_a_text_that_is_too_long_never_leaves(self, far: FarEnd):
        verdict = await far.send("sent", far.handover(content=Text(text="🙂" * 2049)))

        assert verdict == Rejected("the text is longer than 4096 characters")
        assert far.requests() == []


def test_what_is_no_token_is_not_used_and_one_like_the_example_is():
    with pytest.raises(NotReady, match="BOT holds no token") as refused:
        OPENERS["telegram"]({"token_env": "BOT"}, Credentials({"BOT": "hello"}), HttpPoster())

    example = str(refused.value).rpartition(" ")[2]
    OPENERS["telegram"]({"token_env": "BOT"}, Credentials({"BOT": example}), HttpPoster())


@pytest.mark.parametrize(
    ("parameters", "after"),
    [({"retry_after": 10**9}, timedelta(days=1)), ({"retry_after": "soon"}, None), (["retry_after"], None)],
    ids=["cut to a day", "in words", "in a list"],
)
async def test_a_limit_is_kept_as_far_as_it_can_be_read(parameters: object, after: timedelta | None):
    limited = {"ok": False, "error_code": 429, "description": "x", "parameters": parameters}
    async with line({"x": spoken(429, limited)}) as (end, poster):
        settings = {"provider": "telegram", "token_env": "BOT", "url": f"http://127.0.0.1:{end.sink.port}"}
        far = far_end(end, poster, settings, {"BOT": BOT}, sent_as="", channel_name="telegram", address="42")

        verdict = await far.send("x")

        assert verdict == TryLater("Telegram: x", after=after)
