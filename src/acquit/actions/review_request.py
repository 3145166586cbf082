"""Show a request to sales together with what the rules say about it today."""

from dataclasses import dataclass
from typing import Final

from acquit.actions.context import Context
from acquit.actions.correct_bill import Correction, check_correction_in
from acquit.actions.loading import account_in, applicant_in, entity_of
from acquit.actions.set_purchase_order import checked_order_in
from acquit.core import terms as law
from acquit.core.account import Account
from acquit.core.correction import KEPT
from acquit.core.errors import Refusal
from acquit.core.identifiers import RequestId
from acquit.core.sales_request import AskedCorrection, AskedTerm, NoSuchRequest, RequestState, SalesRequest
from acquit.core.terms import Finding
from acquit.store import requests
from acquit.store.transaction import Transaction

_ORDER_RULES: Final = "rules of purchase orders"
_CORRECTION_RULES: Final = "rules of corrections"


@dataclass(frozen=True, slots=True)
class Review:
    """A request, its account, and a finding for every rule; approved only while all are ok."""

    request: SalesRequest
    account: Account
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether no rule refuses what was asked."""
        return all(finding.ok for finding in self.findings)


def review_request(context: Context, request_id: RequestId) -> Review:
    """Return the request with the check done now. Raises NoSuchRequest."""
    with context.database.read() as tx:
        request = requests.find_any(tx, request_id)
        if request is None:
            raise NoSuchRequest(request_id)
        return review_in(context, tx, request)


def review_waiting(context: Context, after_id: int = 0, rows_max: int | None = None) -> list[Review]:
    """Return the queue of sales, oldest first, after one, each with the check done now."""
    with context.database.read() as tx:
        return [review_in(context, tx, request) for request in requests.waiting(tx, after_id, rows_max)]


def review_in(context: Context, tx: Transaction, request: SalesRequest) -> Review:
    """Return the review of a request inside the caller's reading."""
    account = account_in(tx, request.account_id)
    asked = request.asked
    if isinstance(asked, AskedTerm):
        findings = law.legal_check(
            applicant_in(tx, account),
            asked.term,
            entity_of(tx, account),
            asked.usage_choice,
            asked.override_reason,
        )
        return Review(request, account, tuple(findings))
    if isinstance(asked, AskedCorrection):
        return Review(request, account, (_of_correction(context, tx, request, asked),))
    try:
        checked_order_in(context, tx, account, asked.terms, request.asked_by)
    except Refusal as refusal:
        return Review(request, account, (Finding(refusal.code, False, refusal.message, _ORDER_RULES),))
    fits = Finding(
        "purchase-order-fits", True, "No other order of the scope covers these days.", _ORDER_RULES
    )
    return Review(request, account, (fits,))


def correction_of(asked: AskedCorrection) -> Correction:
    """Return what was asked as it is done: members that say something, the order or that it stays."""
    members = {name: value for name, value in asked.members.items() if value.strip()}
    reference = asked.order_reference
    return Correction(members, KEPT if reference is None else reference or None)


def _of_correction(
    context: Context, tx: Transaction, request: SalesRequest, asked: AskedCorrection
) -> Finding:
    if request.state is not RequestState.WAITING:
        return Finding("decided", True, "It was decided.", _CORRECTION_RULES)
    try:
        check_correction_in(context, tx, request.account_id, asked.bill_id, correction_of(asked))
    except Refusal as refusal:
        return Finding(refusal.code, False, refusal.message, _CORRECTION_RULES)
    text = (
        f"A credit note takes {asked.bill_id} back, a corrective bill follows; what was paid stays with it."
    )
    return Finding("correction-fits", True, text, _CORRECTION_RULES)
