import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import RunningUp, kogda, until


@pytest.fixture(scope="module")
def shop(module_folder: Path) -> Path:
    folder = module_folder / "shop"
    assert kogda("init", folder, cwd=folder.parent).returncode == 0
    return folder


@pytest.fixture(scope="module")
def up(shop: Path) -> Iterator[RunningUp]:
    with RunningUp(shop) as running:
        yield running
        running.stop(signal.SIGTERM)


def test_an_event_becomes_a_mail_on_the_mailbox_page(up: RunningUp):
    up.post("/v1/identify", {"userId": "42", "traits": {"email": "anna@example.com", "first_name": "Anna"}})
    up.post("/v1/track", {"userId": "42", "event": "Registered", "properties": {}})

    until(lambda: "anna@example.com" in up.get("/mailbox"))


def test_a_taken_port_is_named_with_the_way_out(up: RunningUp, folder: Path):
    second = kogda("up", "--port", str(up.port), "--data", folder / "data", cwd=up.workspace)

    assert second.returncode == 2
    assert f"port {up.port} on 127.0.0.1 is taken" in second.stderr
    assert "--port" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_variable_that_is_no_setting_is_pointed_out(up: RunningUp):
    second = kogda("up", "--port", str(up.port), cwd=up.workspace, KOGDA_WROKERS="2")

    assert "KOGDA_WROKERS is not a setting; did you mean KOGDA_WORKERS?" in second.stderr


def test_a_data_folder_in_use_is_named_with_its_owner(up: RunningUp):
    second = kogda("up", "--port", "0", cwd=up.workspace)

    assert second.returncode == 2
    assert f"in use by process {up.process.pid}" in second.stderr
    assert "--data" in second.stderr


def test_commands_beside_it_use_its_services(up: RunningUp):
    published = kogda("publish", cwd=up.workspace)

    assert published.returncode == 0, published.stderr
    assert "is live already" in published.stdout


def test_a_killed_worker_is_started_again(up: RunningUp):
    before = up.child("part worker")

    before.kill()

    until(lambda: any(each.pid != before.pid for each in up.children("part worker")))
    until(lambda: "was ended by SIGKILL; starting it again" in up.output)


def test_a_killed_database_is_started_again_and_the_server_is_ready_again(up: RunningUp):
    up.child("postgres -D").kill()

    until(lambda: "postgres │ has stopped; starting it again" in up.output)
    until(up.is_ready)


def test_sigterm_stops_everything_in_order_and_leaves_no_process(shop: Path, folder: Path):
    with RunningUp(shop, "--data", str(folder / "data"), KOGDA_WORKERS="2") as running:
        code = running.stop(signal.SIGTERM)

        assert code == 0
        assert running.orphans() == []
        assert "Stopped." in running.output


def test_a_killed_server_leaves_no_process_and_the_next_one_recovers(shop: Path, folder: Path):
    data = ("--data", str(folder / "data"))
    with RunningUp(shop, *data) as running:
        for worker in until(lambda: running.children("part worker")):
            worker.suspend()  # what it has in hand when it is killed may count as sent
        running.post("/v1/identify", {"userId": "7", "traits": {"email": "boris@example.com"}})
        running.post("/v1/track", {"userId": "7", "event": "Registered", "properties": {}})
        running.family()
        running.process.send_signal(signal.SIGKILL)
        running.process.wait(60)
        until(lambda: not running.orphans())

    with RunningUp(shop, *data) as again:
        until(lambda: "boris@example.com" in again.get("/mailbox"))
        assert again.stop(signal.SIGINT) == 0
        assert again.orphans() == []
