"""changeContact, /me/task/contactChange and /me/billing/task: who shall be a contact of a service."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from acquit.actions.change_contacts import (
    MEMBERS,
    agree_to_contact_change,
    ask_contact_change,
    refuse_contact_change,
    resend_contact_letter,
)
from acquit.api import wire
from acquit.api.listing import Column, Listing
from acquit.api.order_progress import NOT_BEGUN
from acquit.api.request import Batched, Handler, Request
from acquit.api.service_infos import found_by_name
from acquit.core.contact_change import ChangeState, Contact, ContactChange, NoSuchContactChange
from acquit.core.identifiers import AccountId
from acquit.store import contact_changes
from acquit.store.transaction import Transaction

STATES: Final[Mapping[ChangeState, str]] = {
    ChangeState.WAITING: "validatingByCustomers",
    ChangeState.AGREED: "doing",
    ChangeState.DONE: "done",
    ChangeState.REFUSED: "refused",
    ChangeState.ABORTED: "aborted",
    ChangeState.EXPIRED: "expired",
}
STATUSES: Final[Mapping[ChangeState, str]] = {
    ChangeState.WAITING: NOT_BEGUN,
    ChangeState.AGREED: "DOING",
    ChangeState.DONE: "DONE",
    ChangeState.REFUSED: "CANCELLED",
    ChangeState.ABORTED: "CANCELLED",
    ChangeState.EXPIRED: "CANCELLED",
}
NAME: Final = "contact/change"
NEVER: Final = ""
COLUMNS: Final = {
    "askingAccount": Column("account_id"),
    "dateRequest": Column("asked_at"),
    "fromAccount": Column("from_account_id"),
    "id": Column("contact_change_id"),
    "serviceDomain": Column("service_name"),
    "toAccount": Column("to_account_id"),
}


# ---------------------------------------------------------------- asking


def change_contact(request: Request) -> list[int]:
    """POST /{product}/{serviceName}/changeContact: a task for each contact that changes, and letters."""
    caller, body, service = request.caller, request.body, found_by_name(request)
    wanted = {contact: AccountId(body[name]) for contact, name in MEMBERS.items() if body.get(name)}
    made = ask_contact_change(request.context, caller.account_id, service.service_id, wanted, by=caller.actor)
    return [each.contact_change_id for each in made]


# ---------------------------------------------------------------- tasks


def list_tasks(request: Request) -> Listing[int]:
    """GET /me/task/contactChange: what the account asked for, and what it is asked."""
    query = request.query
    chosen = contact_changes.of_account(
        request.caller.account_id,
        request.context.clock.now(),
        states=_named(STATES, query["state"]),
        asking_id=query["askingAccount"],
        to_id=query["toAccount"],
    )
    return Listing(chosen, lambda tx, ids: _found(tx, request, ids, _task), COLUMNS)


def get_task(request: Request) -> object:
    """GET /me/task/contactChange/{id}: one of them."""
    return _one(request, get_many_tasks)


def get_many_tasks(request: Request, ids: Sequence[int]) -> Mapping[int, object]:
    """Read several at once."""
    with request.read() as tx:
        return _found(tx, request, ids, _task)


def accept_task(request: Request) -> None:
    """POST /me/task/contactChange/{id}/accept: with the token of the account's own letter."""
    caller, said = request.caller, request.body["token"]
    agree_to_contact_change(request.context, caller.account_id, request.path["id"], said, by=caller.actor)


def refuse_task(request: Request) -> None:
    """POST /me/task/contactChange/{id}/refuse: with the token of the account's own letter."""
    caller, said = request.caller, request.body["token"]
    refuse_contact_change(request.context, caller.account_id, request.path["id"], said, by=caller.actor)


def resend_letter(request: Request) -> None:
    """POST /me/task/contactChange/{id}/resendEmail: the account's own letter once more."""
    caller = request.caller
    resend_contact_letter(request.context, caller.account_id, request.path["id"], by=caller.actor)


# ---------------------------------------------------------------- the same as tasks of billing


def list_billing_tasks(request: Request) -> Listing[int]:
    """GET /me/billing/task: the same tasks, all of that name."""
    chosen = contact_changes.of_account(
        request.caller.account_id,
        request.context.clock.now(),
        states=_named(STATUSES, request.query["status"]),
    )
    columns = {"id": Column("contact_change_id")}
    return Listing(chosen, lambda tx, ids: _found(tx, request, ids, _billing_task), columns)


def get_billing_task(request: Request) -> object:
    """GET /me/billing/task/{id}: one of them."""
    return _one(request, get_many_billing_tasks)


def get_many_billing_tasks(request: Request, ids: Sequence[int]) -> Mapping[int, object]:
    """Read several at once."""
    with request.read() as tx:
        return _found(tx, request, ids, _billing_task)


# ---------------------------------------------------------------- what they look like


def _named(names: Mapping[ChangeState, str], wanted: str | None) -> list[str]:
    """Return our states that the wire calls so; for a name that nothing here has, one that nothing is in."""
    if wanted is None:
        return []
    return [state.value for state, name in names.items() if name == wanted] or [NEVER]


def _found(
    tx: Transaction,
    request: Request,
    ids: Sequence[int],
    shown: Callable[[ContactChange, Request], dict[str, Any]],
) -> dict[int, object]:
    found = contact_changes.find(tx, request.caller.account_id, ids)
    return {each.contact_change_id: shown(each, request) for each in found}


def _one(request: Request, read: Callable[[Request, Sequence[int]], Mapping[int, object]]) -> object:
    number = request.path["id"]
    found = read(request, [number])
    if number not in found:
        raise NoSuchContactChange(number)
    return found[number]


def _task(change: ContactChange, request: Request) -> dict[str, Any]:
    return {
        "askingAccount": change.account_id,
        "contactTypes": [MEMBERS[change.contact]],
        "dateDone": wire.instant_or_none(change.done_at, request.zone),
        "dateRequest": wire.instant(change.asked_at, request.zone),
        "fromAccount": change.from_account_id,
        "id": change.contact_change_id,
        "serviceDomain": change.service_name,
        "state": STATES[change.state_at(request.context.clock.now())],
        "toAccount": change.to_account_id,
    }


def _billing_task(change: ContactChange, request: Request) -> dict[str, Any]:
    state = change.state_at(request.context.clock.now())
    told = {
        "contactType": MEMBERS[Contact(change.contact)],
        "fromAccount": change.from_account_id,
        "serviceDomain": change.service_name,
        "toAccount": change.to_account_id,
    }
    return {
        "id": change.contact_change_id,
        "metadata": [{"key": key, "value": value} for key, value in told.items()],
        "name": NAME,
        "status": STATUSES[state],
        "step": STATES[state],
    }


TASK: Final = "/me/task/contactChange/{id}"
ROUTES: Final[Mapping[tuple[str, str], Handler | Batched]] = {
    ("GET", "/me/billing/task"): list_billing_tasks,
    ("GET", "/me/billing/task/{id}"): Batched(get_billing_task, get_many_billing_tasks),
    ("GET", "/me/task/contactChange"): list_tasks,
    ("GET", TASK): Batched(get_task, get_many_tasks),
    ("POST", f"{TASK}/accept"): accept_task,
    ("POST", f"{TASK}/refuse"): refuse_task,
    ("POST", f"{TASK}/resendEmail"): resend_letter,
    ("POST", "/{product}/{serviceName}/changeContact"): change_contact,
}
