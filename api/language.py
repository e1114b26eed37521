"""The language in which commands speak: KOGDA_LANGUAGE. A file's `# language:` says how its keywords are written, not
how its reader wants to be spoken to: a team writes rules in one language and reads messages each in their own."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from dsl.messages import LANGUAGES, Language, in_language

VARIABLE = "KOGDA_LANGUAGE"


@lru_cache(maxsize=1)
def spoken() -> Language:
    """`ru`, also written `ru_RU.UTF-8`. English when nothing, or a language that we do not speak, is set.

    Read without the settings: they take longer to load than `kogda check` takes to run.
    """
    wanted = os.environ.get(VARIABLE) or _of_dotenv()
    return next((language for language in LANGUAGES if wanted.lower().startswith(language)), "en")


def _of_dotenv() -> str:
    if not Path(".env").is_file():
        return ""
    from dotenv import dotenv_values

    return dotenv_values(".env").get(VARIABLE) or ""


def told(text: object) -> str:
    """A message in the language of this command."""
    return in_language(text, spoken())
