"""Ask for a payment term, a purchase order or the correction of a bill, with a message and a file."""

from acquit.actions.context import Context
from acquit.actions.loading import account_in
from acquit.core.bill import NoSuchBill
from acquit.core.errors import Conflict
from acquit.core.identifiers import AccountId, RequestId
from acquit.core.order_change import checked
from acquit.core.sales_request import (
    Asked,
    AskedCorrection,
    AskedOrder,
    Attachment,
    SalesRequest,
    checked_message,
    refuse_empty_correction,
)
from acquit.store import acts, bills, requests

REQUESTS_WAITING_MAX = 20


class TooManyRequests(Conflict):
    """So many requests of the account wait already that sales has to decide some first."""

    code = "too-many-requests"


def ask_sales(
    context: Context,
    account_id: AccountId,
    asked: Asked,
    *,
    by: str,
    message: str = "",
    file: Attachment | None = None,
) -> SalesRequest:
    """The request waits in the queue of sales; whether it is lawful is shown there, not refused here.

    Raises NoSuchAccount, BadPurchaseOrder for an order that contradicts itself, NoSuchBill, NothingAsked,
    MessageTooLong, TooManyRequests.
    """
    with context.database.write() as tx:
        account = account_in(tx, account_id)
        if isinstance(asked, AskedOrder):
            checked(asked.terms, account.currency)
        if isinstance(asked, AskedCorrection):
            refuse_empty_correction(asked)
            if bills.find(tx, account_id, asked.bill_id) is None:
                raise NoSuchBill(asked.bill_id)
        waiting = [each for each in requests.of_account(tx, account_id) if each.state.value == "waiting"]
        if len(waiting) >= REQUESTS_WAITING_MAX:
            raise TooManyRequests(f"{len(waiting)} requests wait already; sales decides them first.")
        request = SalesRequest(
            account_id=account_id,
            request_id=RequestId(0),
            asked=asked,
            asked_by=by,
            asked_at=context.clock.now(),
            message=checked_message(message),
        )
        request_id = requests.insert(tx, request, file)
        acts.record(tx, by, "ask_sales", account_id, str(request_id), kind=request.kind.value)
        written = requests.find(tx, account_id, request_id)
        assert written is not None, "the request was written in this transaction"
        return written
