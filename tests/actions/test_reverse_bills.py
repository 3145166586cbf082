"""What accounts supply is billed in their name: agreed, numbered apart, contested, paid, set off, booked."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from acquit.actions.advance_remittance import approve_remittance, hand_over_remittance
from acquit.actions.agree_self_billing import (
    accept_self_billing,
    agree_self_billing,
    list_agreements,
    revoke_self_billing,
)
from acquit.actions.answer_reverse_bill import accept_reverse_bill, contest_reverse_bill, end_contest
from acquit.actions.context import Context
from acquit.actions.credit_bill import credit_bill
from acquit.actions.issue_reverse_bill import (
    ReverseBillRefused,
    issue_reverse_bill,
    take_back_reverse_bill,
)
from acquit.actions.pay_refunds import (
    create_refund_remittance,
    set_refund_account,
    take_refund_returned,
    take_refunds_paid,
)
from acquit.actions.pay_reverse_bill import (
    pay_due_reverse_bills,
    pay_reverse_bill,
    set_off_reverse_bill,
)
from acquit.actions.refund_money import approve_refund, record_refund_failed, refuse_refund_asked
from acquit.actions.set_legal_party import set_legal_party
from acquit.actions.settle_debt import reopen_debt
from acquit.core.bill import BillKind
from acquit.core.identifiers import AccountId, BillId
from acquit.core.operator import RoleForbids
from acquit.core.refund import RefundState
from acquit.core.reverse_bill import (
    BadReverseLines,
    NoSetOff,
    NoSuchReverseBill,
    NotPayable,
    ReverseBillNotThere,
    ReverseState,
    Standing,
)
from acquit.core.self_billing import (
    AgreementNotThere,
    AgreementStands,
    AgreementState,
    BadAgreement,
    NoAgreement,
    Regime,
    SupplierIncomplete,
)
from acquit.core.terms import SamePersonApproves
from acquit.store import reverse_bills
from acquit.store.refund_lines import RefundAccount
from acquit.store.transaction import Database
from billed import failed
from collecting import IBAN
from founding import ACME, FR, LAB, PETIT, SHOP, TODAY
from owing import TESS, TOM, debt_of, ledger, open_of, operations_of
from reversing import BOB, COMMISSION, FRENCH, GERMAN, TERMS, agreed, billed, buying, on

AFTER = TODAY + timedelta(days=16)
"""The first day on which a bill of today is contested no more."""

IBANS = {"iban": "FR1420041010050500013M02606", "bic": "AGRIFRPP"}


def stands(context: Context, bill_id: BillId, account_id: AccountId = ACME) -> Standing:
    """How a reverse bill stands."""
    with context.database.read() as tx:
        found = reverse_bills.standing(tx, account_id, bill_id)
    assert found is not None
    return found


def booked(context: Context, before: dict[str, int]) -> dict[str, int]:
    """What the ledger accounts moved by since."""
    now = ledger(context)
    moved = {number: now.get(number, 0) - before.get(number, 0) for number in {*now, *before}}
    return {number: minor for number, minor in sorted(moved.items()) if minor}


# ---------------------------------------------------------------- agreements


def test_no_bill_without_an_agreement_that_was_accepted(database: Database, tmp_path: Path) -> None:
    context = buying(database, tmp_path)
    with pytest.raises(NoAgreement, match="reverse-bill agree"):
        billed(context)
    offered = agree_self_billing(context, ACME, TERMS, by=BOB)
    assert offered.state(TODAY) is AgreementState.OFFERED
    with pytest.raises(NoAgreement, match="waits to be accepted"):
        billed(context)
    with pytest.raises(BadAgreement, match="who accepted"):
        accept_self_billing(context, ACME, 1, "  ", by=BOB)
    accept_self_billing(context, ACME, 1, "Alice Martin", by="account:ab12345-acq")
    with pytest.raises(AgreementNotThere):
        accept_self_billing(context, ACME, 1, "Alice Martin", by=BOB)
    bill = billed(context)
    assert (bill.bill_id, bill.kind, bill.total_minor) == ("FRS00001-000001", BillKind.SELF_BILLED, 12_000)
    revoke_self_billing(context, ACME, 1, "she sells elsewhere now", by=BOB)
    with pytest.raises(NoAgreement, match="none stands"):
        billed(context)
    assert failed(context) == {}


def test_agreements_follow_each_other_and_keep_one_series(database: Database, tmp_path: Path) -> None:
    context = buying(database, tmp_path)
    agreed(context, terms=replace(TERMS, until_on=date(2026, 11, 30)))
    first = billed(context)
    with pytest.raises(AgreementStands):
        agree_self_billing(context, ACME, TERMS, by=BOB)
    agreed(context, terms=replace(TERMS, from_on=date(2026, 12, 1), contest_days=5))
    revoke_self_billing(context, ACME, 1, "replaced", by=BOB)
    with pytest.raises(NoAgreement, match="begins on 2026-12-01"):
        billed(context)
    second = issue_reverse_bill(on(context, date(2026, 12, 2)), ACME, [COMMISSION], by=BOB, again=True)
    assert [first.bill_id, second.bill_id] == ["FRS00001-000001", "FRS00001-000002"]
    assert [each.agreement_no for each in list_agreements(context, ACME)] == [2, 1]
    assert failed(context) == {}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"subject": " "}, "supplies"),
        ({"reference": ""}, "written"),
        ({"until_on": date(2026, 1, 1)}, "before it begins"),
        ({"contest_days": 0}, "contest"),
        ({"term_days": 61}, "60 days"),
    ],
)
def test_what_an_agreement_cannot_say(
    database: Database, tmp_path: Path, changed: dict[str, object], told: str
) -> None:
    context = buying(database, tmp_path)
    with pytest.raises(BadAgreement, match=told):
        agree_self_billing(context, ACME, replace(TERMS, **changed), by=BOB)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("party", "regime", "told"),
    [
        (replace(FRENCH, vat_id=""), Regime.STANDARD, "VAT id is missing"),
        (replace(FRENCH, siren=""), Regime.STANDARD, "SIREN is missing"),
        (replace(FRENCH, street=""), Regime.STANDARD, "street is missing"),
        (GERMAN, Regime.STANDARD, "established in DE"),
        (replace(GERMAN, vat_id=""), Regime.REVERSE_CHARGE, "VAT id is missing"),
        (FRENCH, Regime.REVERSE_CHARGE, "at home"),
    ],
)
def test_no_fact_of_a_supplier_is_guessed(
    database: Database, tmp_path: Path, party: object, regime: Regime, told: str
) -> None:
    context = buying(database, tmp_path)
    set_legal_party(context, ACME, party, by="cli")  # type: ignore[arg-type]
    with pytest.raises(SupplierIncomplete, match=told):
        agree_self_billing(context, ACME, replace(TERMS, regime=regime), by=BOB)


# ---------------------------------------------------------------- bills and books


def test_vat_of_a_supplier_waits_for_its_payment(database: Database, tmp_path: Path) -> None:
    context = buying(database, tmp_path, **IBANS)
    before = ledger(context)
    agreed(context)
    bill = billed(context)
    assert booked(context, before) == {"401000": -12_000, "445640": 2_000, "622200": 10_000}
    assert (bill.due_on, stands(context, bill.bill_id).contest_until) == (
        TODAY + timedelta(days=30), TODAY + timedelta(days=15),
    )  # fmt: skip
    later = on(context, AFTER)
    _paid(later, bill.bill_id)
    assert booked(context, before) == {"445660": 2_000, "512000": -12_000, "622200": 10_000}
    assert stands(context, bill.bill_id).state is ReverseState.SETTLED
    assert failed(context) == {}


def test_vat_on_debits_small_business_and_reverse_charge(database: Database, tmp_path: Path) -> None:
    context = buying(database, tmp_path)
    before = ledger(context)
    agreed(context, terms=replace(TERMS, on_debits=True))
    billed(context)
    assert booked(context, before) == {"401000": -12_000, "445660": 2_000, "622200": 10_000}
    before = ledger(context)
    agreed(context, PETIT, replace(TERMS, regime=Regime.SMALL_EXEMPT))
    small = billed(context, PETIT)
    assert (small.total_minor, small.taxes[0].exemption_text) == (
        10_000, "TVA non applicable, art. 293 B du CGI",
    )  # fmt: skip
    assert booked(context, before) == {"401000": -10_000, "622200": 10_000}
    before = ledger(context)
    set_legal_party(context, SHOP, GERMAN, by="cli")
    agreed(context, SHOP, replace(TERMS, regime=Regime.REVERSE_CHARGE))
    abroad = billed(context, SHOP)
    assert (abroad.total_minor, abroad.taxes[0].exemption_text) == (
        10_000, "Steuerschuldnerschaft des Leistungsempfängers",
    )  # fmt: skip
    assert booked(context, before) == {
        "401000": -10_000, "445200": -2_000, "445662": 2_000, "622200": 10_000,
    }  # fmt: skip
    assert failed(context) == {}


def test_each_supplier_has_numbers_of_its_own(database: Database, tmp_path: Path) -> None:
    context = buying(database, tmp_path)
    agreed(context)
    agreed(context, PETIT, replace(TERMS, regime=Regime.SMALL_EXEMPT))
    other = replace(COMMISSION, reference="REF-8", vat_rate_bp=1_000)
    made = [
        billed(context), billed(context, PETIT), billed(context, lines=[other]),
        take_back_reverse_bill(context, ACME, BillId("FRS00001-000001"), "wrong month", by=BOB),
    ]  # fmt: skip
    assert [each.bill_id for each in made] == [
        "FRS00001-000001", "FRS00002-000001", "FRS00001-000002", "FRS00001-000003",
    ]  # fmt: skip
    assert made[2].taxes[0].vat_rate_bp == 1_000
    assert failed(context) == {}


def test_a_supply_is_billed_once(database: Database, tmp_path: Path) -> None:
    context = buying(database, tmp_path)
    agreed(context)
    bill = billed(context)
    with pytest.raises(ReverseBillRefused, match="FRS00001-000001 bills REF-7"):
        billed(context)
    take_back_reverse_bill(context, ACME, bill.bill_id, "too much", by=BOB)
    with pytest.raises(ReverseBillRefused, match="REF-7 is there 2 times"):
        billed(context, lines=[COMMISSION, COMMISSION])
    assert billed(context).bill_id == "FRS00001-000003"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"description": " "}, "say what"),
        ({"quantity_e4": 0}, "nothing"),
        ({"quantity_e4": -10_000}, "come to -100.00"),
        ({"unit_price_ucents": -1}, "never negative"),
        ({"period_end": date(2026, 10, 1)}, "ends before"),
        ({"vat_rate_bp": 1_234}, "no rate"),
        ({"quantity_e4": 10**15, "unit_price_ucents": 10**15}, "more digits"),
        ({"period_start": date(1999, 1, 1)}, "years"),
    ],
)
def test_lines_that_cannot_be_billed(
    database: Database, tmp_path: Path, changed: dict[str, object], told: str
) -> None:
    context = buying(database, tmp_path)
    agreed(context)
    with pytest.raises(BadReverseLines, match=told):
        billed(context, lines=[replace(COMMISSION, **changed)])  # type: ignore[arg-type]
    with pytest.raises(BadReverseLines, match="at least"):
        billed(context, lines=[])


def test_a_small_business_bears_no_rate(database: Database, tmp_path: Path) -> None:
    context = buying(database, tmp_path)
    agreed(context, PETIT, replace(TERMS, regime=Regime.SMALL_EXEMPT))
    with pytest.raises(BadReverseLines, match="bears no VAT"):
        billed(context, PETIT, [replace(COMMISSION, vat_rate_bp=2_000)])


def test_lines_of_several_rates_may_take_something_off(database: Database, tmp_path: Path) -> None:
    context = buying(database, tmp_path)
    agreed(context)
    lines = [
        COMMISSION,
        replace(COMMISSION, reference="", quantity_e4=-5_000),
        replace(COMMISSION, reference="BOOK", vat_rate_bp=550, unit_price_ucents=333_333_333),
    ]
    bill = billed(context, lines=lines)
    assert [(each.vat_rate_bp, each.net_minor, each.tax_minor) for each in bill.taxes] == [
        (2_000, 5_000, 1_000), (550, 333, 18),
    ]  # fmt: skip
    with pytest.raises(BadReverseLines, match="less than nothing"):
        billed(
            context,
            lines=[replace(COMMISSION, reference="A"), replace(lines[2], reference="", quantity_e4=-10_000)],
        )
    assert failed(context) == {}


# ---------------------------------------------------------------- contested, taken back


def test_a_contested_bill_is_not_paid(database: Database, tmp_path: Path) -> None:
    context = buying(database, tmp_path)
    agreed(context)
    bill_id = billed(context).bill_id
    contest_reverse_bill(context, ACME, bill_id, "twelve referrals, not ten", by="account:ab12345-acq")
    late = on(context, AFTER)
    for forbidden in (pay_reverse_bill, set_off_reverse_bill):
        with pytest.raises((NotPayable, NoSetOff)):
            forbidden(late, ACME, bill_id, by=TESS)
    assert pay_due_reverse_bills(late, FR, date(2027, 6, 1), by=TESS).asked == ()
    with pytest.raises(ReverseBillNotThere):
        contest_reverse_bill(context, ACME, bill_id, "again", by=BOB)
    end_contest(late, ACME, bill_id, "the list was read together", by=BOB)
    with pytest.raises(ReverseBillNotThere, match="could be contested until"):
        contest_reverse_bill(late, ACME, bill_id, "after all", by=BOB)
    assert pay_reverse_bill(late, ACME, bill_id, by=TESS).state is RefundState.APPROVED
    assert failed(context) == {}


def test_one_that_is_accepted_is_paid_before_its_days_have_gone(database: Database, tmp_path: Path) -> None:
    context = buying(database, tmp_path)
    agreed(context)
    bill_id = billed(context).bill_id
    with pytest.raises(NotPayable, match="may be contested until 2026-12-08"):
        pay_reverse_bill(context, ACME, bill_id, by=TESS)
    with pytest.raises(NotPayable):
        pay_reverse_bill(on(context, TODAY + timedelta(days=15)), ACME, bill_id, by=TESS)
    accept_reverse_bill(context, ACME, bill_id, by="account:ab12345-acq")
    with pytest.raises(ReverseBillNotThere, match="was accepted"):
        contest_reverse_bill(context, ACME, bill_id, "no", by=BOB)
    assert pay_reverse_bill(context, ACME, bill_id, by=TESS).amount_minor == 12_000


def test_a_bill_is_taken_back_whole_unless_something_was_paid(database: Database, tmp_path: Path) -> None:
    context = buying(database, tmp_path)
    before = ledger(context)
    agreed(context)
    bill_id = billed(context).bill_id
    contest_reverse_bill(context, ACME, bill_id, "wrong", by=BOB)
    note = take_back_reverse_bill(context, ACME, bill_id, "it was too much", by=BOB)
    assert (note.kind, note.corrects_bill_id) == (BillKind.SELF_BILLED_CREDIT, bill_id)
    assert booked(context, before) == {}
    assert stands(context, bill_id).state is ReverseState.TAKEN_BACK
    for again in (bill_id, note.bill_id):
        with pytest.raises(ReverseBillNotThere):
            take_back_reverse_bill(context, ACME, again, "again", by=BOB)
    with pytest.raises(NotPayable):
        pay_reverse_bill(on(context, AFTER), ACME, bill_id, by=TESS)
    assert failed(context) == {}


def test_other_accounts_bills_do_not_exist(database: Database, tmp_path: Path) -> None:
    context = on(buying(database, tmp_path), TODAY)
    agreed(context)
    bill_id = billed(context).bill_id
    for attempt in (
        lambda: contest_reverse_bill(context, PETIT, bill_id, "mine", by="account:cd67890-acq"),
        lambda: accept_reverse_bill(context, PETIT, bill_id, by="account:cd67890-acq"),
        lambda: pay_reverse_bill(on(context, AFTER), PETIT, bill_id, by=TESS),
        lambda: set_off_reverse_bill(on(context, AFTER), PETIT, bill_id, by=TESS),
        lambda: take_back_reverse_bill(context, PETIT, bill_id, "mine", by=BOB),
    ):
        with pytest.raises(NoSuchReverseBill):
            attempt()


def test_roles_part_who_bills_and_who_pays(database: Database, tmp_path: Path) -> None:
    context = buying(database, tmp_path)
    agreed(context)
    bill_id = billed(context).bill_id
    with pytest.raises(RoleForbids):
        issue_reverse_bill(context, ACME, [COMMISSION], by=TESS)
    with pytest.raises(RoleForbids):
        pay_reverse_bill(on(context, AFTER), ACME, bill_id, by=BOB)
    with pytest.raises(RoleForbids):
        agree_self_billing(context, PETIT, TERMS, by="operator:sam")


# ---------------------------------------------------------------- money


def _paid(context: Context, bill_id: BillId) -> str:
    """The bill is paid by a file that a second person approved; return what the bank calls the transfer."""
    set_refund_account(context, RefundAccount(ACME, IBAN, "", "Acme", "Nantes", "FR"), by=TESS)
    pay_reverse_bill(context, ACME, bill_id, by=TESS)
    made = create_refund_remittance(context, FR, by=TESS)
    assert made.remittance is not None
    number = made.remittance.message_id
    with pytest.raises(SamePersonApproves):
        approve_remittance(context, number, by=TESS)
    approve_remittance(context, number, by=TOM)
    _, content = hand_over_remittance(context, number, by=TESS)
    assert f"<Ustrd>{bill_id}</Ustrd>".encode() in content
    take_refunds_paid(context, number, 12_000, AFTER, by="cli")
    return f"{number}-1"


def test_a_transfer_that_comes_back_is_owed_again(database: Database, tmp_path: Path) -> None:
    context = on(buying(database, tmp_path, **IBANS), TODAY)
    before = ledger(context)
    agreed(context)
    bill_id = billed(context).bill_id
    later = on(context, AFTER)
    name = _paid(later, bill_id)
    with pytest.raises(ReverseBillNotThere, match="undo that first"):
        take_back_reverse_bill(later, ACME, bill_id, "too late", by=BOB)
    take_refund_returned(later, name, "account closed", AFTER, by="cli")
    assert booked(context, before) == {"401000": -12_000, "445640": 2_000, "622200": 10_000}
    assert stands(context, bill_id).open_minor == 12_000
    assert failed(context) == {}
    pay_reverse_bill(later, ACME, bill_id, by=TESS)
    with pytest.raises(NotPayable, match="paying"):
        pay_reverse_bill(later, ACME, bill_id, by=TESS)
    record_refund_failed(later, ACME, 2, "the bank took it for another", by=TESS)
    assert stands(context, bill_id).open_minor == 12_000
    assert failed(context) == {}


def test_a_large_payment_waits_for_a_second_person(database: Database, tmp_path: Path) -> None:
    context = on(buying(database, tmp_path, approval_above_minor=5_000), AFTER)
    agreed(context)
    bill_id = billed(context).bill_id
    accept_reverse_bill(context, ACME, bill_id, by=BOB)
    asked = pay_reverse_bill(context, ACME, bill_id, by=TESS)
    assert asked.state is RefundState.ASKED
    with pytest.raises(SamePersonApproves):
        approve_refund(context, ACME, asked.refund_id, by=TESS)
    refuse_refund_asked(context, ACME, asked.refund_id, "look again", by=TOM)
    assert stands(context, bill_id).state is ReverseState.OPEN
    again = pay_reverse_bill(context, ACME, bill_id, by=TESS)
    assert approve_refund(context, ACME, again.refund_id, by=TOM).state is RefundState.APPROVED
    assert failed(context) == {}


def test_all_that_fell_due_is_paid_at_once(database: Database, tmp_path: Path) -> None:
    context = buying(database, tmp_path)
    agreed(context)
    agreed(context, PETIT, replace(TERMS, regime=Regime.SMALL_EXEMPT))
    billed(context)
    billed(context, PETIT)
    assert pay_due_reverse_bills(on(context, AFTER), FR, by=TESS).asked == ()
    due = on(context, TODAY + timedelta(days=30))
    assert [each.amount_minor for each in pay_due_reverse_bills(due, FR, by=TESS).asked] == [12_000, 10_000]
    assert pay_due_reverse_bills(due, FR, by=TESS).asked == ()
    assert failed(context) == {}


def test_what_an_account_owes_is_set_off_by_agreement(database: Database, tmp_path: Path) -> None:
    context = buying(database, tmp_path)
    before = ledger(context)
    agreed(context, terms=replace(TERMS, sets_off=True))
    bill_id = billed(context).bill_id
    later = on(context, AFTER)
    done = set_off_reverse_bill(later, ACME, bill_id, by=TESS)
    assert (done.set_off_minor, done.open_minor) == (2_400, 9_600), "its own 12.00 and its laboratory's"
    assert (open_of(context, ACME), open_of(context, LAB)) == (0, 0)
    assert booked(context, before) == {
        "401000": -9_600, "411000": -2_400, "445640": 1_600, "445660": 400, "445710": -400, "445740": 400,
        "622200": 10_000,
    }  # fmt: skip
    assert failed(context) == {}
    with pytest.raises(NoSetOff, match="owes nothing"):
        set_off_reverse_bill(later, ACME, bill_id, by=TESS)
    reopen_debt(
        later, LAB, debt_of(context, LAB).debt_id, operations_of(context, LAB)[0].operation_id, "by mistake",
        by=TESS,
    )  # fmt: skip
    assert (stands(context, bill_id).open_minor, open_of(context, LAB)) == (10_800, 1_200)
    assert failed(context) == {}
    assert pay_reverse_bill(later, ACME, bill_id, by=TESS).amount_minor == 10_800
    assert failed(context) == {}


def test_a_credit_note_on_a_bill_that_was_set_off_owes_the_supplier_again(
    database: Database, tmp_path: Path
) -> None:
    context = buying(database, tmp_path)
    agreed(context, terms=replace(TERMS, sets_off=True))
    bill_id = billed(context).bill_id
    later = on(context, AFTER)
    set_off_reverse_bill(later, ACME, bill_id, by=TESS)
    credit_bill(later, ACME, debt_of(context, ACME).bill_id, "never delivered", by="cli")
    assert stands(context, bill_id).open_minor == 10_800
    assert failed(context) == {}


def test_nothing_is_set_off_without_agreement(database: Database, tmp_path: Path) -> None:
    context = buying(database, tmp_path)
    agreed(context)
    bill_id = billed(context).bill_id
    with pytest.raises(NoSetOff, match="does not say"):
        set_off_reverse_bill(on(context, AFTER), ACME, bill_id, by=TESS)
