"""Reverse bills in the office: who supplies the seller, what was billed in their name, and how it is paid."""

from collections.abc import Callable, Mapping
from typing import Final

from acquit.actions.agree_self_billing import (
    Terms,
    accept_self_billing,
    agree_self_billing,
    agreements_of,
    list_agreements,
    revoke_self_billing,
)
from acquit.actions.answer_reverse_bill import accept_reverse_bill, contest_reverse_bill, end_contest
from acquit.actions.explain_reverse_bill import explain_reverse_bill
from acquit.actions.issue_reverse_bill import issue_reverse_bill, take_back_reverse_bill
from acquit.actions.list_reverse_bills import LAST, list_reverse_bills, show_reverse_bill
from acquit.actions.pay_reverse_bill import pay_due_reverse_bills, pay_reverse_bill, set_off_reverse_bill
from acquit.actions.read_supplies import supplies_in, supply_of
from acquit.actions.render_document import bill_pdf
from acquit.console import typed
from acquit.console.listing import ROWS, cut, is_number, key_in
from acquit.console.place import place_of
from acquit.console.staff.frame import page
from acquit.console.staff.seller import seller_page, sellers_in
from acquit.console.visit import Download, Page, Redirect, Reply, Visit
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId, BillId
from acquit.core.reverse_bill import ReverseState, Supplied
from acquit.core.reverse_text import reverse_told
from acquit.core.self_billing import CONTEST_DAYS, TERM_DAYS, AgreementState, NoSuchAgreement, Regime

HERE: Final = "/office/reverse-bills"
REGIMES: Final = tuple(regime.value for regime in Regime)
LINE: Final = ("reference", "description", "quantity", "unit_price", "vat_rate", "from", "to")
DAYS_MAX: Final = 3


def list_bills(visit: Visit) -> Page:
    """GET /office/reverse-bills: agreements of the seller, then the bills, newest first."""
    with visit.read() as tx:
        sellers = sellers_in(visit, tx)
    entity_id = sellers.entity.legal_entity_id
    found = list_reverse_bills(visit.context, entity_id, None, key_in(visit, "before", LAST), ROWS + 1)
    account_id, _, number = visit.query.get("after", "").rpartition("/")
    after = (account_id, int(number)) if is_number(number) else ("", 0)
    agreements = agreements_of(visit.context, entity_id, after, ROWS + 1)
    return seller_page(
        "reverse_bills.html", visit, sellers,
        bills=cut(visit, found, "before", lambda each: each.bill.order_id),
        agreements=cut(visit, agreements, "after", lambda each: f"{each.account_id}/{each.agreement_no}"),
    )  # fmt: skip


def pay_due(visit: Visit) -> Reply:
    """POST /office/reverse-bills: all that fell due is to be paid by the next file of transfers."""
    with visit.read() as tx:
        entity_id = sellers_in(visit, tx).entity.legal_entity_id
    pay_due_reverse_bills(visit.context, entity_id, by=visit.actor)
    return Redirect(f"{HERE}?seller={entity_id}&done=reverse-pay")


def show_supplier(visit: Visit) -> Page:
    """GET /office/accounts/{account_id}/supplies: its agreements, and what is to be billed in its name."""
    account_id = AccountId(visit.path_values["account_id"])
    with visit.read() as tx:
        place = place_of(visit, tx, account_id)
    agreements = list_agreements(visit.context, account_id)
    states = {each.agreement_no: each.state(place.today) for each in agreements}
    found = list_reverse_bills(
        visit.context, place.entity.legal_entity_id, account_id, key_in(visit, "before", LAST), ROWS + 1
    )
    return page(
        "supplier.html", visit, place=place, zone=place.entity.zone, agreements=agreements,
        states={number: state.value for number, state in states.items()},
        offered=AgreementState.OFFERED.value, ended=AgreementState.ENDED.value,
        runs=any(each.runs(place.today) for each in agreements), regimes=REGIMES,
        contest_days=CONTEST_DAYS, term_days=TERM_DAYS,
        bills=cut(visit, found, "before", lambda each: each.bill.order_id),
    )  # fmt: skip


def change_supplier(visit: Visit) -> Reply:
    """POST /office/accounts/{account_id}/supplies: offer an agreement, accept or revoke it; bill a supply."""
    account_id = AccountId(visit.path_values["account_id"])
    verb = typed.one_of(visit.form.text("verb"), ("agree", "accept", "revoke", "issue"))
    if verb == "issue":
        bill = issue_reverse_bill(visit.context, account_id, _lines(visit), by=visit.actor)
        return Redirect(f"{HERE}/{account_id}/{bill.bill_id}?done=reverse-issue")
    if verb == "agree":
        agree_self_billing(visit.context, account_id, _terms(visit), by=visit.actor)
    elif verb == "accept":
        who = visit.form.text("who")
        accept_self_billing(visit.context, account_id, _number(visit), who, by=visit.actor)
    else:
        why = visit.form.text("reason")
        revoke_self_billing(visit.context, account_id, _number(visit), why, by=visit.actor)
    return Redirect(f"/office/accounts/{account_id}/supplies?done=reverse-agreement-{verb}")


