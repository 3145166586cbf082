"""Stamps: what of a seller was archived and booked since the stamp before, in one hash that is signed.

A stamp is a tree of hashes. Its leaves are papers, each with its place in the account's chain of entries, and
the heads of the chains that grew. Pairs are hashed upwards; one that is left over goes up as it is. So a few
hashes, a paper's path, lead from the paper to the root, and nobody needs to see the other leaves. Stamps of a
seller are numbered without a gap and each names the hash of the one before.

Source: RFC 9162 section 2.1.1 (hashes of leaves and nodes begin with different bytes; the same tree).
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from typing import Final

from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId, BillId, LegalEntityId

FIRST_STAMP: Final = bytes(32)
"""What stands before the first stamp of a seller."""

TITLE: Final = "acquit stamp 1"
LEAF: Final = b"\x00"
NODE: Final = b"\x01"

Level = Sequence[bytes]


class BadStamp(Invalid):
    """The text is not that of a stamp."""

    code = "bad-stamp"


@dataclass(frozen=True, slots=True)
class StampedPaper:
    """A paper as a leaf: its bytes by their hash, and the entry that books its bill."""

    account_id: AccountId
    bill_id: BillId
    form: str
    sha256: str
    size_bytes: int
    entry_no: int
    entry_hash: bytes

    @property
    def leaf(self) -> bytes:
        """The hash of the leaf."""
        return leaf_of(
            f"paper|{self.account_id}|{self.bill_id}|{self.form}|{self.sha256}|{self.size_bytes}"
            f"|{self.entry_no}|{self.entry_hash.hex()}"
        )


@dataclass(frozen=True, slots=True)
class StampedHead:
    """The end of an account's chain as a leaf: the hash of its last entry covers every entry before it."""

    account_id: AccountId
    entry_no: int
    entry_hash: bytes

    @property
    def leaf(self) -> bytes:
        """The hash of the leaf."""
        return leaf_of(f"head|{self.account_id}|{self.entry_no}|{self.entry_hash.hex()}")


@dataclass(frozen=True, slots=True)
class Stamp:
    """What is signed: the root over so many leaves, and the hash of the stamp before."""

    legal_entity_id: LegalEntityId
    stamp_no: int
    stamped_on: date
    leaves: int
    root: bytes
    prev_hash: bytes

    @property
    def text(self) -> str:
        """The stamp as the text that is hashed and signed."""
        return (
            f"{TITLE}|{self.legal_entity_id}|{self.stamp_no}|{self.stamped_on}|{self.leaves}"
            f"|{self.root.hex()}|{self.prev_hash.hex()}"
        )

    @property
    def hash(self) -> bytes:
        """The hash that the next stamp names, and that is published."""
        return hashlib.sha256(self.text.encode()).digest()


def next_stamp(last: Stamp | None, legal_entity_id: LegalEntityId, today: date, leaves: Level) -> Stamp:
    """Return the stamp over these leaves that follows the last one; its day never goes back."""
    (root,) = levels_of(leaves)[-1]
    if last is None:
        return Stamp(legal_entity_id, 1, today, len(leaves), root, FIRST_STAMP)
    day = max(today, last.stamped_on)
    return Stamp(legal_entity_id, last.stamp_no + 1, day, len(leaves), root, last.hash)


def stamp_of(text: str) -> Stamp:
    """Return the stamp that a text tells: its text is this text again. Raises BadStamp."""
    try:
        title, entity, number, day, leaves, root, before = text.split("|")
        stamp = Stamp(
            LegalEntityId(entity), int(number), date.fromisoformat(day), int(leaves),
            bytes.fromhex(root), bytes.fromhex(before),
        )  # fmt: skip
    except ValueError:
        raise BadStamp("The text is not that of a stamp.") from None
    if title != TITLE or stamp.text != text:
        raise BadStamp("The text is not that of a stamp of this version.")
    return stamp


def leaf_of(text: str) -> bytes:
    """Return the hash of a leaf with that text."""
    return hashlib.sha256(LEAF + text.encode()).digest()


def levels_of(leaves: Level) -> list[Level]:
    """Return the tree: the leaves, then each level above them, the last of one hash, the root.

    A tree without leaves has the hash of nothing as its root.
    """
    levels: list[Level] = [leaves or [hashlib.sha256(b"").digest()]]
    while len(levels[-1]) > 1:
        levels.append(list(_above(levels[-1])))
    return levels


def path_in(levels: Sequence[Level], leaf_no: int) -> list[bytes]:
    """Return the hashes beside the way from a leaf (counted from 0) to the root, from below."""
    path = []
    for level in levels[:-1]:
        if (beside := leaf_no ^ 1) < len(level):
            path.append(level[beside])
        leaf_no //= 2
    return path


def climbed(leaf: bytes, leaf_no: int, leaves: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root to which the path leads, or None when no tree of so many leaves has such a path."""
    if not 0 <= leaf_no < leaves:
        return None
    reached, left = leaf, list(path)
    while leaves > 1:
        if leaf_no ^ 1 < leaves:
            if not left:
                return None
            beside = left.pop(0)
            reached = _node(beside, reached) if leaf_no % 2 else _node(reached, beside)
        leaf_no, leaves = leaf_no // 2, (leaves + 1) // 2
    return None if left else reached


def _above(level: Level) -> Iterator[bytes]:
    for left, right in zip_longest(level[::2], level[1::2]):
        yield left if right is None else _node(left, right)


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(NODE + left + right).digest()
