"""Postmark gives mails an id of its own, and tells ours back when it was sent along."""

from __future__ import annotations

import pytest

from engine.channels.mime import build_mail
from tests.channels.conformance import handover


@pytest.mark.parametrize("is_for_postmark", [True, False])
def test_only_postmark_is_told_which_message_it_is(is_for_postmark: bool):
    given = handover()

    raw = build_mail(given, is_for_postmark=is_for_postmark).raw

    assert (f"X-PM-Metadata-kogda-message: {given.message}\r\n".encode() in raw) == is_for_postmark
