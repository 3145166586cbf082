"""Decide a request to sales: approve it, so that the method or the order appears, or refuse it."""

from acquit.actions.context import Context
from acquit.actions.grant_enterprise_terms import grant_in
from acquit.actions.loading import locked_account_in, require_staff, today_of
from acquit.actions.set_purchase_order import set_order_in
from acquit.core.identifiers import RequestId
from acquit.core.operator import Right
from acquit.core.sales_request import (
    AskedTerm,
    NoSuchRequest,
    RequestState,
    SalesRequest,
    checked_reason,
    refuse_decided,
)
from acquit.store import acts, requests
from acquit.store.transaction import Transaction


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
        if isinstance(asked, AskedTerm):
            account = locked_account_in(tx, request.account_id)
            today = today_of(context, tx, account)
            grant = grant_in(tx, request.account_id, instead or asked, today, by, request_id)
            result_id = int(grant.grant_id)
        else:
            order = set_order_in(context, tx, request.account_id, asked.terms, by)
            result_id = int(order.purchase_order_id)
        return _decide(tx, request, RequestState.APPROVED, by, result_id=result_id)


def refuse_request(context: Context, request_id: RequestId, reason: str, *, by: str) -> SalesRequest:
    """The request is refused, and the account reads why.

    Raises NoSuchRequest, AlreadyDecided, ReasonMissing.
    """
    why = checked_reason(reason)
    with context.database.write() as tx:
        request = _held(tx, request_id, by)
        return _decide(tx, request, RequestState.REFUSED, by, reason=why)


def _held(tx: Transaction, request_id: RequestId, by: str) -> SalesRequest:
    """Return the waiting request, which is held after its account."""
    require_staff(tx, by, Right.DECIDE_REQUESTS)
    seen = requests.find_any(tx, request_id)
    if seen is None:
        raise NoSuchRequest(request_id)
    locked_account_in(tx, seen.account_id)
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
) -> SalesRequest:
    requests.decide(tx, request, state, by, reason=reason, result_id=result_id)
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
