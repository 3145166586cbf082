"""The calls of the office: who am I, the queue of sales, an account's payment terms."""

from dataclasses import replace
from enum import StrEnum
from typing import Final, TypeVar

from acquit.actions.decide_request import approve_request, refuse_request
from acquit.actions.grant_enterprise_terms import approve_enterprise_terms, grant_enterprise_terms
from acquit.actions.loading import account_in
from acquit.actions.review_request import review_request, review_waiting
from acquit.actions.revoke_enterprise_terms import revoke_enterprise_terms
from acquit.actions.set_bill_references import set_bill_references
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId, GrantId, RequestId
from acquit.core.operator import Right
from acquit.core.sales_request import AskedTerm, NoSuchRequest
from acquit.core.terms import Method, NoSuchGrant, Term, UsageChoice
from acquit.office import family_calls, shapes
from acquit.office.call import Call, Door
from acquit.store import terms

DIGITS_MAX: Final = 18
Choice = TypeVar("Choice", bound=StrEnum)


def show_operator(call: Call) -> object:
    """GET /operator: the bearer of the token."""
    return shapes.operator(call.operator)


def list_requests(call: Call) -> object:
    """GET /requests: what waits for a decision, oldest first, checked now."""
    return [shapes.review(review) for review in review_waiting(call.context)]


def show_request(call: Call) -> object:
    """GET /requests/{request_id}."""
    return shapes.review(review_request(call.context, _request_id(call)))


def approve(call: Call) -> object:
    """POST /requests/{request_id}/approve: the method or the order appears."""
    given = call.read(shapes.Conditions)
    asked = review_request(call.context, _request_id(call)).request.asked
    instead = None
    if isinstance(asked, AskedTerm):
        instead = replace(
            asked,
            credit_limit_minor=given.credit_limit_minor,
            usage_choice=_choice(UsageChoice, given.usage_choice),
            override_reason=given.override_reason,
        )
    decided = approve_request(call.context, _request_id(call), by=call.actor, instead=instead)
    return shapes.request(decided)


def refuse(call: Call) -> object:
    """POST /requests/{request_id}/refuse: the account reads the reason."""
    reason = call.read(shapes.Reasoned).reason
    return shapes.request(refuse_request(call.context, _request_id(call), reason, by=call.actor))


def list_terms(call: Call) -> object:
    """GET /accounts/{account_id}/terms: every grant, oldest first."""
    account_id = _account_id(call)
    with call.context.database.read() as tx:
        account_in(tx, account_id)
        return [shapes.grant(grant) for grant in terms.of_account(tx, account_id)]


def grant_terms(call: Call) -> object:
    """POST /accounts/{account_id}/terms."""
    given = call.read(shapes.Granted)
    asked = AskedTerm(
        Term(given.days, _choice(Method, given.method) or Method.NET),
        given.credit_limit_minor,
        given.from_on,
        _choice(UsageChoice, given.usage_choice),
        given.override_reason,
    )
    return shapes.grant(grant_enterprise_terms(call.context, _account_id(call), asked, by=call.actor))


def end_terms(call: Call) -> object:
    """POST /accounts/{account_id}/terms/end."""
    given = call.read(shapes.Ended)
    ended = revoke_enterprise_terms(
        call.context, _account_id(call), by=call.actor, reason=given.reason, end_on=given.end_on
    )
    return [shapes.grant(grant) for grant in ended]


def approve_terms(call: Call) -> object:
    """POST /accounts/{account_id}/terms/{grant_id}/approve: by a second person."""
    text = call.path_values["grant_id"]
    if not _is_number(text):
        raise NoSuchGrant("There is no such grant.")
    grant_id = GrantId(int(text))
    return shapes.grant(approve_enterprise_terms(call.context, _account_id(call), grant_id, by=call.actor))


def show_bill_references(call: Call) -> object:
    """GET /accounts/{account_id}/bill-references: the cost account and the contract that its bills name."""
    with call.context.database.read() as tx:
        return shapes.bill_references(account_in(tx, _account_id(call)))


def set_references(call: Call) -> object:
    """POST /accounts/{account_id}/bill-references: what is left out stays."""
    given = call.read(shapes.BillReferences)
    changed = set_bill_references(
        call.context,
        _account_id(call),
        cost_account=given.cost_account,
        contract=given.contract,
        by=call.actor,
    )
    return shapes.bill_references(changed)


DOORS: Final = (
    Door("GET", "/operator", show_operator),
    Door("GET", "/requests", list_requests),
    Door("GET", "/requests/{request_id}", show_request),
    Door("POST", "/requests/{request_id}/approve", approve, Right.DECIDE_REQUESTS),
    Door("POST", "/requests/{request_id}/refuse", refuse, Right.DECIDE_REQUESTS),
    Door("GET", "/accounts/{account_id}/terms", list_terms),
    Door("POST", "/accounts/{account_id}/terms", grant_terms, Right.GRANT_TERMS),
    Door("POST", "/accounts/{account_id}/terms/end", end_terms, Right.GRANT_TERMS),
    Door("POST", "/accounts/{account_id}/terms/{grant_id}/approve", approve_terms, Right.GRANT_TERMS),
    Door("GET", "/accounts/{account_id}/bill-references", show_bill_references),
    Door("POST", "/accounts/{account_id}/bill-references", set_references, Right.SET_PURCHASE_ORDERS),
    *family_calls.DOORS,
)


def _account_id(call: Call) -> AccountId:
    return AccountId(call.path_values["account_id"])


def _request_id(call: Call) -> RequestId:
    text = call.path_values["request_id"]
    if not _is_number(text):
        raise NoSuchRequest(text[:40])
    return RequestId(int(text))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX


def _choice(kind: type[Choice], text: str | None) -> Choice | None:
    if text is None:
        return None
    if text not in list(kind):
        raise Invalid(f"Choose one of {', '.join(kind)}.")
    return kind(text)
