"""Every text that a person reads can be said in both languages."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dsl.example_words import example_word
from dsl.messages import PLACEHOLDER, in_a_row, in_language, say
from scripts.message_templates import templates
from scripts.messages_table import read_texts

ROOT = Path(__file__).parents[2]
TEXTS = read_texts()
TEMPLATES = templates()

#: Calls whose texts stand before a person, with the places of those texts among the arguments.
SHOWN = {"error": (1,), "warn": (1,), "Label": (1,), "Fix": (0,), "Finding": (), "Diagnostic": (), "NotYet": (1, 2)}
SHOWN_BY_NAME = {"message", "label", "text", "title", "notes", "reason"}


def placeholders(template: str) -> set[str]:
    """What a template must be given: names of words of the language are none."""
    names = {match[1] for match in PLACEHOLDER.finditer(template) if match[1]}
    return {name for name in names if example_word(name, "en") is None}


def needed(template: str) -> set[str]:
    """Those that a translation cannot leave out: one that only chooses a form of a word has its own say."""
    return {match[1] for match in PLACEHOLDER.finditer(template) if match[1] and match[2] is None}


def test_every_message_has_a_russian_text():
    missing = {template: where for template, where in TEMPLATES.items() if template not in TEXTS}

    assert missing == {}, "add them to dsl/messages.ru.yaml, then run `python scripts/generate.py`"


def test_no_russian_text_is_left_over():
    assert [template for template in TEXTS if template not in TEMPLATES] == []


@pytest.mark.parametrize("template", TEXTS)
def test_a_translation_says_what_the_english_text_says(template: str):
    russian = TEXTS[template]

    assert placeholders(russian) <= placeholders(template)
    assert needed(template) <= placeholders(russian)
    assert all(
        len(match[2].split("|")) == 3 for match in PLACEHOLDER.finditer(russian) if match[1] and match[2] is not None
    )


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "1 ошибка"), (2, "2 ошибки"), (5, "5 ошибок"), (11, "11 ошибок"), (21, "21 ошибка"), (1234, "1,234 ошибки")],
)
def test_a_number_chooses_the_form_of_its_word(number: int, said: str):
    message = say("{count} {count:mistake|mistakes}", count=f"{number:,}")

    assert message.text("ru") == said


def test_a_message_is_its_english_text_and_can_be_said_again_in_russian():
    message = say('there is no event called "{written}"', written="order")

    assert message == 'there is no event called "order"'
    assert in_language(message, "ru") == "нет события «order»"
    assert in_language(copy.deepcopy(message), "ru") == "нет события «order»"


def test_messages_inside_messages_are_said_in_the_same_language():
    row = in_a_row(", ", [say("a number"), say("a date")])

    assert say("I expected: {expected}", expected=row) == "I expected: a number, a date"
    assert say("I expected: {expected}", expected=row).text("ru") == "я ждал: число, дата"


def test_a_russian_message_names_keywords_as_the_file_writes_them():
    message = say('its steps go on until "end"')

    assert message.text("ru", "en") == "его шаги идут до слова `end`"
    assert message.text("ru", "ru") == "его шаги идут до слова `конец`"


def plain_texts(path: Path) -> Iterator[str]:
    """Texts that are shown to people and were not made by `say`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in SHOWN:
            continue
        shown = [node.args[place] for place in SHOWN[name] if place < len(node.args)]
        shown += [keyword.value for keyword in node.keywords if keyword.arg in SHOWN_BY_NAME]
        for argument in shown:
            yield from (f"{path.relative_to(ROOT)}:{node.lineno}: {text}" for text in prose(argument))


def prose(node: ast.expr) -> Iterator[str]:
    """Several English words in a row; names, code and the language's own words are no prose."""
    if isinstance(node, ast.Call):
        return  # say(…), or a function that is looked at by itself
    if isinstance(node, ast.JoinedStr):
        text = "".join(part.value for part in node.values if isinstance(part, ast.Constant))
        if re.search(r"[a-z]{2,} [a-z]{2,}", text):
            yield text
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if re.search(r"[a-z]{2,} [a-z]{2,}", node.value) and node.value not in CODE:
            yield node.value
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield from prose(child)


#: Fixes whose title is the text that they write.
CODE = {"for everyone", "for customer in SEGMENT", 'send email "TEMPLATE"', "when EVENT"}


@pytest.mark.parametrize("folder", ["dsl", "engine/workspace", "engine/testing"])
def test_every_text_for_people_is_made_by_say(folder: str):
    unsaid = [text for path in sorted((ROOT / folder).rglob("*.py")) for text in plain_texts(path)]

    assert unsaid == []
