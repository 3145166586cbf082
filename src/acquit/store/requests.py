"""Requests to sales, with what was asked as JSON and the file apart from the row."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from acquit.core.identifiers import AccountId, BillId, BillingGroupId, PurchaseOrderId, RequestId
from acquit.core.order_change import OrderTerms
from acquit.core.purchase_order import MatchedBy, OrderKind, OrderLine, OrderType
from acquit.core.sales_request import (
    Asked,
    AskedCorrection,
    AskedOrder,
    AskedTerm,
    Attachment,
    RequestState,
    SalesRequest,
)
from acquit.core.terms import Method, Term, UsageChoice
from acquit.store.transaction import Transaction

_REQUESTS: Final[LiteralString] = """
    SELECT account_id, request_id, kind, asked, message, file_name, file_type, state, asked_by, asked_at,
           decided_by, decided_at, reason, result_id, result_bill
      FROM request
"""

FIND: Final[LiteralString] = _REQUESTS + "WHERE account_id = %(account_id)s AND request_id = %(request_id)s"

FIND_ANY: Final[LiteralString] = _REQUESTS + "WHERE request_id = %(request_id)s"

LOCK: Final[LiteralString] = """
    SELECT request_id
      FROM request
     WHERE account_id = %(account_id)s AND request_id = %(request_id)s
       FOR UPDATE
"""

OF_ACCOUNT: Final[LiteralString] = _REQUESTS + "WHERE account_id = %(account_id)s ORDER BY request_id"

PAGE: Final[LiteralString] = (
    _REQUESTS
    + """
     WHERE account_id = %(account_id)s AND request_id < %(before_id)s
       AND (%(state)s = '' OR state = %(state)s)
     ORDER BY request_id DESC
     LIMIT %(rows_max)s
"""
)

WAITING: Final[LiteralString] = (
    _REQUESTS
    + """
     WHERE state = 'waiting' AND request_id > %(after_id)s
     ORDER BY request_id
     LIMIT %(rows_max)s
"""
)

COUNT_WAITING: Final[LiteralString] = """
    SELECT count(*) AS requests
      FROM (SELECT FROM request WHERE state = 'waiting' LIMIT %(counted_max)s) w
"""

DECIDED: Final[LiteralString] = (
    _REQUESTS + "WHERE state <> 'waiting' ORDER BY decided_at DESC, request_id DESC LIMIT %(rows_max)s"
)

ATTACHMENT: Final[LiteralString] = """
    SELECT file_name, file_type, file_content
      FROM request
     WHERE account_id = %(account_id)s AND request_id = %(request_id)s AND file_content IS NOT NULL
"""

INSERT: Final[LiteralString] = """
    INSERT INTO request (account_id, kind, asked, message, file_name, file_type, file_content, asked_by)
    VALUES (%(account_id)s, %(kind)s, %(asked)s, %(message)s, %(file_name)s, %(file_type)s,
           %(file_content)s, %(asked_by)s)
    RETURNING request_id
"""

DECIDE: Final[LiteralString] = """
    UPDATE request
       SET state = %(state)s, decided_by = %(decided_by)s, decided_at = instant(), reason = %(reason)s,
           result_id = %(result_id)s, result_bill = %(result_bill)s
     WHERE account_id = %(account_id)s AND request_id = %(request_id)s AND state = 'waiting'
"""


def find(tx: Transaction, account_id: AccountId, request_id: RequestId) -> SalesRequest | None:
    """Return the account's request or None."""
    row = tx.one_or_none(FIND, account_id=account_id, request_id=request_id)
    return None if row is None else _request(row)


def find_any(tx: Transaction, request_id: RequestId) -> SalesRequest | None:
    """Return the request of whichever account, or None: for the provider's staff only."""
    row = tx.one_or_none(FIND_ANY, request_id=request_id)
    return None if row is None else _request(row)


def lock(tx: Transaction, account_id: AccountId, request_id: RequestId) -> None:
    """Hold the request until the transaction ends."""
    tx.all(LOCK, account_id=account_id, request_id=request_id)


def of_account(tx: Transaction, account_id: AccountId) -> list[SalesRequest]:
    """Return the account's requests, oldest first."""
    return [_request(row) for row in tx.all(OF_ACCOUNT, account_id=account_id)]


def page(
    tx: Transaction, account_id: AccountId, before_id: int, rows_max: int, state: RequestState | None = None
) -> list[SalesRequest]:
    """Return requests of the account, newest first, those before one; of a state if given."""
    asked = {"before_id": before_id, "state": state.value if state else "", "rows_max": rows_max}
    return [_request(row) for row in tx.all(PAGE, account_id=account_id, **asked)]


def waiting(tx: Transaction, after_id: int = 0, rows_max: int | None = None) -> list[SalesRequest]:
    """Return the requests that wait for a decision, oldest first, after one: the queue of sales."""
    return [_request(row) for row in tx.all(WAITING, after_id=after_id, rows_max=rows_max)]


def count_waiting(tx: Transaction, counted_max: int) -> int:
    """Return how many requests wait, counted so far at most."""
    return int(tx.one(COUNT_WAITING, counted_max=counted_max).requests)


