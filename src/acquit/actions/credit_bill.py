"""Take an issued bill back, whole or in part, by a credit note; money beyond what is left is unapplied."""

from collections.abc import Sequence
from dataclasses import replace

from acquit.actions.context import Context
from acquit.actions.crediting import bill_in, book_note_in, note_in, set_free_in, settle_again_in
from acquit.actions.loading import account_in, require_staff
from acquit.actions.settling import books_in, hold_in
from acquit.core.bill import Bill, BillKind
from acquit.core.credit import Part, credited_taxes, parts_of_down_payment, refuse_credit, taken_back
from acquit.core.down_payment import left_minor
from acquit.core.identifiers import AccountId, BillId
from acquit.core.operator import Right
from acquit.core.printed_text import REASON_MAX, refuse_texts
from acquit.documents.glyphs import missing_glyphs
from acquit.store import acts, bills, down_payments, purchase_orders


def credit_bill(
    context: Context,
    account_id: AccountId,
    bill_id: BillId,
    reason: str,
    parts: Sequence[Part] = (),
    *,
    by: str,
) -> Bill:
    """A credit note takes the bill, or the named parts of lines, back; its purchase order has that again.

    Of the whole bill nothing is owed then. What was paid stays with what is left, the rest is unapplied. Of
    a down payment what bills deducted stays; take these back before.
    Raises NoSuchAccount, NoSuchBill, BadText, CreditReasonMissing, NotCreditable, BadCredit.
    """
    refuse_texts([("The reason", " ".join(reason.split()))], missing_glyphs, REASON_MAX)
    with context.database.write() as tx:
        require_staff(tx, by, Right.CORRECT_BILLS)
        account = account_in(tx, account_id)
        hold_in(tx, account.payer_id, [account_id])
        purchase_orders.lock_concerning(tx, [account_id])
        taken = bill_in(tx, account_id, bill_id)
        refuse_credit(taken.bill, taken.notes, reason)
        if taken.bill.kind is BillKind.DOWN_PAYMENT:
            left = left_minor(taken.bill, down_payments.uses(tx, account_id, bill_id))
            parts = parts_of_down_payment(taken.bill, left, parts)
        taken = replace(taken, details=taken_back(taken.bill, taken.notes, parts))
        books = books_in(context, tx, account.legal_entity_id)
        taxes = credited_taxes(taken.bill, taken.notes, taken.details)
        total_minor = sum(each.net_minor + each.tax_minor for each in taxes)
        owed, undone = set_free_in(tx, books, taken, total_minor, books.today, reason)
        bills.keep_snapshots(tx, [books.seller])
        note = note_in(context.clock, tx, books, taken, reason)
        book_note_in(tx, books, owed, note)
        settle_again_in(tx, books, owed.debt, undone, books.today)
        acts.record(tx, by, "credit_bill", account_id, bill_id, credit_note=note.bill_id, reason=reason)
    return note