def show_bill(visit: Visit) -> Page:
    """GET /office/reverse-bills/{account_id}/{bill_id}: its lines, its story, and what can be done next."""
    account_id, bill_id = _which(visit)
    with visit.read() as tx:
        place = place_of(visit, tx, account_id)
    found = show_reverse_bill(visit.context, account_id, bill_id)
    standing = found.standing
    is_open = standing is not None and standing.state is ReverseState.OPEN
    is_late = standing is not None and place.today > standing.contest_until
    return page(
        "reverse_bill.html", visit, place=place, zone=place.entity.zone, shown=found, bill=found.bill,
        standing=standing,
        may_contest=is_open and not is_late and standing is not None and standing.accepted_on is None
        and not (standing.set_off_minor or standing.paid_minor),
        may_accept=is_open and standing is not None and standing.accepted_on is None,
        is_contested=standing is not None and standing.state is ReverseState.CONTESTED,
        is_payable=is_open and standing is not None and (is_late or standing.accepted_on is not None),
        may_take_back=standing is not None and standing.open_minor == standing.total_minor,
    )  # fmt: skip


def explain(visit: Visit) -> Page:
    """GET /office/reverse-bills/{account_id}/{bill_id}/why: each cent walked back to where it comes from."""
    account_id, bill_id = _which(visit)
    with visit.read() as tx:
        place = place_of(visit, tx, account_id)
    found = explain_reverse_bill(visit.context, account_id, bill_id)
    return page(
        "why.html", visit, place=place, zone=place.entity.zone, bill=found.bill,
        sentences=reverse_told(found, visit.language), path=f"{HERE}/{account_id}/{bill_id}",
    )  # fmt: skip


def change_bill(visit: Visit) -> Reply:
    """POST /office/reverse-bills/{account_id}/{bill_id}: what the supplier said, a payment, a credit note."""
    account_id, bill_id = _which(visit)
    verb = typed.one_of(visit.form.text("verb"), list(VERBS))
    VERBS[verb](visit, account_id, bill_id)
    return Redirect(f"{HERE}/{account_id}/{bill_id}?done=reverse-{verb}")


def download(visit: Visit) -> Reply:
    """GET /office/reverse-bills/{account_id}/{bill_id}/pdf: its paper."""
    account_id, bill_id = _which(visit)
    show_reverse_bill(visit.context, account_id, bill_id)
    return Download(
        bill_pdf(visit.context, account_id, bill_id), "application/pdf", f"{bill_id}.pdf", inline=True
    )


VERBS: Final[Mapping[str, Callable[[Visit, AccountId, BillId], object]]] = {
    "accept": lambda visit, account_id, bill_id: accept_reverse_bill(
        visit.context, account_id, bill_id, by=visit.actor
    ),
    "contest": lambda visit, account_id, bill_id: contest_reverse_bill(
        visit.context, account_id, bill_id, visit.form.text("reason"), by=visit.actor
    ),
    "end-contest": lambda visit, account_id, bill_id: end_contest(
        visit.context, account_id, bill_id, visit.form.text("reason"), by=visit.actor
    ),
    "take-back": lambda visit, account_id, bill_id: take_back_reverse_bill(
        visit.context, account_id, bill_id, visit.form.text("reason"), by=visit.actor
    ),
    "pay": lambda visit, account_id, bill_id: pay_reverse_bill(
        visit.context, account_id, bill_id, by=visit.actor
    ),
    "set-off": lambda visit, account_id, bill_id: set_off_reverse_bill(
        visit.context, account_id, bill_id, by=visit.actor
    ),
}


def _terms(visit: Visit) -> Terms:
    form = visit.form
    return Terms(
        form.text("subject"), form.text("agreement_reference"),
        Regime(typed.one_of(form.text("regime"), REGIMES)), form.text("on_debits") == "yes",
        _days(form.text("contest_days"), CONTEST_DAYS), _days(form.text("term_days"), TERM_DAYS),
        form.text("sets_off") == "yes", typed.day(form.text("from_on")), typed.day(form.text("until_on")),
    )  # fmt: skip


def _days(text: str, otherwise: int) -> int:
    if not text:
        return otherwise
    if not (text.isascii() and text.isdigit() and len(text) <= DAYS_MAX):
        raise Invalid(f"{text[:40]!r} is no number of days.")
    return int(text)


def _lines(visit: Visit) -> list[Supplied]:
    upload = visit.form.upload
    if upload is not None and upload.content:
        form = upload.name.rpartition(".")[2].lower()
        if form not in ("csv", "json"):
            raise Invalid("The file is neither .csv nor .json.")
        return supplies_in(upload.content, form)
    return [supply_of({name: visit.form.text(name) for name in LINE})]


def _number(visit: Visit) -> int:
    text = visit.form.text("agreement")
    if not is_number(text):
        raise NoSuchAgreement("Choose an agreement of this account.")
    return int(text)


def _which(visit: Visit) -> tuple[AccountId, BillId]:
    return AccountId(visit.path_values["account_id"]), BillId(visit.path_values["bill_id"])
