"""Approvals: everything that one person asked for and a second one decides, in one list."""

from collections.abc import Callable, Mapping
from typing import Final

from acquit.actions.approve_decision import approve_decision, withdraw_decision
from acquit.actions.refund_money import approve_refund, refunds_in_state, refuse_refund_asked
from acquit.actions.show_remittance import list_remittances
from acquit.actions.write_off_debt import approve_write_off, list_write_offs, refuse_write_off
from acquit.console import typed
from acquit.console.listing import ROWS, cut, is_number, key_in
from acquit.console.staff.frame import page
from acquit.console.staff.seller import NoSuchThing
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.refund import RefundState
from acquit.core.remittance import RemittanceState
from acquit.store import bank_matches, legal_entities, terms

Decide = Callable[[Visit, str, int], object]


def show_approvals(visit: Visit) -> Page:
    """GET /office/approvals: what waits for a second person, of every kind, with who asked, oldest first."""
    after = {name: key_in(visit, name, 0) for name in ("decision", "grant", "refund", "loss")}
    with visit.snapshot() as tx:
        decisions = sorted(
            (
                (entity, each)
                for entity in legal_entities.every(tx)
                for each in bank_matches.waiting_decisions(
                    tx, entity.legal_entity_id, after["decision"], ROWS + 1
                )
            ),
            key=lambda pair: pair[1].decision_no,
        )
        grants = terms.waiting(tx, after["grant"], ROWS + 1)
    drafts = [each for each in list_remittances(visit.context) if each.state is RemittanceState.DRAFT]
    losses = list_write_offs(visit.context, None, after["loss"], ROWS + 1)
    refunds = refunds_in_state(visit.context, RefundState.ASKED, after["refund"], ROWS + 1)
    return page(
        "approvals.html", visit,
        decisions=cut(visit, decisions, "decision", lambda pair: pair[1].decision_no),
        grants=cut(visit, grants, "grant", lambda each: each.grant_id),
        losses=cut(visit, losses, "loss", lambda each: each.write_off_id),
        refunds=cut(visit, refunds, "refund", lambda each: each.refund_id),
        drafts=drafts, is_empty=not any((decisions, grants, drafts, losses, refunds, *after.values())),
    )  # fmt: skip


def decide(visit: Visit) -> Reply:
    """POST /office/approvals: approve or refuse one of them, as the form's button says."""
    form = visit.form
    kind = typed.one_of(form.text("kind"), list(APPROVE))
    verb = typed.one_of(form.text("verb"), ["approve", "refuse"])
    if not is_number(form.text("number")):
        raise NoSuchThing("There is nothing of this number.")
    table = APPROVE if verb == "approve" else REFUSE
    table[kind](visit, form.text("owner"), int(form.text("number")))
    return Redirect(f"/office/approvals?done={'agreed' if verb == 'approve' else 'disagreed'}")


APPROVE: Final[Mapping[str, Decide]] = {
    "bank": lambda visit, owner, number: approve_decision(
        visit.context, number, LegalEntityId(owner), by=visit.actor
    ),
    "write-off": lambda visit, owner, number: approve_write_off(
        visit.context, AccountId(owner), number, by=visit.actor
    ),
    "refund": lambda visit, owner, number: approve_refund(
        visit.context, AccountId(owner), number, by=visit.actor
    ),
}
REFUSE: Final[Mapping[str, Decide]] = {
    "bank": lambda visit, owner, number: withdraw_decision(
        visit.context, number, LegalEntityId(owner), by=visit.actor
    ),
    "write-off": lambda visit, owner, number: refuse_write_off(
        visit.context, AccountId(owner), number, visit.form.text("reason"), by=visit.actor
    ),
    "refund": lambda visit, owner, number: refuse_refund_asked(
        visit.context, AccountId(owner), number, visit.form.text("reason"), by=visit.actor
    ),
}
