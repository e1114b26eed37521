"""What may be written at a place: the parser's own answer, filled with names, without what would be refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dsl.assistance.cursor import Cursor, cursors
from dsl.assistance.documents import Document
from dsl.assistance.keywords import propose_keywords
from dsl.assistance.naming import propose_names
from dsl.assistance.proposals import Proposal, Propose, fits
from dsl.assistance.quantities import propose_quantities, propose_values_in_quotes
from dsl.assistance.shapes import propose_shapes
from dsl.assistance.texts import propose_texts
from dsl.assistance.view import View
from dsl.source import Span

PRODUCERS: tuple[Propose, ...] = (
    propose_names,
    propose_texts,
    propose_values_in_quotes,
    propose_quantities,
    propose_shapes,
    propose_keywords,
)

#: More than anybody reads; a client asks again at the next letter.
MOST = 100


@dataclass(frozen=True, slots=True)
class Completion:
    """A proposal and the text that it replaces."""

    proposal: Proposal
    span: Span


def complete(view: View, document: Document, offset: int) -> list[Completion]:
    """The best first; those that begin like what was typed."""
    found: dict[str, Completion] = {}
    for place, cursor in enumerate(cursors(view, document, offset)):
        for proposal in _proposals(cursor):
            if proposal.label not in found and fits(proposal, cursor.typed, whole=place > 0):
                found[proposal.label] = Completion(proposal, cursor.span)
    return sorted(found.values(), key=lambda each: (each.proposal.rank, _order(each.proposal)))[:MOST]


def _order(proposal: Proposal) -> str:
    return proposal.label.lower()


def _proposals(cursor: Cursor) -> Sequence[Proposal]:
    return [proposal for produce in PRODUCERS for proposal in produce(cursor)]
