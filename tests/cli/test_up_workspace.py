import signal
from pathlib import Path

import pytest

from tests.cli.running import RunningUp, kogda, save, until


@pytest.fixture
def shop(folder: Path) -> Path:
    assert kogda("init", folder / "shop", cwd=folder).returncode == 0
    return folder / "shop"


def test_a_first_start_with_a_mistake_shows_it_and_starts_nothing(shop: Path):
    _misspell(shop)

    started = kogda("up", "--port", "0", cwd=shop)

    assert started.returncode == 1
    assert "rules/first.rules" in started.stderr
    assert '"cart_updatedd"' in started.stderr
    assert "nothing is live yet" in started.stderr


def test_saving_publishes_again_and_a_mistake_keeps_what_is_live(shop: Path):
    with RunningUp(shop, "--watch") as up:
        _misspell(shop)
        until(lambda: "Not published: 1 mistake" in up.output)
        until(lambda: "rule set 1 stays live" in up.output)

        rules = shop / "rules" / "first.rules"
        save(rules, rules.read_text().replace("cart_updatedd", "cart_updated").replace("after 1h", "after 2h"))
        until(lambda: '~ rule "Abandoned cart"' in up.output)
        until(lambda: "Rule set 2 is live." in up.output)

        assert up.stop(signal.SIGINT) == 0


def test_an_older_rule_set_goes_on_when_the_workspace_has_a_mistake_at_the_start(shop: Path):
    assert kogda("publish", cwd=shop).returncode == 0
    _misspell(shop)

    with RunningUp(shop) as up:
        assert "this older one stays" in up.output
        assert up.stop(signal.SIGTERM) == 0


def _misspell(shop: Path) -> None:
    rules = shop / "rules" / "first.rules"
    save(rules, rules.read_text().replace("when cart_updated ", "when cart_updatedd "))
