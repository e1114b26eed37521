"""The parse table of the grammar, kept in a file: to compute it takes Lark most of a second.

scripts/generate.py writes the file and says when it is out of step. The table of another grammar is never used: the
file says which texts it was computed from.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
FILE = FOLDER / "parse_table.json"
GRAMMAR, KEYWORDS = FOLDER / "grammar.lark", FOLDER / "keywords.lark"


def parse_table(file: Path = FILE) -> dict[str, Any]:
    """As dsl/lark_table.py describes it."""
    if file.exists():
        kept: dict[str, Any] = json.loads(file.read_bytes())
        if kept["computed_from"] == digest_of_grammar():
            return kept
    from dsl import grammar
    from dsl.lark_table import table_of

    return table_of(grammar.parser())


def written(table: dict[str, Any]) -> str:
    """A line for each thing, so that a change of the grammar can be read as one."""
    lines = [f'"computed_from": "{digest_of_grammar()}"']
    for name, value in table.items():
        inner = (
            (f"{_json(key)}: {_json(each)}" for key, each in value.items())
            if isinstance(value, dict)
            else map(_json, value)
        )
        brackets = "{}" if isinstance(value, dict) else "[]"
        lines.append(f'"{name}": {brackets[0]}\n' + ",\n".join(inner) + f"\n{brackets[1]}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def digest_of_grammar() -> str:
    texts = b"".join(path.read_bytes().replace(b"\r\n", b"\n") for path in (GRAMMAR, KEYWORDS))
    return hashlib.sha256(texts).hexdigest()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
