"""Oversight in the office: how the installation is, who did what, e-invoicing, and search everywhere."""

import re
from typing import Final

from acquit.actions.ask_books import ask_audit
from acquit.actions.set_delivery import count_deliveries, end_delivery, list_deliveries, retry_delivery
from acquit.console import typed
from acquit.console.listing import LAST, ROWS, cut, is_number, key_in, link_with
from acquit.console.staff.frame import page
from acquit.console.staff.seller import scripted
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.delivery import NoSuchDelivery
from acquit.core.identifiers import AccountId
from acquit.core.numbering import is_payment_reference
from acquit.store import account_searches, bank_matches, legal_entities, office_lists, office_searches, stamps

STATES: Final = ("waiting", "delayed", "sent", "refused", "bounced", "retried", "ended")
HITS: Final = 10
IBAN_END: Final = re.compile(r"[A-Z0-9]{4,34}")


def show_health(visit: Visit) -> Page:
    """GET /office/health: queue and lag, the last audit, stamps, and what waits in the inboxes."""
    with visit.snapshot() as tx:
        entities = list(legal_entities.every(tx))
        jobs = office_lists.jobs(tx)
        audits = office_lists.acts(tx, LAST, 5, verbs=("audit_books", "ask_audit"))
        sellers = [
            (
                entity,
                stamps.last(tx, entity.legal_entity_id),
                bank_matches.count_waiting(tx, entity.legal_entity_id),
            )
            for entity in entities
        ]
    return page(
        "health.html", visit, jobs=jobs, audits=audits, sellers=sellers,
        queues=count_deliveries(visit.context),
    )  # fmt: skip


def audit(visit: Visit) -> Reply:
    """POST /office/health: the books are audited as soon as a worker is free."""
    ask_audit(visit.context, by=visit.actor)
    return Redirect("/office/health?done=auditing")


def list_acts(visit: Visit) -> Page:
    """GET /office/acts: who did what, the latest first; of one account or one person."""
    account, actor = (visit.query.get(name, "").strip()[:80] for name in ("account", "actor"))
    before = key_in(visit, "before", LAST)
    with visit.read() as tx:
        if account:
            rows = office_lists.acts_of_account(tx, AccountId(account), before, ROWS + 1)
        else:
            rows = office_lists.acts(tx, before, ROWS + 1, f"operator:{actor}" if actor else None)
    shown = rows[:ROWS]
    return page(
        "acts.html", visit, rows=shown, account=account, actor=actor, is_first="before" not in visit.query,
        more=link_with(visit, before=shown[-1].act_id) if len(rows) > ROWS else "",
    )  # fmt: skip


def list_board(visit: Visit) -> Page:
    """GET /office/deliveries: what left or is to leave by mail, platform and Peppol, and where it stands."""
    state, bill = visit.query.get("state", ""), visit.query.get("bill", "").strip()[:40]
    wanted = (state,) if state in STATES else ()
    rows = list_deliveries(visit.context, wanted, bill, ROWS + 1, key_in(visit, "before", LAST))
    return page(
        "deliveries.html", visit, counts=count_deliveries(visit.context), states=STATES, state=state,
        bill=bill, deliveries=cut(visit, rows, "before", lambda each: each.delivery_id),
    )  # fmt: skip


def change_delivery(visit: Visit) -> Reply:
    """POST /office/deliveries: try one again now, or give it up."""
    number = visit.form.text("delivery")
    if not is_number(number):
        raise NoSuchDelivery("There is no such delivery.")
    verb = typed.one_of(visit.form.text("verb"), ["retry", "end"])
    if verb == "retry":
        retry_delivery(visit.context, int(number), by=visit.actor)
    else:
        end_delivery(visit.context, int(number), visit.form.text("reason"), by=visit.actor)
    return Redirect(f"/office/deliveries?done=delivery-{verb}")


def search(visit: Visit) -> Page:
    """GET /office/search: by account, company, document, reference, amount or the end of an IBAN."""
    text = visit.query.get("q", "").strip()[:100]
    if not text:
        return scripted(page("search.html", visit, text="", found=None))
    with visit.snapshot() as tx:
        entities = list(legal_entities.every(tx))
        bare = text.upper().replace(" ", "")
        found = {
            "bills": office_searches.by_number(tx, [bare], HITS),
            "referred": office_searches.by_reference(tx, bare, HITS) if is_payment_reference(bare) else [],
            "quoted": office_searches.quoted(tx, bare, HITS),
            "totals": [
                hit
                for entity in entities
                if (minor := typed.found_amount(text, entity.currency)) is not None
                for hit in office_searches.bills_of_total(tx, entity.legal_entity_id, minor, HITS)
            ],
            "orders": office_searches.orders_by_reference(tx, text, HITS),
            "ibans": [
                row
                for entity in entities
                if IBAN_END.fullmatch(bare)
                for row in office_searches.payers_by_iban_end(tx, entity.legal_entity_id, bare, HITS)
            ],
            "accounts": account_searches.search(tx, text, 0, HITS).accounts,
        }
    return scripted(page("search.html", visit, text=text, found=found))
