"""What a text is read into before it becomes syntax: productions and tokens, shaped as Lark's, but without Lark, which
takes longer to load than a thousand rules to read."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

#: What a text is read as.
Start: TypeAlias = Literal["file", "testfile"]


class Token(str):
    """A piece of the text. Its offsets are those in the text that was read."""

    __slots__ = ("end_pos", "start_pos", "type")

    type: str  # the terminal's name
    start_pos: int
    end_pos: int


class Tree:
    """A production by its name; those whose name begins with `_` are not here: their parts stand in their place."""

    __slots__ = ("children", "data")

    def __init__(self, data: str, children: list[Part]) -> None:
        self.data = data
        self.children = children


Part: TypeAlias = "Tree | Token"


def from_lark(read: Any) -> Tree:
    """Lark's tree, shaped as here. A loop, for texts that are nested deeper than Python calls."""
    whole = Tree(str(read.data), list(read.children))
    waiting = [whole]
    while waiting:
        children: list[Any] = waiting.pop().children
        for place, part in enumerate(children):
            if isinstance(part, str):
                children[place] = _token(part)
            else:
                children[place] = below = Tree(str(part.data), list(part.children))
                waiting.append(below)
    return whole


def _token(read: Any) -> Token:
    token = str.__new__(Token, read)
    token.type, token.start_pos, token.end_pos = read.type, read.start_pos, read.end_pos
    return token
