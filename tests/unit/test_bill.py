"""A bill from draft to issue, and what the gate says about it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from acquit.core.bill import (
    Bill,
    BillKind,
    Draft,
    Issuing,
    NoSuchBill,
    Sharing,
    draft,
    first_period,
    issue,
    placed,
)
from acquit.core.charge import Charge
from acquit.core.credit import (
    BadCredit,
    CreditReasonMissing,
    NotCreditable,
    Part,
    credit_note,
    given_back,
    refuse_credit,
    taken_back,
)
from acquit.core.dispute import (
    Dispute,
    DisputeClosed,
    DisputeState,
    NotDisputable,
    disputed_minor,
    refuse_closed,
    refuse_dispute,
)
from acquit.core.electronic_rule import buyer_problems, seller_problems
from acquit.core.gate import arithmetic_problems, detail_texts, glyph_problems, printed_texts
from acquit.core.identifiers import (
    AccountId,
    BillId,
    BillingGroupId,
    GrantId,
    LegalEntityId,
    OrderId,
    PurchaseOrderId,
    RunId,
    ServiceId,
)
from acquit.core.money import Currency, amount_minor
from acquit.core.numbering import DocumentKind, Series
from acquit.core.purchase_order import OrderLine, PurchaseOrder
from acquit.core.snapshot import Buyer, Seller
from acquit.core.tax import REVERSE_CHARGE, TaxCase
from acquit.core.terms import Method, Term

EUR = Currency("EUR")
A, P = AccountId("ab12345-acq"), AccountId("ab00001-acq")
ON, AT = date(2026, 11, 23), datetime(2026, 11, 23, 9, tzinfo=UTC)
STANDARD = TaxCase("S", 2000)
SERIES = Series("FR", LegalEntityId("FR"), DocumentKind.BILL, "FR", 8, "FR", 43)
CREDITS = Series("AV", LegalEntityId("FR"), DocumentKind.CREDIT_NOTE, "AV", 8, "AV")
BUYER = Buyer("Acme", "FR", siren="552081317", street="1 rue", zip="59000", city="Lille", sub_account="lab")
SELLER = Seller(
    "Nuage", "FR", siren="732829320", vat_id="FR44732829320", street="2 quai", zip="59000", city="Lille"
)  # fmt: skip
SHARING = Sharing(
    A, P, "fr_FR", EUR, BillingGroupId(3), Term(45, Method.DAYS_FIRST), GrantId(9), b"buyer", b"payer"
)
ORDER = PurchaseOrder(
    P, PurchaseOrderId(100), "PO-7", date(2026, 1, 1), EUR, "cli", AT, AT,
    lines=(OrderLine(4, "item", service_pattern="srv*"),),
)  # fmt: skip


def charge(number: int, quantity_e4: int = 10_000, domain: str = "srv1") -> Charge:
    start = date(2026, 11, number)
    return Charge(
        ServiceId(number), "renewal", start, start, "Server", domain, quantity_e4, 1_000_000_000, EUR,
        "autorenew",
    )  # fmt: skip


@pytest.fixture
def drafted() -> Draft:
    return draft(SHARING, [charge(2), charge(1, 5_000, "other")], STANDARD)


def issuing(series: Series = SERIES, run_id: int | None = 5) -> Issuing:
    return Issuing(LegalEntityId("FR"), series, None if run_id is None else RunId(run_id), ON, AT, b"seller")


def test_a_draft_adds_up(drafted: Draft) -> None:
    assert [(each.detail_no, each.net_minor) for each in drafted.details] == [(1, 1_000), (2, 500)]
    assert (drafted.net_minor, drafted.tax_minor, drafted.total_minor) == (1_500, 300, 1_800)
    assert [(each.vat_category, each.net_minor, each.tax_minor) for each in drafted.taxes] == [
        ("S", 1_500, 300)
    ]
    assert (drafted.category, first_period(drafted.details)) == ("autorenew", date(2026, 11, 1))
    assert arithmetic_problems(drafted) == []


@pytest.mark.parametrize(
    ("wrong", "codes"),
    [
        ({"net_minor": 1_499}, ["wrong-net", "wrong-tax-base"]),
        ({"tax_minor": 299}, ["wrong-tax"]),
        ({"details": ()}, ["wrong-net"]),
    ],
)
def test_a_draft_that_does_not_add_up(wrong: dict[str, object], codes: list[str], drafted: Draft) -> None:
    broken = replace(drafted, **wrong)  # type: ignore[arg-type]
    assert [each.code for each in arithmetic_problems(broken)] == codes


def test_a_detail_that_is_not_quantity_times_price(drafted: Draft) -> None:
    first, second = drafted.details
    broken = replace(drafted, details=(replace(first, net_minor=1_001), replace(second, net_minor=499)))
    assert [each.code for each in arithmetic_problems(broken)] == ["wrong-detail", "wrong-detail"]


def test_an_issued_bill_bears_number_reference_and_due_date(drafted: Draft) -> None:
    bill = issue(drafted, issuing(), 42, OrderId(7))
    assert (bill.bill_id, bill.order_id, bill.kind, bill.run_id) == ("FR00000042", 7, BillKind.BILL, 5)
    assert bill.payment_reference == "RF98FR00000042"
    assert (bill.term_days, bill.term_method, bill.due_on) == (45, "days-first", date(2027, 1, 31))
    assert (bill.seller_hash, bill.buyer_hash, bill.payer_hash) == (b"seller", b"buyer", b"payer")
    assert (bill.purchase_order_id, bill.purchase_order_reference, bill.billing_group_id) == (None, None, 3)
    assert bill.total_minor == 1_800


def test_a_draft_on_an_order_quotes_it_and_its_lines(drafted: Draft) -> None:
    bill = issue(placed(drafted, ORDER), issuing(), 42, OrderId(7))
    assert (bill.purchase_order_account, bill.purchase_order_id) == (P, 100)
    assert (bill.purchase_order_reference, bill.purchase_order_type) == ("PO-7", "PURCHASE_ORDER")
    assert [each.purchase_order_line_no for each in bill.details] == [4, None]
    without_lines = placed(drafted, replace(ORDER, lines=()))
    assert without_lines.details == drafted.details


@pytest.mark.parametrize(
    ("wrong", "codes"),
    [
        ({}, []),
        (
            {"name": "", "street": "", "zip": "", "city": ""},
            ["missing-name", "missing-street", "missing-zip", "missing-city"],
        ),
        ({"siren": ""}, ["missing-siren"]),
        ({"siren": "12345678x"}, ["bad-siren"]),
        ({"siren": "1"}, ["bad-siren"]),
        ({"siren": "", "tax_profile": "person"}, []),
        ({"siren": "", "country": "MC"}, []),
    ],
)
def test_what_a_buyer_lacks(wrong: dict[str, str], codes: list[str]) -> None:
    found = buyer_problems(replace(BUYER, **wrong), SELLER, STANDARD)
    assert [each.code for each in found] == codes


def test_the_vat_case_is_checked_with_the_buyer() -> None:
    found = buyer_problems(replace(BUYER, country="DE"), SELLER, REVERSE_CHARGE)
    assert [str(each) for each in found] == [
        "A business in another member state needs its VAT id on the bill. (legal party; BR-AE-02)"
    ]


def test_a_french_seller_has_a_siren() -> None:
    assert seller_problems(SELLER) == []
    assert [each.code for each in seller_problems(replace(SELLER, siren=""))] == ["missing-siren"]
    assert seller_problems(replace(SELLER, country="DE", siren="", vat_id="DE136695976")) == []


def test_characters_that_no_paper_prints_are_told() -> None:
    def missing(text: str) -> set[str]:
        return {sign for sign in text if sign in "☃\N{BELL}"}

    found = glyph_problems(["plain", "Nîmes", "snow ☃", "ring \N{BELL}"], missing)
    assert [each.message for each in found] == [
        "No paper can print U+2603 in 'snow ☃'.",
        "No paper can print U+1F514 in 'ring \N{BELL}'.",
    ]


def test_everything_that_is_printed_is_looked_at(drafted: Draft) -> None:
    assert detail_texts(drafted) == ["Server", "srv1", "Server", "other", "", ""]
    assert {"Acme", "1 rue", "lab", "552081317"} <= set(printed_texts(BUYER))


def test_a_bill_that_is_not_there_is_named() -> None:
    assert NoSuchBill("FR1").details == {"bill": "FR1"}


def whole_note(bill: Bill, reason: str, *notes: Bill, parts: Sequence[Part] = ()) -> Bill:
    lines = taken_back(bill, notes, parts)
    number = len(notes) + 1
    return credit_note(bill, notes, lines, issuing(CREDITS, None), number, OrderId(7 + number), reason)


def test_a_credit_note_takes_back_what_was_billed(drafted: Draft) -> None:
    bill = issue(placed(drafted, ORDER), issuing(), 42, OrderId(7))
    note = whole_note(bill, " twice ")
    assert (note.bill_id, note.corrects_bill_id, note.kind) == ("AV00000001", "FR00000042", "credit-note")
    assert (note.total_minor, note.note, note.run_id, note.due_on) == (1_800, "twice", None, ON)
    assert [each.correction_no for each in note.details] == [1, 1]
    draw = given_back(bill, note)
    assert draw is not None
    assert (draw.amount_minor, draw.bill_id, draw.account_id) == (-1_500, "AV00000001", P)
    assert given_back(issue(drafted, issuing(), 42, OrderId(7)), note) is None


def test_what_cannot_be_credited(drafted: Draft) -> None:
    bill = issue(drafted, issuing(), 42, OrderId(7))
    note = whole_note(bill, "twice")
    refuse_credit(bill, [], "twice")
    with pytest.raises(CreditReasonMissing):
        refuse_credit(bill, [], "  ")
    with pytest.raises(NotCreditable, match="AV00000001"):
        refuse_credit(bill, [note], "twice")
    with pytest.raises(NotCreditable, match="itself"):
        refuse_credit(note, [], "twice")


@pytest.mark.parametrize(
    ("taken", "nets", "vats"),
    [
        ("1", [1_000], [200]),
        ("1 2", [1_500], [300]),
        ("1:1, 1:1, 1:1, 1:1, *", [1, 1, 1, 1, 1_496], [0, 0, 1, 0, 299]),
        ("1:333, 2:167, *", [333, 167, 1_000], [67, 33, 200]),
    ],
)
def test_the_notes_of_a_bill_give_its_vat_back_to_the_cent(
    taken: str, nets: list[int], vats: list[int], drafted: Draft
) -> None:
    bill = issue(drafted, issuing(), 42, OrderId(7))
    notes: list[Bill] = []
    for text in taken.split(", "):
        parts = [] if text == "*" else [_part(each) for each in text.split()]
        notes.append(whole_note(bill, "why", *notes, parts=parts))
    assert [note.net_minor for note in notes] == nets
    assert [note.tax_minor for note in notes] == vats
    assert [note.details[0].correction_no for note in notes] == list(range(1, len(notes) + 1))
    for each in (line for note in notes for line in note.details):
        assert each.net_minor == amount_minor(each.quantity_e4, each.unit_price_ucents, EUR)


def _part(text: str) -> Part:
    number, _, amount = text.partition(":")
    return Part(int(number), int(amount) if amount else None)


@pytest.mark.parametrize("taken", ["3", "1 1", "1:0", "1:-1", "1:1001"])
def test_what_cannot_be_taken_back_in_part(taken: str, drafted: Draft) -> None:
    bill = issue(drafted, issuing(), 42, OrderId(7))
    with pytest.raises(BadCredit):
        taken_back(bill, [], [_part(each) for each in taken.split()])


def test_of_a_line_only_what_is_left_is_taken_back(drafted: Draft) -> None:
    bill = issue(drafted, issuing(), 42, OrderId(7))
    note = whole_note(bill, "why", parts=[Part(1, 999)])
    with pytest.raises(BadCredit, match=r"0\.01 EUR net is left of line 1"):
        taken_back(bill, [note], [Part(1, 2)])
    (rest,) = taken_back(bill, [note], [Part(1)])
    assert (rest.net_minor, rest.quantity_e4, rest.unit_price_ucents) == (1, 10_000, 1_000_000)


def dispute(amount_minor: int, state: DisputeState = DisputeState.OPEN) -> Dispute:
    return Dispute(A, 1, BillId("FR00000042"), None, amount_minor, "why", state, "cli", AT, ON)


def test_open_disputes_keep_their_part_from_being_due() -> None:
    assert disputed_minor([dispute(100), dispute(50, DisputeState.REJECTED)]) == 100


def test_what_can_be_disputed(drafted: Draft) -> None:
    bill = issue(drafted, issuing(), 42, OrderId(7))
    refuse_dispute(bill, None, 1_800, "why", [])
    refuse_dispute(bill, 2, 800, "why", [dispute(1_000)])
    with pytest.raises(NotDisputable, match="reason"):
        refuse_dispute(bill, None, 1, " ", [])
    with pytest.raises(NotDisputable, match="detail 3"):
        refuse_dispute(bill, 3, 1, "why", [])
    for amount in (0, 801):
        with pytest.raises(NotDisputable, match=r"8\.00"):
            refuse_dispute(bill, None, amount, "why", [dispute(1_000)])


def test_a_dispute_ends_once_and_in_something() -> None:
    refuse_closed(dispute(1), DisputeState.CREDITED)
    with pytest.raises(DisputeClosed, match="already"):
        refuse_closed(dispute(1, DisputeState.REJECTED), DisputeState.CREDITED)
    with pytest.raises(DisputeClosed):
        refuse_closed(dispute(1), DisputeState.OPEN)
