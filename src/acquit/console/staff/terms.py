"""Payment terms by hand: grant one, approve a colleague's, end what runs."""

from acquit.actions.grant_enterprise_terms import approve_enterprise_terms, grant_enterprise_terms
from acquit.actions.loading import applicant_in
from acquit.actions.revoke_enterprise_terms import revoke_enterprise_terms
from acquit.console import typed
from acquit.console.place import place_of
from acquit.console.staff.accounts import account_id_of, grant_state
from acquit.console.staff.frame import page
from acquit.console.staff.queue import typed_conditions
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.identifiers import GrantId
from acquit.core.sales_request import AskedTerm
from acquit.core.terms import Method, NoSuchGrant, Term, legal_check, needs_approval
from acquit.store import terms


def ask_grant(visit: Visit) -> Page:
    """GET /office/accounts/{account_id}/terms: the form, and what the rules say of each term offered."""
    with visit.snapshot() as tx:
        place = place_of(visit, tx, account_id_of(visit))
        applicant = applicant_in(tx, place.account)
        running = [grant for grant in terms.of_account(tx, place.account.account_id) if grant.end_on is None]
    checks = [(days, legal_check(applicant, Term(days), place.entity)) for days in place.entity.granted_days]
    return page(
        "grant.html",
        visit,
        place=place,
        checks=checks,
        methods=typed.METHODS,
        gathers_usage=applicant.gathers_usage,
        running=[(grant, grant_state(grant, place)) for grant in running],
        is_unlimited_approved=not needs_approval(None, place.entity),
    )


def grant(visit: Visit) -> Reply:
    """POST /office/accounts/{account_id}/terms."""
    account_id, form = account_id_of(visit), visit.form
    with visit.read() as tx:
        place = place_of(visit, tx, account_id)
    days = typed.one_of(form.text("days"), [str(offered) for offered in place.entity.granted_days])
    method = Method(typed.one_of(form.text("method"), [value for value, _ in typed.METHODS]))
    limit, choice, reason = typed_conditions(visit, place.account.currency)
    asked = AskedTerm(Term(int(days), method), limit, typed.day(form.text("from_on")), choice, reason)
    grant_enterprise_terms(visit.context, account_id, asked, by=visit.actor)
    return Redirect(f"/office/accounts/{account_id}?done=granted")


def ask_end(visit: Visit) -> Page:
    """GET /office/accounts/{account_id}/terms/end: from when on, and why."""
    with visit.read() as tx:
        place = place_of(visit, tx, account_id_of(visit))
        running = [grant for grant in terms.of_account(tx, place.account.account_id) if grant.end_on is None]
    if not running:
        raise NoSuchGrant(f"Account {place.account.account_id} has no payment term to revoke.")
    return page("end_terms.html", visit, place=place, running=running)


def end(visit: Visit) -> Reply:
    """POST /office/accounts/{account_id}/terms/end."""
    account_id, end_on = account_id_of(visit), typed.day(visit.form.text("end_on"))
    reason = visit.form.text("reason")
    revoke_enterprise_terms(visit.context, account_id, by=visit.actor, reason=reason, end_on=end_on)
    return Redirect(f"/office/accounts/{account_id}?done=ended")


def ask_second(visit: Visit) -> Page:
    """GET /office/accounts/{account_id}/terms/{grant_id}/approve: a second person looks at a grant."""
    with visit.snapshot() as tx:
        place = place_of(visit, tx, account_id_of(visit))
        waiting = terms.find(tx, place.account.account_id, _grant_id(visit))
        applicant = applicant_in(tx, place.account)
    if waiting is None:
        raise NoSuchGrant("There is no such grant.")
    findings = legal_check(
        applicant, waiting.term, place.entity, waiting.usage_choice, waiting.override_reason
    )
    return page("approve_grant.html", visit, place=place, grant=waiting, findings=findings)


def approve(visit: Visit) -> Reply:
    """POST /office/accounts/{account_id}/terms/{grant_id}/approve."""
    account_id = account_id_of(visit)
    approve_enterprise_terms(visit.context, account_id, _grant_id(visit), by=visit.actor)
    return Redirect(f"/office/accounts/{account_id}?done=grant-approved")


def _grant_id(visit: Visit) -> GrantId:
    text = visit.path_values["grant_id"]
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise NoSuchGrant("There is no such grant.")
    return GrantId(int(text))
