"""The shop's side of a drill: it sends each story until it is acknowledged, with the same ids, and writes down when."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import httpx

from api.drill.stories import EVENTS_A_STORY, Story, tell_stories

_AT_ONCE = 20  # stories in one batch
_AGAIN_S = 0.1
_TIMEOUT_S = 5.0
_BUSY_S = 0.2  # while mails wait for their turn


@dataclass(frozen=True, slots=True)
class Acknowledged:
    story: Story
    begun_at: float  # monotonic, of the first request
    sent_at: float  # of the request that was answered
    at: float


@dataclass
class Client:
    """Runs in a thread of its own from `start` until `stop`. `is_behind` says when the server has enough to do."""

    url: str
    write_key: str
    random: Random
    per_second: float  # stories
    is_behind: Callable[[int], bool]  # given how many mails are due so far
    acknowledged: list[Acknowledged] = field(default_factory=list)
    refused: int = 0  # answers and failures after which a batch was sent again
    repeated: int = 0  # batches that were sent once more though they had been acknowledged
    due: int = 0  # mails
    in_doubt: list[Story] = field(default_factory=list)  # the batch that is under way
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @property
    def events(self) -> int:
        return len(self.acknowledged) * EVENTS_A_STORY

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self, *, within_s: float) -> None:
        """What is under way is sent until it is acknowledged, or until that time has passed."""
        self._stopping.set()
        if self._thread:
            self._thread.join(within_s)

    def _run(self) -> None:
        with httpx.Client(base_url=self.url, auth=(self.write_key, ""), timeout=_TIMEOUT_S, trust_env=False) as http:
            number = 0
            while not self._stopping.is_set():
                began = time.monotonic()
                stories = tell_stories(self.random, first=number, count=_AT_ONCE)
                number += _AT_ONCE
                self._tell(http, stories)
                self._stopping.wait(max(0.0, began + _AT_ONCE / self.per_second - time.monotonic()))
                while self.is_behind(self.due) and not self._stopping.wait(_BUSY_S):
                    pass

    def _tell(self, http: httpx.Client, stories: list[Story]) -> None:
        body = {"batch": [item for story in stories for item in story.items()]}
        self.in_doubt, begun_at = stories, time.monotonic()
        while True:
            sent_at = time.monotonic()
            if self._is_taken(http, body):
                break
            self.refused += 1
            time.sleep(_AGAIN_S)
        now = time.monotonic()
        self.in_doubt = []
        self.acknowledged += [Acknowledged(story, begun_at, sent_at, now) for story in stories]
        self.due += sum(len(list(story.due())) for story in stories)
        if self.random.random() < 0.1:  # as a client does that did not hear the answer
            self.repeated += 1
            self._is_taken(http, body)

    def _is_taken(self, http: httpx.Client, body: object) -> bool:
        try:
            return http.post("/v1/batch", json=body).status_code == 200
        except httpx.HTTPError:
            return False
