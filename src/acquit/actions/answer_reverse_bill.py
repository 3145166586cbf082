"""What a supplier says of a bill made in its name: that it accepts it, contests it, or no longer does."""

from acquit.actions.context import Context
from acquit.actions.loading import locked_account_in, require_if_staff, today_of
from acquit.actions.reverse_booking import standing_in
from acquit.core.identifiers import AccountId, BillId
from acquit.core.operator import Right
from acquit.core.printed_text import REASON_MAX, refuse_texts
from acquit.core.reverse_bill import (
    ReverseBillNotThere,
    Standing,
    refuse_acceptance,
    refuse_contest,
)
from acquit.core.write_off import refuse_without_reason
from acquit.documents.glyphs import missing_glyphs
from acquit.store import acts, reverse_bills


def accept_reverse_bill(context: Context, account_id: AccountId, bill_id: BillId, *, by: str) -> Standing:
    """The supplier accepts the bill: it may be paid at once, and is contested no more.

    Raises NoSuchReverseBill, ReverseBillNotThere, RoleForbids.
    """
    return _answer(context, account_id, bill_id, "accepted", "", by)


def contest_reverse_bill(
    context: Context, account_id: AccountId, bill_id: BillId, reason: str, *, by: str
) -> Standing:
    """The supplier contests the bill in time: nothing of it is paid until this ends.

    It ends by a credit note, or when the supplier gives it up. Raises NoSuchReverseBill, ReverseBillNotThere,
    ReasonMissing, RoleForbids.
    """
    refuse_without_reason(reason)
    return _answer(context, account_id, bill_id, "contested", reason, by)


def end_contest(
    context: Context, account_id: AccountId, bill_id: BillId, outcome: str, *, by: str
) -> Standing:
    """The supplier contests the bill no longer; `outcome` says why. Raises as contest_reverse_bill."""
    refuse_without_reason(outcome)
    return _answer(context, account_id, bill_id, "contest-ended", outcome, by)


def _answer(
    context: Context, account_id: AccountId, bill_id: BillId, kind: str, told: str, by: str
) -> Standing:
    refuse_texts([("The reason", " ".join(told.split()))], missing_glyphs, REASON_MAX)
    with context.database.write() as tx:
        require_if_staff(tx, by, Right.MAKE_REVERSE_BILLS)
        account = locked_account_in(tx, account_id)
        today = today_of(context, tx, account)
        standing = standing_in(tx, account_id, bill_id)
        if kind == "contested":
            refuse_contest(standing, today)
        elif kind == "accepted":
            refuse_acceptance(standing)
        elif not standing.is_contested:
            raise ReverseBillNotThere(f"{bill_id} is {standing.state.value}: nobody contests it.")
        reverse_bills.tell(tx, account_id, bill_id, kind, today, told.strip(), by)
        acts.record(tx, by, f"reverse_bill_{kind.replace('-', '_')}", account_id, bill_id, told=told.strip())
        return standing_in(tx, account_id, bill_id)
