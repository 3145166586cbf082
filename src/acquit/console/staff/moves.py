"""Services that change hands in the office: what was asked and answered, what went, and giving one away."""

from typing import Final

from acquit.actions.list_moves import list_asked_moves, list_moves, show_asked_move, show_move
from acquit.actions.move_service import Moved, move_service, rehearse_move
from acquit.console.listing import LAST, ROWS, cut, is_number, key_in
from acquit.console.place import place_of
from acquit.console.staff.accounts import account_id_of
from acquit.console.staff.frame import page
from acquit.console.staff.seller import number_in, seller_page, sellers_in
from acquit.console.texts import refused
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.contact_change import OWNING, ChangeState, NoSuchContactChange
from acquit.core.errors import Refusal
from acquit.core.identifiers import AccountId, LegalEntityId, ServiceId
from acquit.core.operator import Right
from acquit.core.service import NoSuchService, Service
from acquit.store import services
from acquit.store.transaction import Transaction

HERE: Final = "/office/moves"


def list_all(visit: Visit) -> Page:
    """GET /office/moves: what accounts of the seller asked for and what went, the latest first."""
    with visit.read() as tx:
        sellers = sellers_in(visit, tx)
    lists = _lists(visit, sellers.entity.legal_entity_id)
    return seller_page("moves.html", visit, sellers, **lists)


def show_asked(visit: Visit) -> Page:
    """GET /office/moves/{account_id}/asked/{number}: one of them, and who said what to it."""
    account_id = account_id_of(visit)
    with visit.read() as tx:
        place = place_of(visit, tx, account_id)
    found = show_asked_move(visit.context, account_id, number_in(visit, "number", NoSuchContactChange))
    is_open = found.asked.state in (ChangeState.WAITING, ChangeState.AGREED)
    return page(
        "move_asked.html", visit, place=place, zone=place.entity.zone, shown=found, change=found.asked.change,
        is_open=is_open, is_owning=found.asked.change.contact in OWNING,
    )  # fmt: skip


def show_one(visit: Visit) -> Page:
    """GET /office/moves/{account_id}/{service_id}: what is billed to whom from when."""
    account_id = account_id_of(visit)
    number = number_in(visit, "service_id", NoSuchService)
    with visit.read() as tx:
        place = place_of(visit, tx, account_id)
    found = show_move(visit.context, account_id, ServiceId(number))
    return page("move.html", visit, place=place, zone=place.entity.zone, shown=found, move=found.move)


def show_of_account(visit: Visit) -> Page:
    """GET /office/accounts/{account_id}/moves: those of the account, its services, and giving one away.

    `?service=&to=` tells what it would come to if the service went there today, to who may decide that.
    """
    account_id, query = account_id_of(visit), visit.query
    wanted, to = query.get("service", "").strip()[:100], query.get("to", "").strip()[:40]
    with visit.snapshot() as tx:
        place = place_of(visit, tx, account_id)
        owned = services.page(tx, account_id, key_in(visit, "after", 0), ROWS + 1)
        service = _named(tx, account_id, wanted) if wanted else None
    rehearsed, why = None, ""
    if wanted and to and visit.operator.may(Right.CHANGE_SERVICES):
        rehearsed, why = _rehearsed(visit, account_id, service, wanted, AccountId(to))
    shown = cut(visit, owned, "after", lambda each: each.service_id)
    return page(
        "account_moves.html", visit, place=place, zone=place.entity.zone, owned=shown,
        rows=[(each, each.status(place.today).value) for each in shown.rows],
        service=service, wanted=wanted, to=to, rehearsed=rehearsed, why=why, today=place.today,
        **_lists(visit, place.entity.legal_entity_id, account_id),
    )  # fmt: skip


def give(visit: Visit) -> Reply:
    """POST /office/accounts/{account_id}/moves: the service is the other account's from today on."""
    account_id, number = account_id_of(visit), visit.form.text("service")
    if not is_number(number):
        raise NoSuchService(f"The account has no service {number[:40]}.")
    to = AccountId(visit.form.text("to"))
    done = move_service(visit.context, account_id, ServiceId(int(number)), to, by=visit.actor)
    return Redirect(f"{HERE}/{account_id}/{done.ended.service_id}?done=service-given")


def _lists(
    visit: Visit, legal_entity_id: LegalEntityId, account_id: AccountId | None = None
) -> dict[str, object]:
    before, asked_before = key_in(visit, "before", LAST), key_in(visit, "asked", 0) or None
    asked = list_asked_moves(visit.context, legal_entity_id, account_id, asked_before, ROWS + 1)
    went = list_moves(visit.context, legal_entity_id, account_id, before, ROWS + 1)
    return {
        "asked": cut(visit, asked, "asked", lambda each: each.change.contact_change_id),
        "went": cut(visit, went, "before", lambda each: each.to_service_id),
    }


def _named(tx: Transaction, account_id: AccountId, text: str) -> Service | None:
    """Return the account's service of that number or name."""
    found = services.find(tx, account_id, ServiceId(int(text))) if is_number(text) else None
    return found or services.named(tx, account_id, text)


def _rehearsed(
    visit: Visit, account_id: AccountId, service: Service | None, wanted: str, to: AccountId
) -> tuple[Moved | None, str]:
    """Return what the move would come to, or why it cannot be."""
    try:
        if service is None:
            raise NoSuchService(f"The account has no service {wanted[:40]}.")
        return rehearse_move(visit.context, account_id, service.service_id, to, by=visit.actor), ""
    except Refusal as refusal:
        return None, refused(refusal, visit.language)
