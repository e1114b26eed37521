"""Did you mean: the known words nearest to an unknown one."""

from __future__ import annotations

from collections.abc import Iterable

from dsl.alphabets import in_one_alphabet, swapped_layout

MOST = 4


def nearest(word: str, candidates: Iterable[str]) -> list[str]:
    """Best first, at most four. Typed in the wrong layout or with look-alike letters comes before misspelt.

    A candidate is near when at most a third of the word's letters, and at least one, would have to change.
    """
    known = list(dict.fromkeys(candidates))
    by_lower = {candidate.lower(): candidate for candidate in reversed(known)}
    for spelling in (in_one_alphabet(word), swapped_layout(word)):
        if spelling is not None and spelling.lower() in by_lower:
            return [by_lower[spelling.lower()]]
    return _misspelt(word.lower(), known)


def with_part(word: str, names: Iterable[str]) -> list[str]:
    """Names that end with the word: `unsubscribed` is rather `email_unsubscribed` than a misspelt `push_subscribed`."""
    found = [name for name in names if len(word) > 3 and name.lower().endswith(f"_{word.lower()}")]
    return sorted(found, key=lambda name: (not name.startswith("email"), name))[:MOST]


def _misspelt(word: str, known: list[str]) -> list[str]:
    most = max(1, len(word) // 3)
    near = []
    for candidate in known:
        if abs(len(candidate) - len(word)) > most:
            continue
        changes = distance(word, candidate.lower())
        if changes <= most and changes < len(word):
            near.append((changes, candidate[:1].lower() != word[:1], candidate))
    near.sort(key=lambda entry: entry[:2])
    return [candidate for _, _, candidate in near[:MOST]]


def distance(first: str, second: str) -> int:
    """Optimal string alignment: letters inserted, left out, replaced, or two neighbours swapped."""
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        two_before, before, row = before, row, [i]
        for j, b in enumerate(second, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
                cost = min(cost, two_before[j - 2] + 1)
            row.append(cost)
    return row[-1]
