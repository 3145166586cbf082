"""Charges that are let off whole end in a bill of zero: numbered, booked, paid from the start."""

from datetime import date

import pytest

from acquit.actions.agree_discount import agree_discount
from acquit.actions.correct_bill import Correction, correct_bill
from acquit.actions.credit_bill import credit_bill
from acquit.actions.explain_bill import explain_bill
from acquit.actions.render_document import bill_pdf
from acquit.actions.replay_run import replay_run
from acquit.core.bill import Bill
from acquit.core.correction import NotCorrectable
from acquit.core.credit import NotCreditable
from acquit.core.debt import DebtStatus, status
from acquit.core.discount import Discount
from acquit.core.explanation_text import told
from acquit.core.identifiers import DiscountId
from acquit.core.money import Currency
from acquit.store import bills, debts
from acquit.store.transaction import Database
from billed import bill, failed, family, rows, seller, subscribe
from founding import FR, PETIT


def test_a_bill_of_zero_is_issued_paid_explained_replayed_and_audited(database: Database) -> None:
    context = seller(database)
    family(context)
    subscribe(context, PETIT, "srv1")
    whole = Discount(PETIT, DiscountId(0), "Partner", date(2026, 1, 1), Currency("EUR"), share_bp=10_000)
    agree_discount(context, whole, by="cli")
    report = bill(context)
    assert (report.bills, report.parked, report.total_minor) == (1, 0, 0)
    (row,) = rows(context, "SELECT bill_id FROM bill")
    with context.database.read() as tx:
        issued = bills.find(tx, PETIT, row.bill_id)
        owed = debts.of_bill(tx, PETIT, row.bill_id)
    assert isinstance(issued, Bill)
    assert owed is not None
    assert (owed.amount_minor, status(owed, (), issued.due_on.replace(year=2030), 8)) == (0, DebtStatus.PAID)
    assert rows(context, "SELECT count(*) AS n FROM posting")[0].n == 0
    assert failed(context) == {}
    assert replay_run(context, "2026-11", FR).differences == []
    assert "nothing to post, for the bill comes to zero" in " ".join(
        told(explain_bill(context, issued.bill_id))
    )
    assert bill_pdf(context, PETIT, issued.bill_id).startswith(b"%PDF")
    with pytest.raises(NotCreditable, match="comes to zero"):
        credit_bill(context, PETIT, issued.bill_id, "again", by="cli")
    with pytest.raises(NotCorrectable, match="comes to zero"):
        correct_bill(context, PETIT, issued.bill_id, "again", Correction({"name": "Other"}), by="cli")
