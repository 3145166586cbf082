"""Tell accounts that a document is there, where no mail carries it."""

from collections.abc import Sequence

from acquit.actions.tell_accounts import tell_in
from acquit.core.bill import BillKind
from acquit.core.message import MessageKind, Telling
from acquit.store import messages
from acquit.store.documents import BillKey
from acquit.store.messages import Announced
from acquit.store.transaction import Transaction


def tell_bills_in(tx: Transaction, keys: Sequence[BillKey]) -> int:
    """The accounts of these bills are told of each that leaves by no mail, once; return how many messages."""
    if not keys or not messages.is_any_on(tx):
        return 0
    return tell_in(tx, [_telling(each) for each in messages.announced(tx, keys)])


def _telling(bill: Announced) -> Telling:
    said: dict[str, object] = {
        "bill": bill.bill_id,
        "issued_on": bill.issued_on.isoformat(),
        "currency": bill.currency,
        "total_minor": bill.total_minor,
    }
    if bill.kind != BillKind.CREDIT_NOTE and bill.to_pay_minor > 0:
        said["due_on"] = bill.due_on.isoformat()
    return Telling(bill.account_id, MessageKind.BILL_AVAILABLE, bill.bill_id, said)
