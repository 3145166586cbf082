"""The tree of a stamp is that of the standard, and a path proves one leaf of one tree."""

from dataclasses import replace
from datetime import date

import pytest

from acquit.core.identifiers import AccountId, BillId, LegalEntityId
from acquit.core.retention import removable_before
from acquit.core.stamp import (
    FIRST_STAMP,
    BadStamp,
    Stamp,
    StampedHead,
    StampedPaper,
    leaf_of,
    levels_of,
    next_stamp,
    stamp_of,
)

FR = LegalEntityId("FR")
TREES = [
    ([], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ([""], "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    (
        ["", "\0", "\x10", " !", "01", "@ABC", "PQRSTUVW", "`abcdefghijklmno"],
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ),
]
"""Roots that implementations of Certificate Transparency are compared by."""


@pytest.mark.parametrize(("texts", "root"), TREES, ids=lambda value: str(len(value)))
def test_the_root_is_that_of_the_standard(texts: list[str], root: str) -> None:
    assert levels_of([leaf_of(text) for text in texts])[-1][0].hex() == root


def test_whatever_changes_of_a_paper_changes_its_leaf() -> None:
    paper = StampedPaper(AccountId("ab12345-acq"), BillId("FR1"), "pdf", "ab" * 32, 9, 1, bytes(32))
    changed = [
        replace(paper, account_id=AccountId("x")), replace(paper, bill_id=BillId("FR2")),
        replace(paper, form="cii"),
        replace(paper, sha256="ac" * 32), replace(paper, size_bytes=8), replace(paper, entry_no=2),
        replace(paper, entry_hash=b"\1" * 32),
    ]  # fmt: skip
    head = StampedHead(AccountId("ab12345-acq"), 1, bytes(32))
    assert len({head.leaf, paper.leaf, *(each.leaf for each in changed)}) == len(changed) + 2


def test_stamps_follow_one_another_and_days_never_go_back() -> None:
    first = next_stamp(None, FR, date(2026, 11, 2), [b"a" * 32])
    second = next_stamp(first, FR, date(2026, 11, 1), [])
    assert (first.stamp_no, first.prev_hash, first.leaves) == (1, FIRST_STAMP, 1)
    assert (second.stamp_no, second.prev_hash, second.leaves) == (2, first.hash, 0)
    assert second.stamped_on == date(2026, 11, 2)
    assert stamp_of(second.text) == second


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("acquit stamp 1", "acquit stamp 2"),
        lambda text: text.replace("|1|", "|01|"),
        lambda text: text.replace("2026-11-02", "02/11/2026"),
        lambda text: text + "|",
        lambda text: text.upper(),
        lambda text: "",
    ],
)
def test_a_text_that_is_no_stamp_is_refused(change) -> None:  # type: ignore[no-untyped-def]
    stamp = Stamp(FR, 1, date(2026, 11, 2), 1, b"\xab" * 32, FIRST_STAMP)
    with pytest.raises(BadStamp):
        stamp_of(change(stamp.text))


@pytest.mark.parametrize(
    ("on", "before"),
    [
        (date(2026, 12, 31), date(2016, 1, 1)),
        (date(2027, 1, 1), date(2017, 1, 1)),
        (date(2028, 2, 29), date(2018, 1, 1)),
    ],
)
def test_papers_are_kept_for_ten_years_after_the_end_of_their_year(on: date, before: date) -> None:
    """Of 31 December 2016 a paper stays until 31 December 2026; it may go on 1 January 2027."""
    assert removable_before(on) == before
