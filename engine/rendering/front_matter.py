"""The head of a template file: YAML between two lines `---`. Its texts are templates themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml

from dsl.messages import say
from engine.rendering.problems import TemplateProblem, did_you_mean, workspace_path

#: Of a mail.
KEYS = ("subject", "preheader", "from", "reply_to", "topic", "inline")

#: Of other channels.
KEYS_OF: dict[str, tuple[str, ...]] = {
    "sms": ("topic",),
    "telegram": ("topic", "buttons"),
    "push": ("title", "link", "image", "topic"),
    "inapp": ("title", "link", "image", "topic"),
}
BUTTON_KEYS = ("text", "link", "press")

#: What a press is known by: it travels through the provider and back, with the id of its message, in 64 bytes.
_PRESS = re.compile(r"[A-Za-z0-9_]{1,32}")
MOST_BUTTONS = 10

#: `inline: no`: the CSS of this file, and of those that extend it, stays in its <style>.
SWITCHES = {"inline": ("yes", "no")}

_FENCE = "---"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """`body` begins with as many empty lines as the head has, so that line numbers are those of the file."""

    values: dict[str, str] = field(default_factory=dict)  # of buttons: "buttons.0.text", "buttons.0.link"
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


def button_keys(values: Mapping[str, str]) -> list[list[str]]:
    """The keys of each button, in order."""
    numbers = sorted({int(key.split(".")[1]) for key in values if key.startswith("buttons.")})
    return [[key for key in values if key.startswith(f"buttons.{number}.")] for number in numbers]


def _read_entries(path: str, root: yaml.MappingNode) -> tuple[dict[str, str], dict[str, int], list[TemplateProblem]]:
    values: dict[str, str] = {}
    at: dict[str, int] = {}
    problems: list[TemplateProblem] = []
    keys = KEYS_OF.get(path.partition("/")[0], KEYS)
    for key, value in root.value:
        line, name = key.start_mark.line + 1, str(key.value)
        if name not in keys:
            help = did_you_mean(name, keys) or say(
                "the settings are {all}", all=", ".join(f"`{each}`" for each in keys)
            )
            problems.append(_problem(path, line, say("front matter has no setting `{name}`", name=name), help))
        elif name in values or (name == "buttons" and button_keys(values)):
            problems.append(_problem(path, line, say("`{name}` is set twice", name=name), None))
        elif name == "buttons":
            problems += _read_buttons(path, value, values, at)
        elif not isinstance(value, yaml.ScalarNode):
            help = say('put the text in quotes: {name}: "…"', name=name)
            problems.append(_problem(path, line, say("`{name}` is not a text", name=name), help))
        elif value.value.strip().lower() not in SWITCHES.get(name, (value.value.strip().lower(),)):
            message = say("`{name}` is `yes` or `no`", name=name)
            problems.append(_problem(path, line, message, f"{name}: no"))
        else:
            values[name], at[name] = value.value.strip(), line
    return values, at, problems


def _read_buttons(path: str, root: yaml.Node, values: dict[str, str], at: dict[str, int]) -> list[TemplateProblem]:
    """Into `values` and `at`, under "buttons.0.text" and so on."""
    problems: list[TemplateProblem] = []
    buttons = root.value if isinstance(root, yaml.SequenceNode) else [root]
    if len(buttons) > MOST_BUTTONS:
        message = say("more than {most} buttons", most=MOST_BUTTONS)
        problems.append(_problem(path, root.start_mark.line + 1, message, None))
    for number, button in enumerate(buttons[:MOST_BUTTONS]):
        line = button.start_mark.line + 1
        read = _button(button)
        wrong = _wrong_with(read)
        if wrong is not None or read is None:
            example = "- {text: Open the cart, link: https://shop.example/cart}"
            problems.append(_problem(path, line, wrong or say("this is no button"), example))
            continue
        for key, text in read.items():
            values[f"buttons.{number}.{key}"], at[f"buttons.{number}.{key}"] = text, line
    return problems


def _button(node: yaml.Node) -> dict[str, str] | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    if not all(isinstance(value, yaml.ScalarNode) for _, value in node.value):
        return None
    return {str(key.value): value.value.strip() for key, value in node.value}


def _wrong_with(button: dict[str, str] | None) -> str | None:
    if button is None:
        return say("this is no button")
    for key in button:
        if key not in BUTTON_KEYS:
            return say("a button has no `{key}`", key=key)
    if not button.get("text"):
        return say("this button says nothing")
    if bool(button.get("link")) == bool(button.get("press")):
        return say("a button has either `link` or `press`")
    if "press" in button and not _PRESS.fullmatch(button["press"]):
        return say("`press` is one word of Latin letters, digits and _, at most 32")
    return None


def _problem(path: str, line: int, message: str, help: str | None) -> TemplateProblem:
    return TemplateProblem(kind="front_matter", file=workspace_path(path), line=line, message=message, help=help)
