"""Disputes in the office: what is open, and one with what was said, credited or closed."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from acquit.actions.loading import date_of
from acquit.actions.open_dispute import (
    add_message,
    assign_dispute,
    close_dispute,
    credit_dispute,
    dispute_file,
    show_dispute,
    waiting_disputes,
)
from acquit.console import typed
from acquit.console.listing import ROWS, cut, is_number
from acquit.console.place import place_of
from acquit.console.staff.frame import page
from acquit.console.staff.seller import number_in
from acquit.console.visit import Download, Page, Redirect, Reply, Visit
from acquit.core.dispute import DisputeState, NoSuchDispute
from acquit.core.identifiers import AccountId, BillId, OperatorId
from acquit.store import disputes, legal_entities

COUNTED_MAX: Final = 999


def list_disputes(visit: Visit) -> Page:
    """GET /office/disputes: what is open, the first to be answered before the others."""
    found = waiting_disputes(visit.context, _after(visit), ROWS + 1)
    with visit.read() as tx:
        days = [date_of(visit.context, entity) for entity in legal_entities.every(tx)]
        count = disputes.count_open(tx, COUNTED_MAX)
    return page(
        "disputes.html", visit, count=count, today=min(days) if days else None,
        open=cut(visit, found, "after", lambda each: f"{each.deadline_on}/{each.dispute_id}"),
    )  # fmt: skip


def show_one(visit: Visit) -> Page:
    """GET /office/disputes/{account_id}/{number}: the dispute, what was said, and how it can end."""
    account_id, number = _which(visit)
    dispute, messages = show_dispute(visit.context, account_id, number)
    with visit.read() as tx:
        place = place_of(visit, tx, account_id)
    return page(
        "dispute.html", visit, place=place, zone=place.entity.zone, dispute=dispute, messages=messages,
        states=[state.value for state in DisputeState if state is not DisputeState.OPEN],
    )  # fmt: skip


def show_file(visit: Visit) -> Reply:
    """GET /office/disputes/{account_id}/{number}/files/{message_no}/file: what came with a message."""
    account_id, number = _which(visit)
    message_no = number_in(visit, "message_no", NoSuchDispute)
    name, content = dispute_file(visit.context, account_id, number, message_no)
    return Download(content, "application/octet-stream", name)


def change(visit: Visit) -> Reply:
    """POST /office/disputes/{account_id}/{number}: say something, assign it, credit it, or close it."""
    account_id, number = _which(visit)
    verb = typed.one_of(visit.form.text("verb"), list(VERBS))
    VERBS[verb](visit, account_id, number)
    return Redirect(f"/office/disputes/{account_id}/{number}?done=dispute-{verb}")


def _close(visit: Visit, account_id: AccountId, number: int) -> object:
    ends = [state.value for state in DisputeState if state is not DisputeState.OPEN]
    state = DisputeState(typed.one_of(visit.form.text("state"), ends))
    document = visit.form.text("document")
    return close_dispute(
        visit.context, account_id, number, state, visit.form.text("outcome"),
        BillId(document) if document else None, by=visit.actor,
    )  # fmt: skip


def _assign(visit: Visit, account_id: AccountId, number: int) -> object:
    owner = visit.form.text("owner")
    return assign_dispute(
        visit.context, account_id, number, OperatorId(owner) if owner else None,
        typed.day(visit.form.text("deadline_on")), by=visit.actor,
    )  # fmt: skip


VERBS: Final[Mapping[str, Callable[[Visit, AccountId, int], object]]] = {
    "say": lambda visit, account_id, number: add_message(
        visit.context, account_id, number, visit.form.text("body"), by=visit.actor
    ),
    "assign": _assign,
    "credit": lambda visit, account_id, number: credit_dispute(
        visit.context, account_id, number, visit.form.text("outcome"), by=visit.actor
    ),
    "close": _close,
}


def _after(visit: Visit) -> tuple[date, int]:
    """Return after which dispute the list goes on; the beginning when the address does not say."""
    on, _, number = visit.query.get("after", "").partition("/")
    day = typed.found_day(on)
    return (day, int(number)) if day is not None and is_number(number) else (date.min, 0)


def _which(visit: Visit) -> tuple[AccountId, int]:
    return AccountId(visit.path_values["account_id"]), number_in(visit, "number", NoSuchDispute)
