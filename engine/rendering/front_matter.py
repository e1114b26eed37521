"""The head of a template file: YAML between two lines `---`. Its texts are templates themselves."""

from __future__ import annotations

from dataclasses import dataclass, field

import yaml

from dsl.messages import say
from engine.rendering.problems import TemplateProblem, did_you_mean, workspace_path

KEYS = ("subject", "preheader", "from", "reply_to", "topic", "inline")

#: `inline: no`: the CSS of this file, and of those that extend it, stays in its <style>.
SWITCHES = {"inline": ("yes", "no")}

_FENCE = "---"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """`body` begins with as many empty lines as the head has, so that line numbers are those of the file."""

    values: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)  # key -> line of the file
    body: str = ""
    problems: tuple[TemplateProblem, ...] = ()


def read_front_matter(path: str, source: str) -> FrontMatter:
    """Everything that is wrong is in `problems`; what is right is still returned."""
    lines = source.removeprefix("\ufeff").split("\n")
    if lines[0].rstrip() != _FENCE:
        return FrontMatter(body=source)
    end = next((i for i, line in enumerate(lines[1:], 1) if line.rstrip() == _FENCE), None)
    if end is None:
        return FrontMatter(
            body=source,
            problems=(
                _problem(
                    path, 1, say("the front matter has no end"), say("close it with a line of three dashes `---`")
                ),
            ),
        )
    body = "\n" * (end + 1) + "\n".join(lines[end + 1 :])
    values, at, problems = _read_yaml(path, "\n".join(["", *lines[1:end]]))
    return FrontMatter(values=values, lines=at, body=body, problems=tuple(problems))


def _read_yaml(path: str, text: str) -> tuple[dict[str, str], dict[str, int], list[TemplateProblem]]:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 2
        help = say("put the text in quotes when it contains a colon, or begins with {{ or @")
        return {}, {}, [_problem(path, line, say("the front matter cannot be read"), help)]
    except RecursionError:
        return {}, {}, [_problem(path, 2, say("the front matter is nested too deep"), None)]
    if root is None:
        return {}, {}, []
    if not isinstance(root, yaml.MappingNode):
        help = say("write lines like `subject: Your cart is waiting`")
        return (
            {},
            {},
            [_problem(path, root.start_mark.line + 1, say("the front matter is not a list of settings"), help)],
        )
    return _read_entries(path, root)


def _read_entries(path: str, root: yaml.MappingNode) -> tuple[dict[str, str], dict[str, int], list[TemplateProblem]]:
    values: dict[str, str] = {}
    at: dict[str, int] = {}
    problems: list[TemplateProblem] = []
    for key, value in root.value:
        line, name = key.start_mark.line + 1, str(key.value)
        if name not in KEYS:
            help = did_you_mean(name, KEYS) or say(
                "the settings are {all}", all=", ".join(f"`{each}`" for each in KEYS)
            )
            problems.append(_problem(path, line, say("front matter has no setting `{name}`", name=name), help))
        elif name in values:
            problems.append(_problem(path, line, say("`{name}` is set twice", name=name), None))
        elif not isinstance(value, yaml.ScalarNode):
            help = say('put the text in quotes: {name}: "…"', name=name)
            problems.append(_problem(path, line, say("`{name}` is not a text", name=name), help))
        elif value.value.strip().lower() not in SWITCHES.get(name, (value.value.strip().lower(),)):
            message = say("`{name}` is `yes` or `no`", name=name)
            problems.append(_problem(path, line, message, f"{name}: no"))
        else:
            values[name], at[name] = value.value.strip(), line
    return values, at, problems


def _problem(path: str, line: int, message: str, help: str | None) -> TemplateProblem:
    return TemplateProblem(kind="front_matter", file=workspace_path(path), line=line, message=message, help=help)
