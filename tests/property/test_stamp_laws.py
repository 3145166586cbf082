"""Laws of stamps: every leaf's path leads to the root, and nothing else does."""

import hashlib
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from acquit.core.stamp import climbed, leaf_of, levels_of, path_in

SIZES = st.integers(min_value=1, max_value=70)


def leaves_of(size: int) -> list[bytes]:
    return [leaf_of(str(number)) for number in range(size)]


def by_the_standard(leaves: Sequence[bytes]) -> bytes:
    """The root as RFC 9162 defines it, by halves: the left one is the largest power of two that fits."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    left, right = by_the_standard(leaves[:split]), by_the_standard(leaves[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


@given(SIZES)
def test_the_tree_by_levels_is_the_tree_by_halves(size: int) -> None:
    assert levels_of(leaves_of(size))[-1] == [by_the_standard(leaves_of(size))]


@given(SIZES)
def test_every_leaf_climbs_to_the_root_by_a_short_path(size: int) -> None:
    levels = levels_of(leaves_of(size))
    for number, leaf in enumerate(levels[0]):
        path = path_in(levels, number)
        assert climbed(leaf, number, size, path) == levels[-1][0]
        assert len(path) <= (size - 1).bit_length()


@given(SIZES, st.data())
def test_another_leaf_path_or_length_does_not(size: int, data: st.DataObject) -> None:
    levels = levels_of(leaves_of(size))
    number = data.draw(st.integers(0, size - 1))
    leaf, path, root = levels[0][number], path_in(levels, number), levels[-1][0]
    assert climbed(leaf_of("another"), number, size, path) != root
    assert climbed(leaf, number, size, [*path, leaf]) is None
    assert climbed(leaf, size, size, path) is None
    assert climbed(leaf, -1, size, path) is None
    if path:
        broken = data.draw(st.integers(0, len(path) - 1))
        changed = [bytes(32) if no == broken else each for no, each in enumerate(path)]
        assert climbed(leaf, number, size, changed) != root
        assert climbed(leaf, number, size, path[:-1]) is None
