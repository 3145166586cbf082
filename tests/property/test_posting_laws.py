"""Posting and paying lose no cent: entries sum to zero, shares add up, the bank is told what was given."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import sepaxml
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from acquit.collector.bill_selection import Detail, SelectedBill
from acquit.collector.cells import amount
from acquit.collector.paper_facts import TaxRead, amount_in
from acquit.collector.posting import PostingMapping
from acquit.collector.purchase_journal import apportioned, postings_of
from acquit.core.money import share_minor
from acquit.documents.pain001 import BankParty, Transfer, TransferFile, render
from acquit.documents.sepa_text import sepa_text

CENTS = st.integers(-(10**9), 10**9)
UNTAXED = st.sampled_from(["AE", "O", "E"])
RATES = st.sampled_from([0, 210, 550, 1_000, 2_000])
PAIN = "{urn:iso:std:iso:20022:tech:xsd:pain.001.001.09}"
SCHEMA = etree.XMLSchema(etree.parse(Path(sepaxml.__file__).parent / "schemas" / "pain.001.001.09.xsd"))
PLAIN = SelectedBill(
    "main", "FR1", date(2026, 11, 1), "EUR", 0, 0, 0, "bill", "", "", "unknown", None, "unknown", "P", "",
    "FR", "http://127.0.0.1", 0, 1, "", "bill",
)  # fmt: skip


@st.composite
def bills(draw: st.DrawFn) -> SelectedBill:
    """A bill whose lines bear one of up to three rates, VAT on each sum."""
    groups = draw(st.lists(st.tuples(RATES, st.lists(CENTS, min_size=1, max_size=4)), min_size=1, max_size=3))
    nets = [net for _, group in groups for net in group]
    centres = draw(st.lists(st.sampled_from(["A", "B", ""]), min_size=len(nets), max_size=len(nets)))
    details = tuple(
        Detail(no, "s", "d", 10_000, None, net, None, None, "unassigned", centre)
        for no, (net, centre) in enumerate(zip(nets, centres, strict=True), start=1)
    )
    taxes = tuple(
        TaxRead(draw(UNTAXED) if rate == 0 else "S", rate, sum(group), share_minor(sum(group), rate))
        for rate, group in groups
    )
    net, tax = sum(nets), sum(one.tax_minor for one in taxes)
    return replace(PLAIN, net_minor=net, tax_minor=tax, total_minor=net + tax, details=details, taxes=taxes)


@given(bills(), st.integers(0, 10_000))
def test_an_entry_sums_to_zero_whatever_may_be_deducted(bill: SelectedBill, deductible_bp: int) -> None:
    mapping = replace(PostingMapping(), deductible_bp=deductible_bp)
    postings = postings_of(bill, mapping)
    assert sum(one.amount_minor for one in postings) == 0
    supplier = [one.amount_minor for one in postings if one.to == mapping.supplier]
    assert sum(supplier) == -bill.total_minor


@given(bills())
def test_all_vat_is_deducted_and_no_more(bill: SelectedBill) -> None:
    mapping = PostingMapping()
    vat = [one.amount_minor for one in postings_of(bill, mapping) if one.to == mapping.vat]
    assert sum(vat) == bill.tax_minor


@given(CENTS, st.lists(CENTS, min_size=1, max_size=20))
def test_shares_add_up_for_weights_of_any_sign(whole: int, weights: list[int]) -> None:
    parts = apportioned(whole, weights)
    assert sum(parts) == whole
    assert len(parts) == len(weights)


@given(CENTS, st.sampled_from(["EUR", "XOF", "TND"]))
def test_an_amount_that_is_written_is_read_again(minor: int, currency: str) -> None:
    assert amount_in(amount(minor, currency), currency) == minor


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=90).filter(
    lambda text: sepa_text(text, 70) != ""
)
TRANSFERS = st.builds(
    Transfer,
    st.from_regex(r"FR[0-9]{8}", fullmatch=True),
    st.builds(BankParty, NAMES, st.just("FR7630006000011234567890189"), st.sampled_from(["", "AGRIFRPP"])),
    st.integers(1, 99_999_999_999),
    reference=st.sampled_from(["", "RF18539007547034"]),
    text=st.just("FR00000001"),
)


@given(st.lists(TRANSFERS, min_size=1, max_size=8), NAMES)
def test_a_file_of_transfers_says_what_it_was_given(transfers: list[Transfer], name: str) -> None:
    debtor = BankParty(name, "FR1420041010050500013M02606")
    order = TransferFile("M-1", datetime(2026, 11, 23, tzinfo=UTC), date(2026, 11, 24), debtor, transfers)
    root = etree.fromstring(render(order))
    assert SCHEMA.validate(root), SCHEMA.error_log
    read = [
        (
            one.findtext(f"{PAIN}PmtId/{PAIN}EndToEndId"),
            one.findtext(f"{PAIN}CdtrAcct/{PAIN}Id/{PAIN}IBAN"),
            int(str(one.findtext(f"{PAIN}Amt/{PAIN}InstdAmt")).replace(".", "")),
            one.findtext(f".//{PAIN}Ref") or "",
            one.findtext(f"{PAIN}Cdtr/{PAIN}Nm"),
        )
        for one in root.iter(f"{PAIN}CdtTrfTxInf")
    ]
    assert read == [
        (one.end_to_end, one.payee.iban, one.amount_minor, one.reference, sepa_text(one.payee.name, 70))
        for one in transfers
    ]
    total = sum(one.amount_minor for one in transfers)
    assert {node.text for node in root.iter(f"{PAIN}CtrlSum")} == {f"{total // 100}.{total % 100:02d}"}
    assert {node.text for node in root.iter(f"{PAIN}NbOfTxs")} == {str(len(transfers))}
