"""What a bill knows before it is printed: debit, credit used, VAT in the seller's currency, references."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from acquit.actions.add_credit import Credit, add_credit
from acquit.actions.context import Context
from acquit.actions.correct_bill import Correction, correct_bill
from acquit.actions.create_remittance import rehearse_remittance
from acquit.actions.credit_bill import credit_bill
from acquit.actions.grant_enterprise_terms import grant_enterprise_terms
from acquit.actions.import_exchange_rates import import_exchange_rates
from acquit.actions.register_mandate import change_mandate, list_mandates
from acquit.actions.replay_run import replay_run
from acquit.actions.report_vat import report_vat
from acquit.actions.retry_parked import parked_accounts, retry_parked
from acquit.actions.run_bills import run_bills
from acquit.actions.set_bill_references import set_bill_references
from acquit.actions.set_legal_party import set_legal_party
from acquit.actions.set_purchase_order import set_purchase_order
from acquit.actions.settle_debt import Receipt, settle_debt
from acquit.actions.share_bills import share_bills
from acquit.core.bill import Bill
from acquit.core.credit import Part
from acquit.core.credit_balance import CreditType
from acquit.core.debt import Allocation
from acquit.core.exchange_rate import RateDiffers
from acquit.core.identifiers import AccountId, DebtId
from acquit.core.mandate import MandateStep
from acquit.core.order_change import OrderTerms
from acquit.core.printed_text import BadText
from acquit.core.purchase_order import OrderKind, OrderLine
from acquit.core.sales_request import AskedTerm
from acquit.core.terms import Term
from acquit.documents.paper import BillPaper
from acquit.documents.pdf import render
from acquit.documents.sheet import sheet
from acquit.store import bills, documents
from acquit.store.transaction import Database
from billed import ADDRESSED, bill, failed, family, seller, subscribe
from collecting import IBAN, ICS, collecting, on, sign
from founding import ACME, FR, LAB, PETIT, SHOP
from owing import EUR, TESS

NOV = date(2026, 11, 3)
RATES = b"Date,USD\n2026-11-02,1.0870\n"
NUMBERS = "SELECT bill_id FROM bill WHERE account_id = %(account_id)s ORDER BY bill_id"


def bills_of(context: Context, account_id: AccountId) -> list[Bill]:
    """Every bill of the account, oldest first."""
    with context.database.read() as tx:
        found = [bills.find(tx, account_id, row.bill_id) for row in tx.all(NUMBERS, account_id=account_id)]
    return [each for each in found if each is not None]


def last_of(context: Context, account_id: AccountId) -> Bill:
    """The account's newest bill."""
    return bills_of(context, account_id)[-1]


def paper_of(context: Context, issued: Bill) -> BillPaper:
    """The bill as it is printed."""
    with context.database.snapshot() as tx:
        (found,) = documents.printed(tx, [(issued.account_id, issued.bill_id)])
    return BillPaper(*found)


def is_proven(context: Context, period: str) -> bool:
    """Whether the run is decided again the same and the audit finds nothing."""
    return replay_run(context, period, FR).differences == [] and failed(context) == {}


def test_a_payer_by_direct_debit_is_told_the_day_and_the_mandate(database: Database, tmp_path: Path) -> None:
    context = on(collecting(database, tmp_path), date(2026, 12, 1))
    bill(context, "2026-12")
    debited, transferred = last_of(context, LAB), last_of(context, SHOP)
    assert (debited.payment_means, debited.payer_id) == ("direct-debit", ACME)
    assert (transferred.payment_means, transferred.debit_hash) == ("transfer", None)
    paper = paper_of(context, debited)
    assert paper.debit is not None
    assert (paper.debit.iban, paper.debit.creditor_id) == (IBAN, ICS)
    assert paper.debit.mandate_reference == f"{ACME.upper()}-1"
    assert (debited.due_on, debited.collected_on) == (date(2026, 12, 31), date(2026, 12, 31))
    told = rehearse_remittance(context, FR, date(2026, 12, 31))
    asked = {part.bill_id: line.requested_on for line in told.gathered.lines for part in line.parts}
    assert asked[debited.bill_id] == debited.collected_on, "the file asks for the day that the paper tells"
    assert is_proven(context, "2026-12")


def test_the_debited_account_is_masked_on_paper(database: Database, tmp_path: Path) -> None:
    context = on(collecting(database, tmp_path), date(2026, 12, 1))
    bill(context, "2026-12")
    paper = paper_of(context, last_of(context, PETIT))
    assert paper.debit is not None
    content = render(paper)
    assert paper.debit.iban.encode() not in content


def test_a_debit_waits_for_notice_and_an_open_bank(database: Database, tmp_path: Path) -> None:
    context = on(collecting(database, tmp_path, notice_days=40, approval_days=3), date(2026, 12, 1))
    bill(context, "2026-12")
    # 43 days after the first of December is the 13th of January; the term ends before.
    assert last_of(context, PETIT).collected_on == date(2027, 1, 13)


