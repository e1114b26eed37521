from __future__ import annotations

import json
import shlex

from api.cli.demo import registration


def test_a_visitor_registers_by_one_line_for_the_shell():
    curl, url, *_, key, _, body = shlex.split(registration("http://127.0.0.1:8000", "wk_1.secret"))

    assert (curl, url, key) == ("curl", "http://127.0.0.1:8000/v1/batch", "wk_1.secret:")
    assert [each["type"] for each in json.loads(body)["batch"]] == ["identify", "track"]