def decided(tx: Transaction, rows_max: int = 100) -> list[SalesRequest]:
    """Return the requests that were decided last, newest decision first."""
    return [_request(row) for row in tx.all(DECIDED, rows_max=rows_max)]


def attachment(tx: Transaction, account_id: AccountId, request_id: RequestId) -> Attachment | None:
    """Return the file that came with the account's request, or None."""
    row = tx.one_or_none(ATTACHMENT, account_id=account_id, request_id=request_id)
    return None if row is None else Attachment(row.file_name, row.file_type, bytes(row.file_content))


def insert(tx: Transaction, request: SalesRequest, file: Attachment | None) -> RequestId:
    """Write a waiting request and return its id; the request's own id and instant are not looked at."""
    row = tx.one(
        INSERT,
        account_id=request.account_id,
        kind=request.kind.value,
        asked=Jsonb(_written(request.asked)),
        message=request.message,
        file_name=None if file is None else file.name,
        file_type=None if file is None else file.type,
        file_content=None if file is None else file.content,
        asked_by=request.asked_by,
    )
    return RequestId(row.request_id)


def decide(
    tx: Transaction,
    request: SalesRequest,
    state: RequestState,
    decided_by: str,
    *,
    reason: str = "",
    result_id: int | None = None,
    result_bill: BillId | None = None,
) -> None:
    """Write the decision on a waiting request: what it made, or why it was refused."""
    tx.run(
        DECIDE,
        account_id=request.account_id,
        request_id=request.request_id,
        state=state.value,
        decided_by=decided_by,
        reason=reason,
        result_id=result_id,
        result_bill=result_bill,
    )


def _written(asked: Asked) -> dict[str, object]:
    if isinstance(asked, AskedCorrection):
        return {
            "bill": asked.bill_id,
            "members": dict(asked.members),
            "order_reference": asked.order_reference,
        }
    if isinstance(asked, AskedTerm):
        return {
            "days": asked.term.days,
            "method": asked.term.method.value,
            "credit_limit_minor": asked.credit_limit_minor,
            "from_on": _day_out(asked.from_on),
            "usage_choice": None if asked.usage_choice is None else asked.usage_choice.value,
            "override_reason": asked.override_reason,
        }
    terms = asked.terms
    return {
        "reference": terms.reference,
        "type": terms.type.value,
        "kind": terms.kind.value,
        "start_on": _day_out(terms.start_on),
        "end_on": _day_out(terms.end_on),
        "billing_group_id": terms.billing_group_id,
        "members": sorted(terms.members),
        "matched_by": terms.matched_by.value,
        "amount_max_minor": terms.amount_max_minor,
        "cost_account": terms.cost_account,
        "succeeds_id": terms.succeeds_id,
        "active": terms.active,
        "description": terms.description,
        "lines": [_line_out(line) for line in terms.lines],
    }


def _line_out(line: OrderLine) -> dict[str, object]:
    return {name: getattr(line, name) for name in OrderLine.__slots__ if name != "drawn_minor"}


def _request(row: Any) -> SalesRequest:
    return SalesRequest(
        account_id=AccountId(row.account_id),
        request_id=RequestId(row.request_id),
        asked=READ[row.kind](row.asked),
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        message=row.message,
        file_name=row.file_name,
        file_type=row.file_type,
        state=RequestState(row.state),
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        reason=row.reason,
        result_id=row.result_id,
        result_bill=row.result_bill,
    )


def _asked_correction(asked: Mapping[str, Any]) -> AskedCorrection:
    return AskedCorrection(BillId(asked["bill"]), asked["members"], asked["order_reference"])


def _asked_term(asked: Mapping[str, Any]) -> AskedTerm:
    choice = asked["usage_choice"]
    return AskedTerm(
        term=Term(asked["days"], Method(asked["method"])),
        credit_limit_minor=asked["credit_limit_minor"],
        from_on=_day_in(asked["from_on"]),
        usage_choice=None if choice is None else UsageChoice(choice),
        override_reason=asked["override_reason"],
    )


def _asked_order(asked: Mapping[str, Any]) -> AskedOrder:
    group, succeeds = asked["billing_group_id"], asked["succeeds_id"]
    terms = OrderTerms(
        reference=asked["reference"],
        start_on=date.fromisoformat(asked["start_on"]),
        end_on=_day_in(asked["end_on"]),
        type=OrderType(asked["type"]),
        kind=OrderKind(asked["kind"]),
        billing_group_id=None if group is None else BillingGroupId(group),
        members=frozenset(AccountId(member) for member in asked["members"]),
        matched_by=MatchedBy(asked["matched_by"]),
        amount_max_minor=asked["amount_max_minor"],
        cost_account=asked["cost_account"],
        succeeds_id=None if succeeds is None else PurchaseOrderId(succeeds),
        active=asked["active"],
        description=asked["description"],
        lines=tuple(OrderLine(**line) for line in asked["lines"]),
    )
    return AskedOrder(terms)


READ: Final[Mapping[str, Callable[[Mapping[str, Any]], Asked]]] = {
    "term": _asked_term,
    "purchase-order": _asked_order,
    "correction": _asked_correction,
}


def _day_out(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day_in(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
