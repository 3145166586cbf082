"""What the account supplies to its seller: agreements, bills made in its name, and what it says of them."""

from collections.abc import Callable, Mapping
from typing import Final

from acquit.actions.agree_self_billing import accept_self_billing, list_agreements, revoke_self_billing
from acquit.actions.answer_reverse_bill import accept_reverse_bill, contest_reverse_bill, end_contest
from acquit.actions.explain_reverse_bill import explain_reverse_bill
from acquit.actions.list_reverse_bills import LAST, list_reverse_bills, show_reverse_bill
from acquit.actions.render_document import bill_pdf
from acquit.console import typed
from acquit.console.listing import ROWS, cut, is_number, key_in
from acquit.console.place import own_place, page
from acquit.console.visit import Download, Page, Redirect, Reply, Visit
from acquit.core.identifiers import BillId
from acquit.core.reverse_bill import ReverseState
from acquit.core.reverse_text import reverse_told
from acquit.core.self_billing import AgreementState, NoSuchAgreement

HERE: Final = "/manager/reverse-bills"


def list_bills(visit: Visit) -> Page:
    """GET /manager/reverse-bills: agreements first, then the bills, newest first."""
    with visit.read() as tx:
        place = own_place(visit, tx)
    found = list_reverse_bills(
        visit.context, place.entity.legal_entity_id, visit.account_id, key_in(visit, "before", LAST), ROWS + 1
    )
    agreements = list_agreements(visit.context, visit.account_id)
    return page(
        "reverse_bills.html", place, agreements=agreements,
        states={each.agreement_no: each.state(place.today).value for each in agreements},
        offered=AgreementState.OFFERED.value, ended=AgreementState.ENDED.value,
        bills=cut(visit, found, "before", lambda each: each.bill.order_id),
    )  # fmt: skip


def answer_agreement(visit: Visit) -> Reply:
    """POST /manager/reverse-bills: the account accepts an agreement, or revokes it."""
    verb = typed.one_of(visit.form.text("verb"), ("accept", "revoke"))
    text = visit.form.text("agreement")
    if not is_number(text):
        raise NoSuchAgreement("Choose an agreement of this account.")
    if verb == "accept":
        accept_self_billing(
            visit.context, visit.account_id, int(text), visit.form.text("who"), by=visit.actor
        )
    else:
        revoke_self_billing(
            visit.context, visit.account_id, int(text), visit.form.text("reason"), by=visit.actor
        )
    return Redirect(f"{HERE}?done=reverse-agreement-{verb}")


def show_bill(visit: Visit) -> Page:
    """GET /manager/reverse-bills/{bill_id}: its lines, what was said of it, how it was paid."""
    with visit.read() as tx:
        place = own_place(visit, tx)
    found = show_reverse_bill(visit.context, visit.account_id, BillId(visit.path_values["bill_id"]))
    standing = found.standing
    is_open = standing is not None and standing.state is ReverseState.OPEN and standing.accepted_on is None
    return page(
        "reverse_bill.html", place, shown=found, bill=found.bill, standing=standing,
        may_contest=is_open and standing is not None and place.today <= standing.contest_until
        and not (standing.set_off_minor or standing.paid_minor),
        may_accept=is_open, is_contested=standing is not None and standing.state is ReverseState.CONTESTED,
    )  # fmt: skip


def explain(visit: Visit) -> Page:
    """GET /manager/reverse-bills/{bill_id}/why: each cent walked back to where it comes from."""
    with visit.read() as tx:
        place = own_place(visit, tx)
    found = explain_reverse_bill(visit.context, visit.account_id, BillId(visit.path_values["bill_id"]))
    sentences = reverse_told(found, visit.language)
    return page("why.html", place, bill=found.bill, sentences=sentences, path=f"{HERE}/{found.bill.bill_id}")


def answer_bill(visit: Visit) -> Reply:
    """POST /manager/reverse-bills/{bill_id}: the account accepts it, contests it, or no longer does."""
    bill_id = BillId(visit.path_values["bill_id"])
    show_reverse_bill(visit.context, visit.account_id, bill_id)
    verb = typed.one_of(visit.form.text("verb"), list(VERBS))
    VERBS[verb](visit, bill_id)
    return Redirect(f"{HERE}/{bill_id}?done=reverse-{verb}")


def download(visit: Visit) -> Reply:
    """GET /manager/reverse-bills/{bill_id}/pdf: its paper."""
    bill_id = BillId(visit.path_values["bill_id"])
    show_reverse_bill(visit.context, visit.account_id, bill_id)
    content = bill_pdf(visit.context, visit.account_id, bill_id)
    return Download(content, "application/pdf", f"{bill_id}.pdf", inline=True)


VERBS: Final[Mapping[str, Callable[[Visit, BillId], object]]] = {
    "accept": lambda visit, bill_id: accept_reverse_bill(
        visit.context, visit.account_id, bill_id, by=visit.actor
    ),
    "contest": lambda visit, bill_id: contest_reverse_bill(
        visit.context, visit.account_id, bill_id, visit.form.text("reason"), by=visit.actor
    ),
    "end-contest": lambda visit, bill_id: end_contest(
        visit.context, visit.account_id, bill_id, visit.form.text("reason"), by=visit.actor
    ),
}
