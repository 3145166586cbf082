"""Which of some open amounts add up to a sum: a search with bounds, the likeliest answers first.

Payers settle everything, or the oldest bills without a gap, or those of one month; so these are tried
first and at any size. Arbitrary subsets are searched among the first `SEARCHED_MAX` amounts, by the
sums of two halves.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import accumulate
from typing import Final

SEARCHED_MAX: Final = 20
RUNS_AMONG_MAX: Final = 400
ANSWERS_MAX: Final = 4
SUMS_MAX: Final = 4_096
SAFE_AMONG_MAX: Final = 60


class Found(IntEnum):
    """How regular a subset is: the lower the likelier."""

    ALL = 0
    OLDEST = 1
    RUN = 2
    SOME = 3


@dataclass(frozen=True, slots=True)
class Subset:
    """Places of the amounts that add up to the sum, rising."""

    found: Found
    indices: tuple[int, ...]


def exact_subsets(amounts: Sequence[int], target: int) -> list[Subset]:
    """Return subsets of the positive amounts (oldest first) that make the target, likeliest first.

    At most ANSWERS_MAX of them: all, the oldest, a run, then the subsets with the fewest amounts.
    """
    runs = _runs(amounts[:RUNS_AMONG_MAX], target)
    some = _some(amounts[:SEARCHED_MAX], target) if len(runs) < ANSWERS_MAX else []
    seen: set[tuple[int, ...]] = set()
    answers = []
    for subset in sorted([*runs, *some], key=lambda each: (each.found, len(each.indices), each.indices)):
        if subset.indices not in seen:
            seen.add(subset.indices)
            answers.append(subset)
    return answers[:ANSWERS_MAX]


def is_made_otherwise(amounts: Sequence[int], target: int) -> bool:
    """Whether a run, or one to three of the amounts, or with few amounts any subset, makes the target."""
    smaller = [amount for amount in amounts if amount <= target]
    if not smaller:
        return False
    if sum(smaller) < target:
        return False
    if _runs(amounts[:RUNS_AMONG_MAX], target):
        return True
    if 1 << len(smaller) <= SUMS_MAX:
        return _reaches(smaller, target)
    return _of_three(smaller[:SAFE_AMONG_MAX], target)


def _runs(amounts: Sequence[int], target: int) -> list[Subset]:
    """Return the runs of neighbours that make the target; a run has one end, as amounts are positive."""
    marks = list(accumulate(amounts, initial=0))
    places = {mark: place for place, mark in enumerate(marks)}
    found = []
    for start, mark in enumerate(marks):
        end = places.get(mark + target)
        if end is not None and end > start:
            whole = start == 0 and end == len(amounts)
            kind = Found.ALL if whole else Found.OLDEST if start == 0 else Found.RUN
            found.append(Subset(kind, tuple(range(start, end))))
    return found[:ANSWERS_MAX]


def _some(amounts: Sequence[int], target: int) -> list[Subset]:
    """Return subsets that make the target: sums of one half meet those of the other."""
    usable = [place for place, amount in enumerate(amounts) if amount <= target]
    half = len(usable) // 2
    left, right = _sums(amounts, usable[:half]), _sums(amounts, usable[half:])
    found = [
        Subset(Found.SOME, (*mine, *its))
        for total, subsets in left.items()
        if target - total in right
        for mine in subsets
        for its in right[target - total]
        if mine or its
    ]
    return sorted(found, key=lambda each: (len(each.indices), each.indices))[:ANSWERS_MAX]


def _sums(amounts: Sequence[int], places: Sequence[int]) -> dict[int, list[tuple[int, ...]]]:
    """Return every sum of the amounts at these places, with the subsets that make it (a few of each)."""
    sums: dict[int, list[tuple[int, ...]]] = {0: [()]}
    for place in places:
        grown: dict[int, list[tuple[int, ...]]] = defaultdict(
            list, {key: [*kept] for key, kept in sums.items()}
        )
        for total, subsets in sums.items():
            kept = grown[total + amounts[place]]
            kept += [(*subset, place) for subset in subsets[: ANSWERS_MAX - len(kept)]]
        sums = grown
    return sums


def _reaches(amounts: Sequence[int], target: int) -> bool:
    sums = {0}
    for amount in amounts:
        sums |= {total + amount for total in sums if total + amount <= target}
        if target in sums:
            return True
    return False


def _of_three(amounts: Sequence[int], target: int) -> bool:
    known = set(amounts)
    if target in known:
        return True
    for place, first in enumerate(amounts):
        rest = target - first
        seen: set[int] = set()
        for second in amounts[place + 1 :]:
            if second == rest or rest - second in seen:
                return True
            seen.add(second)
    return False
