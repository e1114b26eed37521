"""`dkim` of kogda.yaml: with what mails are signed. The key itself stands in the environment or in a file."""

from __future__ import annotations

import re
from typing import Any

from dsl.messages import say
from engine.workspace.outside import read_variable
from engine.workspace.reading import Reader
from engine.workspace.yaml_tree import Items, Tree

KEYS = ("domain", "selector", "key_env", "key_file")

_DOMAIN = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]")
_SELECTOR = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?")


def read_dkim(value: Tree, reader: Reader) -> list[dict[str, Any]]:
    """One, or a list: an Ed25519 signature beside an RSA one."""
    items = value.items if isinstance(value, Items) else (value,)
    found = (_read_one(item, reader) for item in items)
    return [each for each in found if each is not None]


def _read_one(value: Tree, reader: Reader) -> dict[str, Any] | None:
    before = len(reader.problems.found)
    read: dict[str, Any] = {}
    for entry in reader.entries(value, KEYS, "dkim"):
        if entry.key == "key_env":
            read["key_env"] = read_variable(entry.value, reader)
            continue
        text = reader.text(entry.value)
        if entry.key == "domain" and text and not _DOMAIN.fullmatch(text):
            reader.wrong(entry.value, say("a domain, such as shop.example"))
        elif entry.key == "selector" and text and not _SELECTOR.fullmatch(text):
            reader.wrong(entry.value, say("a selector, such as kogda or mail2026"))
        else:
            read[entry.key] = text
    if len(reader.problems.found) > before:
        return None
    if not {"domain", "selector"} <= read.keys() or ("key_env" in read) == ("key_file" in read):
        reader.wrong(value, say("domain, selector, and either key_env or key_file"))
        return None
    return read