def test_the_default_method_decides_between_term_and_mandate(database: Database, tmp_path: Path) -> None:
    context = on(collecting(database, tmp_path), date(2026, 12, 1))
    grant_enterprise_terms(context, ACME, AskedTerm(Term(45)), by="cli")
    bill(context, "2026-12")
    assert last_of(context, ACME).payment_means == "transfer", "the granted method is the default"
    sign(context, ACME, IBAN)
    later = on(context, date(2027, 1, 4))
    bill(later, "2027-01")
    found = last_of(later, ACME)
    assert (found.payment_means, found.due_on) == ("direct-debit", date(2027, 2, 18))
    assert found.collected_on == date(2027, 2, 18), "on the day on which the granted term ends"


@pytest.mark.parametrize("step", [MandateStep.SUSPENDED, MandateStep.CANCELLED])
def test_a_mandate_that_does_not_serve_collects_nothing(
    database: Database, tmp_path: Path, step: MandateStep
) -> None:
    context = on(collecting(database, tmp_path), date(2026, 12, 1))
    ((held, _),) = list_mandates(context, PETIT)
    change_mandate(context, PETIT, held.mandate.mandate_id, step, "asked by the payer", by=TESS)
    bill(context, "2026-12")
    assert last_of(context, PETIT).payment_means == "transfer"
    assert is_proven(context, "2026-12")


def test_what_credit_pays_is_told_and_not_debited(database: Database, tmp_path: Path) -> None:
    context = on(collecting(database, tmp_path), date(2026, 12, 1))
    add_credit(context, PETIT, Credit(500, EUR, CreditType.VOUCHER, "gift"), by="cli")
    add_credit(context, ACME, Credit(5_000, EUR, CreditType.VOUCHER, "gift"), by="cli")
    bill(context, "2026-12")
    part, whole = last_of(context, PETIT), last_of(context, ACME)
    assert (part.prepaid_minor, part.to_pay_minor, part.payment_means) == (500, 700, "direct-debit")
    assert (whole.prepaid_minor, whole.to_pay_minor, whole.payment_means) == (1_200, 0, "transfer")
    assert is_proven(context, "2026-12")
    later = on(context, date(2027, 1, 4))
    note = credit_bill(later, PETIT, part.bill_id, "wrong", by="cli")
    assert (note.prepaid_minor, note.collected_on, note.debit_hash) == (0, None, None)


def test_vat_in_another_currency_waits_for_a_rate(database: Database) -> None:
    context = seller(database, NOV, vat_on_debits=True)
    family(context)
    subscribe(context, ACME, "a", currency="USD", unit_price_ucents=10_870_000_000)
    bill_runs = parked_after(context)
    assert bill_runs == ["missing-exchange-rate"]
    taken = import_exchange_rates(context, RATES + b"2026-11-01,1.1\n", by="cli")
    assert (taken.added, taken.held, taken.last_on) == (2, 2, "2026-11-02")
    assert import_exchange_rates(context, RATES, by="cli").added == 0
    with pytest.raises(RateDiffers, match=r"2026-11-02 is known as 1\.087"):
        import_exchange_rates(context, b"Date,USD\n2026-11-02,1.0871\n2026-11-03,1.2\n", by="cli")
    retry_parked(context, by="cli")
    issued = last_of(context, ACME)
    assert (issued.accounting_currency, issued.exchange_e8, issued.exchanged_on) == (
        "EUR", 108_700_000, date(2026, 11, 2),
    )  # fmt: skip
    assert (issued.tax_minor, issued.accounting_tax_minor) == (2_174, 2_000)
    assert "TVA en EUR" in str(paper_text(context, issued))
    (line,) = report_vat(context, FR, "2026-11").lines
    assert (line.local_net_minor, line.local_tax_minor) == (10_000, issued.accounting_tax_minor)
    assert is_proven(context, "2026-11")


def parked_after(context: Context) -> list[str]:
    """The codes of the problems for which a run sets accounts aside."""
    run_bills(context, FR, "2026-11", by="cli")
    return [each.code for _, found in parked_accounts(context) for one in found for each in one.problems]


def paper_text(context: Context, issued: Bill) -> list[str]:
    """What the paper says about VAT."""
    return list(sheet(paper_of(context, issued)).vat_reasons)


def test_without_vat_no_rate_is_needed(database: Database) -> None:
    context = seller(database, NOV)
    family(context)
    swiss = replace(ADDRESSED, country="CH", siren="", vat_id="", e_address="")
    set_legal_party(context, ACME, swiss, by="cli", from_on=date(2026, 11, 1))
    subscribe(context, ACME, "a", currency="USD")
    assert parked_after(context) == []
    assert (last_of(context, ACME).tax_minor, last_of(context, ACME).accounting_currency) == (0, None)


