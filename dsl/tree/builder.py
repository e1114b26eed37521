"""Turns parse trees into nodes of `dsl.syntax`: spans, names, and the dispatch by the name of the production."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from dsl import syntax
from dsl.alphabets import foreign_letters, in_one_alphabet
from dsl.diagnostics import Edit, Fix, Label
from dsl.messages import say
from dsl.parse_tree import Part, Token, Tree
from dsl.problems import Problems
from dsl.source import Span

Parts: TypeAlias = "Sequence[Part]"
Build: TypeAlias = "Callable[[Builder, Span, Parts], Any]"


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds the nodes of one chunk. `place` maps an offset of the parsed text to one of the file."""

    problems: Problems
    start_of: Callable[[int], int]
    end_of: Callable[[int], int]
    trees: dict[str, Build]
    tokens: dict[str, Build]
    in_tests: bool = False

    def node(self, part: Part) -> Any:
        """The node of a production or of a value's token."""
        if isinstance(part, Token):
            return self.tokens[part.type](self, self.span(part), (part,))
        return self.trees[part.data](self, self.span(part), part.children)

    def nodes(self, parts: Iterable[Part]) -> tuple[Any, ...]:
        return tuple([self.node(part) for part in parts])

    def span(self, part: Part) -> Span:
        first = last = part
        while isinstance(first, Tree):
            first = first.children[0]
        while isinstance(last, Tree):
            last = last.children[-1]
        return Span(self.start_of(first.start_pos), self.end_of(last.end_pos))

    def name(self, token: Token) -> syntax.Name:
        span = self.span(token)
        if not token.isascii():
            self._refuse_mixed_letters(str(token), span)
        return syntax.Name(span=span, text=str(token))

    def text(self, token: Token) -> syntax.Text:
        return syntax.Text(span=self.span(token), text=str(token)[1:-1])

    def _refuse_mixed_letters(self, word: str, span: Span) -> None:
        meant = in_one_alphabet(word)
        if meant == word:
            return
        fixes = [Fix(say('replace with "{meant}"', meant=meant), (Edit(span, meant),), "safe")] if meant else []
        label = Label(span, foreign_letters(word, meant) if meant else say("write it in one alphabet"))
        self.problems.error("E202", say('"{word}" mixes Russian and Latin letters', word=word), label, fixes=fixes)


def is_token(part: Part, *types: str) -> bool:
    return isinstance(part, Token) and part.type in types


def as_token(part: Part) -> Token:
    """Of a part that the grammar makes a token."""
    assert isinstance(part, Token)
    return part


def tokens(parts: Parts, *types: str) -> list[Token]:
    return [part for part in parts if isinstance(part, Token) and part.type in types]


def token(parts: Parts, *types: str) -> Token | None:
    """The first token of one of the types."""
    return next(iter(tokens(parts, *types)), None)


def trees(parts: Parts, *names: str) -> list[Tree]:
    return [part for part in parts if isinstance(part, Tree) and part.data in names]


def tree(parts: Parts, *names: str) -> Tree | None:
    """The first tree of one of the productions."""
    return next(iter(trees(parts, *names)), None)
