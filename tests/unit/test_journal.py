"""The journal: what each event books, and how entries hang together."""

import hashlib
from datetime import date

import pytest

from acquit.core import journal
from acquit.core.identifiers import AccountId
from acquit.core.journal import ChartIncomplete, Head, Posting, Role, VatShare, chained
from acquit.core.money import Currency

EUR = Currency("EUR")
CHART = {role.value: role.value for role in Role}
A = AccountId("ab12345-acq")
ON = date(2026, 11, 23)


def told(postings: tuple[Posting, ...]) -> list[tuple[str, int]]:
    return [(each.ledger, each.amount_minor) for each in postings if each.amount_minor]


@pytest.mark.parametrize(
    ("event", "postings", "expected"),
    [
        (
            "a bill, VAT due when paid",
            journal.bill_postings(CHART, 1_000, 200, EUR, False),
            [("receivable", 1_200), ("revenue", -1_000), ("vat_pending", -200)],
        ),
        (
            "a bill, VAT on debits",
            journal.bill_postings(CHART, 1_000, 200, EUR, True),
            [("receivable", 1_200), ("revenue", -1_000), ("vat_collected", -200)],
        ),
        (
            "a bill without VAT",
            journal.bill_postings(CHART, 1_000, 0, EUR, False),
            [("receivable", 1_000), ("revenue", -1_000)],
        ),
        (
            "a credit note",
            journal.credit_postings(CHART, 1_000, 200, EUR, False),
            [("receivable", -1_200), ("revenue", 1_000), ("vat_pending", 200)],
        ),
        ("money in", journal.deposit_postings(CHART, 500, EUR), [("bank", 500), ("unapplied", -500)]),
        (
            "it settles a debt",
            journal.settlement_postings(CHART, 600, 100, EUR),
            [("unapplied", 600), ("receivable", -600), ("vat_pending", 100), ("vat_collected", -100)],
        ),
        (
            "that is undone",
            journal.reopened_postings(CHART, 600, 100, EUR),
            [("unapplied", -600), ("receivable", 600), ("vat_pending", -100), ("vat_collected", 100)],
        ),
        (
            "the bank takes it back",
            journal.returned_postings(CHART, 600, 100, EUR),
            [("receivable", 600), ("bank", -600), ("vat_pending", -100), ("vat_collected", 100)],
        ),
        (
            "a debt is given up",
            journal.write_off_postings(CHART, 600, EUR),
            [("write_off", 600), ("receivable", -600)],
        ),
    ],
)
def test_what_is_booked(event: str, postings: tuple[Posting, ...], expected: list[tuple[str, int]]) -> None:
    assert told(postings) == expected, event
    assert sum(each.amount_minor for each in postings) == 0


def test_an_entry_is_chained_to_the_one_before() -> None:
    first = chained(Head(), A, "bill", ON, "FR1", journal.bill_postings(CHART, 1_000, 0, EUR, False))
    text = "ab12345-acq|1|bill|2026-11-23|FR1|receivable:1000:EUR;revenue:-1000:EUR"
    assert first.prev_hash == bytes(32)
    assert first.hash == hashlib.sha256(bytes(32) + text.encode()).digest()
    second = chained(first.head, A, "deposit", ON, "R1", journal.deposit_postings(CHART, 5, EUR))
    assert (second.entry_no, second.prev_hash) == (2, first.hash)


def test_an_entry_that_does_not_balance_is_our_mistake() -> None:
    with pytest.raises(AssertionError):
        chained(Head(), A, "bill", ON, "FR1", [Posting("x", 1, EUR)])


def test_a_chart_has_every_role() -> None:
    journal.refuse_incomplete(CHART, "FR")
    with pytest.raises(ChartIncomplete, match="bank, write_off"):
        journal.refuse_incomplete({role: role for role in CHART if role not in ("bank", "write_off")}, "FR")


def test_vat_follows_the_money() -> None:
    share = VatShare(1_200, 200)
    assert [share.moved(0, 1), share.moved(1, 335), share.moved(335, 1_200)] == [0, 56, 144]
    assert share.moved(1_200, 0) == -200