def test_credit_notes_together_give_back_the_vat_that_the_bill_told(database: Database) -> None:
    context = seller(database, NOV, vat_on_debits=True)
    family(context)
    import_exchange_rates(context, b"Date,USD\n2026-11-02,1.3333\n", by="cli")
    subscribe(context, ACME, "a", currency="USD", unit_price_ucents=10_001_000_000)
    bill(context)
    issued = last_of(context, ACME)
    for amount_minor in (3_333, 3_333, None):
        credit_bill(context, ACME, issued.bill_id, "less", [Part(1, amount_minor)], by="cli")
    notes = [each for each in bills_of(context, ACME) if each.kind == "credit-note"]
    assert len(notes) == 3
    assert sum(note.accounting_tax_minor or 0 for note in notes) == issued.accounting_tax_minor
    assert {note.exchange for note in notes} == {issued.exchange}
    assert all(line.local_tax_minor == 0 for line in report_vat(context, FR, "2026-11").lines)
    assert failed(context) == {}


def test_bills_name_the_cost_account_and_the_contract(database: Database) -> None:
    context = seller(database)
    family(context)
    set_bill_references(context, ACME, cost_account="6135", contract="CTR-7", by="cli")
    set_bill_references(context, LAB, cost_account=" 6136-LAB ", by="cli")
    for account_id in (ACME, LAB, PETIT):
        subscribe(context, account_id, f"srv-{account_id}")
    bill(context)
    named = {each: last_of(context, each) for each in (ACME, LAB, PETIT)}
    assert {each: (found.cost_account, found.contract) for each, found in named.items()} == {
        ACME: ("6135", "CTR-7"), LAB: ("6136-LAB", "CTR-7"), PETIT: ("", ""),
    }  # fmt: skip
    assert is_proven(context, "2026-11")
    set_bill_references(context, ACME, cost_account="", by="cli")
    with database.read() as tx:
        row = tx.one("SELECT cost_account, contract FROM account WHERE account_id = 'ab12345-acq'")
    assert tuple(row) == ("", "CTR-7")
    with pytest.raises(BadText, match=r"U\+FFFE"):
        set_bill_references(context, ACME, contract="CTR\ufffe", by="cli")


def test_an_order_goes_before_the_account_and_its_lines_before_the_order(database: Database) -> None:
    context = seller(database)
    family(context)
    set_bill_references(context, ACME, cost_account="6135", by="cli")
    lines = (
        OrderLine(1, "ITEM-10", service_pattern="srv-a*", amount_max_minor=5_000, cost_account="6137-DC"),
        OrderLine(2, "ITEM-20", service_pattern="*", amount_max_minor=5_000),
    )
    terms = OrderTerms("PO-1", date(2026, 1, 1), kind=OrderKind.CLOSED, cost_account="6130-IT", lines=lines)
    set_purchase_order(context, ACME, terms, by="cli")
    for name in ("srv-a", "srv-b"):
        subscribe(context, ACME, name)
    bill(context)
    issued = last_of(context, ACME)
    assert issued.cost_account == "6130-IT"
    assert [(each.purchase_order_item, each.cost_account) for each in issued.details] == [
        ("ITEM-10", "6137-DC"), ("ITEM-20", ""),
    ]  # fmt: skip
    assert is_proven(context, "2026-11")
    corrected = correct_bill(
        context, ACME, issued.bill_id, "no order", Correction(order_reference=None), by="cli"
    ).bill
    assert corrected.cost_account == "6135"
    assert {(each.purchase_order_item, each.cost_account) for each in corrected.details} == {("", "")}
    assert failed(context) == {}


def test_a_shared_bill_tells_the_cost_account_of_each_member(database: Database) -> None:
    context = seller(database)
    family(context)
    set_bill_references(context, ACME, cost_account="6135", by="cli")
    set_bill_references(context, LAB, cost_account="6136-LAB", by="cli")
    share_bills(context, ACME, by="cli")
    for account_id in (ACME, LAB):
        subscribe(context, account_id, f"srv-{account_id}")
    bill(context)
    issued = last_of(context, ACME)
    assert issued.cost_account == "6135"
    assert [each.cost_account for each in issued.details] == ["", "6136-LAB"]
    assert is_proven(context, "2026-11")


def test_what_was_paid_for_a_bill_is_told_on_its_correction(database: Database, tmp_path: Path) -> None:
    context = on(collecting(database, tmp_path), date(2026, 12, 1))
    bill(context, "2026-12")
    issued = last_of(context, PETIT)
    settle_debt(
        context,
        PETIT,
        Receipt(date(2026, 12, 1), 1_000, EUR),
        [Allocation(PETIT, DebtId(issued.order_id), 1_000)],
        by="cli",
    )
    made = correct_bill(
        context, PETIT, issued.bill_id, "wrong street", Correction({"street": "9 quai"}), by="cli"
    )
    assert (made.settled_minor, made.bill.prepaid_minor, made.bill.to_pay_minor) == (1_000, 1_000, 200)
    assert (made.bill.payment_means, made.bill.collected_on) == ("direct-debit", issued.collected_on)
    assert made.credit_note.payment_means == "transfer"
    assert failed(context) == {}
