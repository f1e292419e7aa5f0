"""Whether two names are spelled alike, told at less cost than their edit distance."""

from __future__ import annotations

from collections import Counter


def least_distance(letters: Counter[str], other: str) -> int:
    """Return how many edits it takes at least from a word of these letters to ``other``: those to get its letters."""
    missing = sum(max(0, count - other.count(letter)) for letter, count in letters.items())
    return max(missing, len(other) - letters.total() + missing)


def distance_within(word: str, other: str, max_distance: int) -> int | None:
    """Return :func:`biomed_agent.core.name_matching.edit_distance` of two words, or None if it is larger.

    What lies further than ``max_distance`` from the diagonal of the table of distances is above it and not computed,
    and neither is what follows a row that is all above it.
    """
    if abs(len(word) - len(other)) > max_distance:
        return None
    above = max_distance + 1
    before: list[int] = []
    row = [min(place, above) for place in range(len(other) + 1)]
    for i, letter in enumerate(word, start=1):
        first, last = max(1, i - max_distance), min(len(other), i + max_distance)
        before, row, earlier = row, [above] * (len(other) + 1), before
        if i <= max_distance:
            row[0] = i
        for j in range(first, last + 1):
            wanted = other[j - 1]
            distance = before[j - 1] if letter == wanted else before[j - 1] + 1
            if before[j] < distance:
                distance = before[j] + 1
            if row[j - 1] < distance:
                distance = row[j - 1] + 1
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == wanted and earlier[j - 2] < distance:
                distance = earlier[j - 2] + 1
            row[j] = distance
        if min(row) > max_distance:
            return None
    return row[-1] if row[-1] <= max_distance else None
