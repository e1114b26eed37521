"""Texts for people, in the language they read: an English template is the id of a text, as with gettext.

`say` makes a Message: a `str` in English, so that it can be compared, sorted and joined like any other, which knows
its template and values, so that `in_language` can say it again in Russian. In a template `{name}` stands for a value,
`{name:one|other}` for the form of a word after a number: two forms in English, three in Russian (1 правило, 2 правила,
5 правил). Values may be messages themselves. A translation may also name words of the language in the language of the
file that it speaks of: see `example_words`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, get_args

from dsl.example_words import Language as Language
from dsl.example_words import example_word

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)

PLACEHOLDER: Final = re.compile(r"\{(\w+)(?::([^{}]*))?\}|\{\{|\}\}")


class Message(str):
    """A text in English that can be said in other languages."""

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, values: Mapping[str, object]) -> Message:
        message = super().__new__(cls, filled(template, values, "en"))
        message.template = template
        message.values = values
        return message

    def text(self, language: Language, words: Language | None = None) -> str:
        """`words` is the language of the keywords of the file that it is about."""
        if language == "en":
            return str(self)
        return filled(translated(self.template, language), self.values, language, words or language)

    def __str__(self) -> str:
        return str.__str__(self)

    def __reduce__(self) -> tuple[type[Message], tuple[str, dict[str, object]]]:
        return type(self), (self.template, dict(self.values))


class Row(Message):
    """Messages beside each other, with the same sign between each two."""

    def __new__(cls, template: str, values: Mapping[str, object]) -> Row:
        row = str.__new__(cls, template.join(str(value) for value in values.values()))
        row.template = template
        row.values = values
        return row

    def text(self, language: Language, words: Language | None = None) -> str:
        return self.template.join(in_language(value, language, words) for value in self.values.values())


def say(template: str, /, **values: object) -> Message:
    """The template must be written out at the call: that is how its translation is looked after."""
    return Message(template, values)


def in_a_row(between: str, messages: Iterable[str]) -> Message:
    """`between.join(messages)` that can still be translated."""
    return Row(between, {str(place): message for place, message in enumerate(messages)})


def in_language(text: object, language: Language, words: Language | None = None) -> str:
    """A message in that language. Anything else, such as a word of the language or of the author, as it is."""
    said = text if isinstance(text, str) else str(text)
    return said.text(language, words) if isinstance(said, Message) else said


def translated(template: str, language: Language) -> str:
    """The template of that language; the English one where there is none."""
    if language == "en":
        return template
    from dsl.messages_ru import TEXTS

    return TEXTS.get(template, template)


def translated_beginning(paragraph: str, language: Language) -> str:
    """Of a template that begins with this paragraph, the first one in that language."""
    if language == "en":
        return paragraph
    from dsl.messages_ru import TEXTS

    whole = next((text for text in TEXTS if text == paragraph or text.startswith(f"{paragraph}\n\n")), paragraph)
    return TEXTS.get(whole, paragraph).split("\n\n")[0]


def filled(template: str, values: Mapping[str, object], language: Language, words: Language | None = None) -> str:
    def put(match: re.Match[str]) -> str:
        name, forms = match[1], match[2]
        if name is None:
            return match[0][0]
        if name not in values and (word := example_word(name, words or language)):
            return word
        if forms is None:
            return in_language(values[name], language, words)
        return _form(str(values[name]).replace(",", ""), forms.split("|"), language)

    return PLACEHOLDER.sub(put, template)


def _form(number: str, forms: list[str], language: Language) -> str:
    """1.5 ends like 2 in Russian, and like any other in English."""
    whole = number.removeprefix("-").isdecimal()
    place = _PLURALS[language](abs(int(number))) if whole else 1
    return forms[min(place, len(forms) - 1)]


def _russian_plural(number: int) -> int:
    """1 правило, 21 правило; 2 правила, 34 правила; 5 правил, 11 правил, 100 правил."""
    if number % 10 == 1 and number % 100 != 11:
        return 0
    return 1 if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14) else 2


_PLURALS: Final[dict[Language, Callable[[int], int]]] = {
    "en": lambda number: 0 if number == 1 else 1,
    "ru": _russian_plural,
}
