"""Files for the bank in the office: direct debits and refunds, from the draft to what the bank told."""

from collections.abc import Callable, Mapping
from typing import Final

from acquit.actions.advance_remittance import (
    approve_remittance,
    cancel_remittance,
    hand_over_remittance,
    send_remittance,
)
from acquit.actions.create_remittance import create_remittance, rehearse_remittance
from acquit.actions.pay_refunds import create_refund_remittance, rehearse_refunds
from acquit.actions.show_remittance import show_remittance
from acquit.actions.take_status_report import take_status_report
from acquit.console import texts, typed
from acquit.console.listing import LAST, ROWS, cut, key_in
from acquit.console.staff.frame import page
from acquit.console.staff.seller import scripted, seller_page, sellers_in
from acquit.console.visit import Download, Page, Redirect, Reply, Visit
from acquit.core.errors import Refusal
from acquit.core.remittance import RemittanceKind, RemittanceState
from acquit.store import remittances

LINES_MAX: Final = 100
KINDS: Final = tuple(kind.value for kind in RemittanceKind)


def list_files(visit: Visit) -> Page:
    """GET /office/remittances: the latest files, and what a new one would take up."""
    with visit.read() as tx:
        sellers = sellers_in(visit, tx)
        entity_id, before = sellers.entity.legal_entity_id, key_in(visit, "before", LAST)
        found = remittances.page(tx, entity_id, before, ROWS + 1)
    files = cut(visit, found, "before", lambda each: each.remittance_id)
    return seller_page("remittances.html", visit, sellers, files=files)


def ask_file(visit: Visit) -> Page:
    """GET /office/remittances/new: a rehearsal of the file, with what it leaves out and why."""
    with visit.read() as tx:
        sellers = sellers_in(visit, tx)
    entity_id = sellers.entity.legal_entity_id
    kind = visit.form.text("kind") or visit.query.get("kind", "")
    kind = kind if kind in KINDS else KINDS[0]
    until = typed.found_day(visit.form.text("until") or visit.query.get("until", ""))
    made = refunds = None
    why_not = ""
    try:
        if kind == RemittanceKind.REFUND.value:
            refunds = rehearse_refunds(visit.context, entity_id)
        else:
            made = rehearse_remittance(visit.context, entity_id, until)
    except Refusal as refusal:
        why_not = texts.refused(refusal, visit.language)
    return seller_page(
        "remittance_new.html", visit, sellers,
        kind=kind, until=until, made=made, refunds=refunds, why_not=why_not, lines_max=LINES_MAX,
    )  # fmt: skip


def make_file(visit: Visit) -> Reply:
    """POST /office/remittances/new: a numbered draft, which a second person approves."""
    with visit.read() as tx:
        entity_id = sellers_in(visit, tx).entity.legal_entity_id
    kind = typed.one_of(visit.form.text("kind"), KINDS)
    if kind == RemittanceKind.REFUND.value:
        made = create_refund_remittance(visit.context, entity_id, by=visit.actor).remittance
    else:
        until = typed.day(visit.form.text("until"))
        made = create_remittance(visit.context, entity_id, until, by=visit.actor).remittance
    assert made is not None, "what is not rehearsed is written"
    return Redirect(f"/office/remittances/{made.message_id}?done=file-made")


def show_file(visit: Visit) -> Page:
    """GET /office/remittances/{number}: its steps, its lines and what can be done next."""
    after_no = key_in(visit, "after", 0)
    found = show_remittance(visit.context, visit.path_values["number"], after_no, ROWS + 1)
    file = found.remittance
    lines = list(enumerate([*found.collections, *found.refunds], after_no + 1))
    states = RemittanceState
    can = {
        "approve": file.state is states.DRAFT,
        "download": file.state not in (states.DRAFT, states.CANCELLED, states.REJECTED),
        "sent": file.state is states.DOWNLOADED,
        "cancel": file.state in (states.DRAFT, states.APPROVED, states.DOWNLOADED),
    }
    right = "give-up-money" if file.kind is RemittanceKind.REFUND else "collect-debts"
    return scripted(page(
        "remittance.html", visit, shown=found, file=file, can=can, right=right,
        is_maker=file.made_by == visit.actor,
        lines=cut(visit, lines, "after", lambda line: line[0]),
    ))  # fmt: skip


def change_file(visit: Visit) -> Reply:
    """POST /office/remittances/{number}: approve it, get its bytes, say that it was sent, or cancel it."""
    number = visit.path_values["number"]
    verb = typed.one_of(visit.form.text("verb"), list(VERBS))
    VERBS[verb](visit, number)
    return Redirect(f"/office/remittances/{number}?done=file-{verb}")


def download_file(visit: Visit) -> Reply:
    """POST /office/remittances/{number}/download: the approved bytes; every handing over is recorded."""
    number = visit.path_values["number"]
    remittance, content = hand_over_remittance(visit.context, number, by=visit.actor)
    return Download(content, "application/xml", remittance.file_name)


def bring_report(visit: Visit) -> Reply:
    """POST /office/remittances: what the bank answered (pain.002)."""
    content = visit.form.upload.content if visit.form.upload else b""
    reported = take_status_report(visit.context, content, by=visit.actor)
    return Redirect(f"/office/remittances/{reported.remittance.message_id}?done=file-answered")


VERBS: Final[Mapping[str, Callable[[Visit, str], object]]] = {
    "approve": lambda visit, number: approve_remittance(visit.context, number, by=visit.actor),
    "sent": lambda visit, number: send_remittance(
        visit.context, number, visit.form.text("told"), by=visit.actor
    ),
    "cancel": lambda visit, number: cancel_remittance(
        visit.context, number, visit.form.text("told"), by=visit.actor
    ),
}
