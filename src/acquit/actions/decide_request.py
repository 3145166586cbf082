"""Decide a request to sales: approve it, so that the method, the order or the bill appears, or refuse it."""

from acquit.actions.context import Context
from acquit.actions.correct_bill import correct_in
from acquit.actions.grant_enterprise_terms import grant_in
from acquit.actions.loading import account_in, locked_account_in, require_staff, today_of
from acquit.actions.review_request import correction_of
from acquit.actions.set_purchase_order import set_order_in
from acquit.actions.settling import hold_in
from acquit.core.identifiers import BillId, RequestId
from acquit.core.operator import Right
from acquit.core.sales_request import (
    AskedCorrection,
    AskedTerm,
    NoSuchRequest,
    RequestKind,
    RequestState,
    SalesRequest,
    checked_reason,
    refuse_decided,
)
from acquit.store import acts, requests
from acquit.store.transaction import Transaction

REASON_MAX = 500
"""How much of the account's words is printed."""


def approve_request(
    context: Context, request_id: RequestId, *, by: str, instead: AskedTerm | None = None
) -> SalesRequest:
    """The request is approved, and in the same transaction the term is granted or the order set.

    `instead` is the term that sales grants where that differs from what was asked (a choice for metered
    usage, a credit limit). Raises NoSuchRequest, AlreadyDecided, and every refusal of a grant or an order.
    """
    with context.database.write() as tx:
        request = _held(tx, request_id, by)
        asked = request.asked
        if isinstance(asked, AskedCorrection):
            return _correct(context, tx, request, asked, by)
        if isinstance(asked, AskedTerm):
            account = locked_account_in(tx, request.account_id)
            today = today_of(context, tx, account)
            grant = grant_in(tx, request.account_id, instead or asked, today, by, request_id)
            result_id = int(grant.grant_id)
        else:
            order = set_order_in(context, tx, request.account_id, asked.terms, by)
            result_id = int(order.purchase_order_id)
        return _decide(tx, request, RequestState.APPROVED, by, result_id=result_id)


def _correct(
    context: Context, tx: Transaction, request: SalesRequest, asked: AskedCorrection, by: str
) -> SalesRequest:
    """Take the bill back and bill it again as the account asked; its words are printed as the reason."""
    reason = request.message.strip() or f"Correction asked for in request {request.request_id}"
    made = correct_in(
        context, tx, request.account_id, asked.bill_id, reason[:REASON_MAX], correction_of(asked), by
    )
    return _decide(
        tx,
        request,
        RequestState.APPROVED,
        by,
        result_id=int(made.bill.order_id),
        result_bill=made.bill.bill_id,
    )


def refuse_request(context: Context, request_id: RequestId, reason: str, *, by: str) -> SalesRequest:
    """The request is refused, and the account reads why.

    Raises NoSuchRequest, AlreadyDecided, ReasonMissing.
    """
    why = checked_reason(reason)
    with context.database.write() as tx:
        request = _held(tx, request_id, by)
        return _decide(tx, request, RequestState.REFUSED, by, reason=why)


def _held(tx: Transaction, request_id: RequestId, by: str) -> SalesRequest:
    """Return the waiting request, which is held after its payer and account.

    Who corrects bills decides about corrections, sales about all else.
    """
    seen = requests.find_any(tx, request_id)
    corrects = seen is not None and seen.kind is RequestKind.CORRECTION
    require_staff(tx, by, Right.CORRECT_BILLS if corrects else Right.DECIDE_REQUESTS)
    if seen is None:
        raise NoSuchRequest(request_id)
    hold_in(tx, account_in(tx, seen.account_id).payer_id, [seen.account_id])
    requests.lock(tx, seen.account_id, request_id)
    request = requests.find_any(tx, request_id)
    assert request is not None, "requests are never deleted"
    refuse_decided(request)
    return request


def _decide(
    tx: Transaction,
    request: SalesRequest,
    state: RequestState,
    by: str,
    *,
    reason: str = "",
    result_id: int | None = None,
    result_bill: BillId | None = None,
) -> SalesRequest:
    requests.decide(
        tx, request, state, by, reason=reason, result_id=result_id, result_bill=result_bill
    )  # fmt: skip
    acts.record(
        tx,
        by,
        "decide_request",
        request.account_id,
        str(request.request_id),
        state=state.value,
        reason=reason,
    )
    decided = requests.find_any(tx, request.request_id)
    assert decided is not None, "requests are never deleted"
    return decided
