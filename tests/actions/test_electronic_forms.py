"""What runs issue leaves as Factur-X and UBL that the official rules find nothing wrong with."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final, LiteralString

from acquit.actions.add_credit import Credit, add_credit
from acquit.actions.context import Context
from acquit.actions.correct_bill import Correction, correct_bill
from acquit.actions.credit_bill import credit_bill
from acquit.actions.import_exchange_rates import import_exchange_rates
from acquit.actions.render_document import bill_cii, bill_ubl, render_missing
from acquit.actions.set_bill_references import set_bill_references
from acquit.actions.set_legal_party import set_legal_party
from acquit.actions.set_purchase_order import set_purchase_order
from acquit.actions.share_bills import share_bills
from acquit.core.credit import Part
from acquit.core.credit_balance import CreditType
from acquit.core.identifiers import AccountId, BillId
from acquit.core.order_change import OrderTerms
from acquit.core.purchase_order import OrderKind, OrderLine
from acquit.documents import cii_reading, ubl_reading
from acquit.documents.electronic_bill import ElectronicBill
from acquit.documents.xml_tree import tree
from acquit.store import documents
from acquit.store.transaction import Database
from billed import ADDRESSED, bill, family, seller, subscribe
from collecting import ICS, OTHER_IBAN, collecting, on
from founding import ACME, LAB, PETIT, SHOP
from official_rules import broken
from owing import EUR

NOV = date(2026, 11, 3)
NEWEST: Final[LiteralString] = "SELECT max(bill_id) AS bill_id FROM bill WHERE account_id = %(account_id)s"


def electronic_forms(context: Context, *, french: bool = True) -> dict[AccountId, list[ElectronicBill]]:
    """Render all bills and return what both their archived forms say, by account, bills first."""
    with context.database.read() as tx:
        keys = documents.missing(tx, 1_000)
    render_missing(context)
    found: dict[AccountId, list[ElectronicBill]] = {}
    for account_id, bill_id in keys:
        in_cii, in_ubl = bill_cii(context, account_id, bill_id), bill_ubl(context, account_id, bill_id)
        assert broken(in_cii, french=french) == broken(in_ubl, french=french) == []
        told = cii_reading.read(tree(in_cii))
        assert told == ubl_reading.read(tree(in_ubl))
        found.setdefault(account_id, []).append(told)
    return {account_id: sorted(told, key=lambda each: each.type_code) for account_id, told in found.items()}


def newest_of(context: Context, account_id: AccountId) -> BillId:
    with context.database.read() as tx:
        row = tx.one(NEWEST, account_id=account_id)
    return BillId(row.bill_id)


def test_debited_prepaid_and_corrected(database: Database, tmp_path: Path) -> None:
    context = on(collecting(database, tmp_path), date(2026, 12, 1))
    add_credit(context, PETIT, Credit(500, EUR, CreditType.VOUCHER, "gift"), by="cli")
    add_credit(context, ACME, Credit(5_000, EUR, CreditType.VOUCHER, "gift"), by="cli")
    bill(context, "2026-12")
    moved = Correction({"street": "9 quai"})
    correct_bill(context, LAB, newest_of(context, LAB), "wrong street", moved, by="cli")
    found = {
        account_id: [each for each in told if each.issued_on == date(2026, 12, 1)]
        for account_id, told in electronic_forms(context).items()
    }
    (part,), (whole,), (transferred,) = found[PETIT], found[ACME], found[SHOP]
    (payment,) = part.payments
    assert (payment.code, payment.debited_iban, part.creditor) == ("59", OTHER_IBAN, ICS)
    assert (part.totals.prepaid, part.totals.payable, part.profile) == ("5.00", "7.00", "S1")
    assert (whole.totals.payable, whole.profile, whole.payments) == ("0.00", "S2", ())
    assert transferred.payments[0].code == "58"
    assert [each.type_code for each in found[LAB]] == ["380", "381", "384"]
    assert {each.preceding[0][0] for each in found[LAB][1:]} == {found[LAB][0].number}
    assert found[LAB][2].buyer.street == "9 quai"


def test_dollars_with_and_without_vat_and_a_credit_note_over_a_part(database: Database) -> None:
    context = seller(database, NOV, vat_on_debits=True)
    family(context)
    import_exchange_rates(context, b"Date,USD\n2026-11-02,1.0870\n", by="cli")
    subscribe(context, ACME, "a", currency="USD", unit_price_ucents=10_870_000_000)
    bill(context)
    credit_bill(context, ACME, newest_of(context, ACME), "less", [Part(1, 3_333)], by="cli")
    issued, note = electronic_forms(context)[ACME]
    assert (issued.currency, issued.tax_currency, issued.totals.accounted_tax) == ("USD", "EUR", "20.00")
    assert (issued.tax_due, note.type_code, note.totals.net) == ("3", "381", "33.33")
    assert note.preceding == ((issued.number, issued.issued_on),)


def test_a_swiss_buyer_in_dollars_is_out_of_scope_and_shows_no_vat_id(database: Database) -> None:
    context = seller(database, NOV)
    family(context)
    swiss = replace(ADDRESSED, country="CH", siren="", vat_id="", e_address="")
    set_legal_party(context, ACME, swiss, by="cli", from_on=date(2026, 11, 1))
    subscribe(context, ACME, "a", currency="USD")
    bill(context)
    (issued,) = electronic_forms(context, french=False)[ACME]
    assert (issued.taxes[0].category, issued.seller.vat_id, issued.buyer.e_address) == ("O", "", "")
    assert (issued.tax_currency, issued.totals.accounted_tax) == ("EUR", "0.00")


def test_order_lines_and_cost_accounts_of_a_shared_bill(database: Database) -> None:
    context = seller(database)
    family(context)
    set_bill_references(context, LAB, cost_account="6136-LAB", by="cli")
    lines = (OrderLine(1, "ITEM-10", service_pattern="*", amount_max_minor=50_000, cost_account=""),)
    terms = OrderTerms("PO-1", date(2026, 1, 1), kind=OrderKind.CLOSED, cost_account="6130-IT", lines=lines)
    set_purchase_order(context, ACME, terms, by="cli")
    share_bills(context, ACME, by="cli")
    for account_id in (ACME, LAB):
        subscribe(context, account_id, f"srv-{account_id}")
    bill(context)
    found = electronic_forms(context)[ACME]
    told = {line.object_id: (line.order_line, line.cost_account) for each in found for line in each.lines}
    assert told[f"srv-{ACME}"] == ("ITEM-10", "")
    assert told[f"srv-{LAB}"][1] == "6136-LAB"
    assert {(each.order, each.cost_account) for each in found} >= {("PO-1", "6130-IT")}
