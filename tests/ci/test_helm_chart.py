"""The Helm chart starts what exists, with settings that are read, and reads only values that there are. Templates are
looked at, not rendered: the shape of what they make is checked with each expression replaced by a word."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.cli import COMMANDS
from engine.config import Settings, is_secret, variable

CHART = Path(__file__).parents[2] / "deploy/helm/kogda"
TEMPLATES = sorted((CHART / "templates").glob("*.yaml"))
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
KNOWN = {variable(field): field for field in Settings.model_fields}
_ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_LINE = re.compile(r"^\s*\{\{-? .* -?\}\}\s*$", re.MULTILINE)


def shape(template: Path) -> list[Any]:
    """The objects that it describes, words for values; what a line of its own inserts is left out."""
    text = _ACTION.sub("word", _LINE.sub("", template.read_text()))
    return [each for each in yaml.safe_load_all(text) if each]


def objects() -> list[Any]:
    return [each for template in TEMPLATES for each in shape(template)]


def pods() -> dict[str, Any]:
    return {each["metadata"]["name"].rpartition("-")[2]: each["spec"]["template"]["spec"] for each in objects()
            if each["kind"] in ("Deployment", "Job")}  # fmt: skip


def paths(values: dict[str, Any], *, at: str = "") -> set[str]:
    found = set()
    for name, value in values.items():
        found.add(f"{at}.{name}")
        if isinstance(value, dict):
            found |= paths(value, at=f"{at}.{name}")
    return found


def test_values_that_are_read_exist_and_those_that_exist_are_read():
    text = "\n".join(template.read_text() for template in TEMPLATES)
    read = set(re.findall(r"\.Values((?:\.\w+)+)", text))

    there = paths(VALUES)
    used_whole = {path for path in there if any(path.startswith(f"{each}.") for each in read)}

    assert read <= there
    assert {
        path for path in there - read - used_whole if not any(each.startswith(f"{path}.") for each in read)
    } == set()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_what_is_opened_in_a_template_is_closed(template: Path):
    actions = [action.split()[0] for action in _ACTION.findall(template.read_text())]

    opened = sum(action in ("if", "range", "with", "define") for action in actions)

    assert opened == actions.count("end")


def test_the_parts_are_started_by_commands_that_exist():
    started = {part: pod["containers"][0]["args"] for part, pod in pods().items()}

    assert started == {"api": ["api"], "worker": ["worker"], "migrate": ["migrate"]}
    assert {args[0] for args in started.values()} <= COMMANDS.keys()


def test_settings_are_those_that_are_read_and_none_is_a_secret():
    given = set(VALUES["settings"]) | {each["name"] for each in pods()["api"]["containers"][0]["env"]}

    assert given <= KNOWN.keys()
    assert not [name for name in given if is_secret(KNOWN[name])]


def test_secrets_that_the_values_tell_of_are_secrets():
    told = set(re.findall(r"KOGDA_\w+", (CHART / "values.yaml").read_text())) - set(VALUES["settings"])

    assert told and all(is_secret(KNOWN[name]) for name in told)


def test_no_part_runs_as_root_or_writes_but_into_its_own_folder():
    for pod in pods().values():
        [container] = pod["containers"]
        assert pod["securityContext"]["runAsUser"] == 10001
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}]


def test_the_user_is_the_one_of_the_image():
    image = (CHART.parents[1] / "Dockerfile").read_text()

    assert "--uid 10001" in image


def test_a_database_that_is_away_takes_the_api_out_of_service_and_does_not_end_it():
    [container] = pods()["api"]["containers"]

    assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"


def test_an_api_that_waits_for_the_first_rules_is_not_ended():
    [container] = pods()["api"]["containers"]

    assert container["startupProbe"]["httpGet"]["path"] == "/health/live"


def test_parts_have_time_to_end():
    unit = (CHART.parents[1] / "systemd/kogda-worker@.service").read_text()
    [seconds] = re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)

    for part in ("api", "worker"):
        assert pods()[part]["terminationGracePeriodSeconds"] >= int(seconds)


def test_each_part_that_scales_has_its_bounds_and_keeps_some_when_machines_are_emptied():
    kinds = [(each["kind"], each["metadata"]["name"].rpartition("-")[2]) for each in objects()]

    for part in ("api", "worker"):
        assert ("HorizontalPodAutoscaler", part) in kinds and ("PodDisruptionBudget", part) in kinds
        assert 2 <= VALUES[part]["minReplicas"] <= VALUES[part]["maxReplicas"]


def test_what_is_let_in_is_what_the_page_says():
    page = (CHART.parents[2] / "docs/deploying.md").read_text()
    paragraph = (
        page.partition("## Behind a proxy")[2].partition("without `KOGDA_ADMIN_KEY`")[0].partition("Keep the")[0]
    )

    assert set(VALUES["ingress"]["paths"]) == set(re.findall(r"`(/[\w/]+/)`", paragraph))
