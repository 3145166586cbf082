"""/me/sshKey, /me/preferences/manager, /me/changeEmail and its tasks: what an account keeps about itself."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from acquit.actions import change_email, keep_text
from acquit.api import wire
from acquit.api.listing import Column, Listing
from acquit.api.request import Batched, Handler, Request
from acquit.core.kept_text import EmailChange, NoSuchText
from acquit.store import kept_texts
from acquit.store.transaction import Transaction

# ---------------------------------------------------------------- public keys


def list_keys(request: Request) -> Listing[str]:
    """GET /me/sshKey: names of public keys."""
    chosen = kept_texts.keys_of(request.caller.account_id)
    return Listing(chosen, lambda tx, names: _keys(tx, request, names), {"keyName": Column("name")})


def get_key(request: Request) -> object:
    """GET /me/sshKey/{keyName}: one public key."""
    return _one(get_many_keys, request, request.path["keyName"])


def get_many_keys(request: Request, names: Sequence[str]) -> Mapping[str, object]:
    """Read several public keys with one statement."""
    with request.read() as tx:
        return _keys(tx, request, names)


def create_key(request: Request) -> None:
    """POST /me/sshKey: keep one more."""
    body, caller = request.body, request.caller
    keep_text.keep_key(request.context, caller.account_id, body["keyName"], body["key"], by=caller.actor)


def delete_key(request: Request) -> None:
    """DELETE /me/sshKey/{keyName}: keep it no longer."""
    caller = request.caller
    keep_text.drop_key(request.context, caller.account_id, request.path["keyName"], by=caller.actor)


def _keys(tx: Transaction, request: Request, names: Sequence[str]) -> dict[str, object]:
    found = kept_texts.find_keys(tx, request.caller.account_id, names)
    return {name: {"key": key, "keyName": name} for name, key in found.items()}


# ---------------------------------------------------------------- preferences


def list_preferences(request: Request) -> Listing[str]:
    """GET /me/preferences/manager: names of preferences."""
    chosen = kept_texts.preferences_of(request.caller.account_id)
    return Listing(chosen, lambda tx, names: _preferences(tx, request, names), {"key": Column("name")})


def get_preference(request: Request) -> object:
    """GET /me/preferences/manager/{key}: one preference."""
    return _one(get_many_preferences, request, request.path["key"])


def get_many_preferences(request: Request, names: Sequence[str]) -> Mapping[str, object]:
    """Read several preferences with one statement."""
    with request.read() as tx:
        return _preferences(tx, request, names)


def create_preference(request: Request) -> None:
    """POST /me/preferences/manager: keep one more."""
    body = request.body
    keep_text.keep_preference(request.context, request.caller.account_id, body["key"], body["value"])


def edit_preference(request: Request) -> None:
    """PUT /me/preferences/manager/{key}: another value."""
    name, value = request.path["key"], request.body.get("value")
    if value is None:
        get_preference(request)
    else:
        keep_text.change_preference(request.context, request.caller.account_id, name, value)


def delete_preference(request: Request) -> None:
    """DELETE /me/preferences/manager/{key}: keep it no longer."""
    keep_text.drop_preference(request.context, request.caller.account_id, request.path["key"])


def _preferences(tx: Transaction, request: Request, names: Sequence[str]) -> dict[str, object]:
    found = kept_texts.find_preferences(tx, request.caller.account_id, names)
    return {name: {"key": name, "value": value} for name, value in found.items()}


# ---------------------------------------------------------------- another address


def ask_email(request: Request) -> object:
    """POST /me/changeEmail: a letter to the new address brings a token."""
    caller = request.caller
    asked = change_email.ask_email_change(
        request.context, caller.account_id, request.body["newEmail"], by=caller.actor
    )
    return _email_change(asked, request)


def list_email_changes(request: Request) -> Listing[int]:
    """GET /me/task/emailChange: addresses that were asked for."""
    now, state = request.context.clock.now(), request.query["state"]
    chosen = kept_texts.email_changes_of(request.caller.account_id, state, now)
    columns = {"id": Column("email_change_id"), "dateRequest": Column("asked_at")}
    return Listing(chosen, lambda tx, ids: _email_changes(tx, request, ids), columns)


def get_email_change(request: Request) -> object:
    """GET /me/task/emailChange/{id}: one of them."""
    return _one(get_many_email_changes, request, request.path["id"])


def get_many_email_changes(request: Request, ids: Sequence[int]) -> Mapping[int, object]:
    """Read several with one statement."""
    with request.read() as tx:
        return _email_changes(tx, request, ids)


def accept_email(request: Request) -> None:
    """POST /me/task/emailChange/{id}/accept: with the letter's token the address holds."""
    _end(change_email.accept_email_change, request)


def refuse_email(request: Request) -> None:
    """POST /me/task/emailChange/{id}/refuse: with the letter's token nothing changes."""
    _end(change_email.refuse_email_change, request)


def _end(end: Callable[..., None], request: Request) -> None:
    caller = request.caller
    end(request.context, caller.account_id, request.path["id"], request.body["token"], by=caller.actor)


def _email_changes(tx: Transaction, request: Request, ids: Sequence[int]) -> dict[int, object]:
    found = kept_texts.find_changes(tx, request.caller.account_id, ids)
    return {each.email_change_id: _email_change(each, request) for each in found}


def _email_change(found: EmailChange, request: Request) -> dict[str, Any]:
    return {
        "dateDone": wire.instant_or_none(found.done_at, request.zone),
        "dateRequest": wire.instant(found.asked_at, request.zone),
        "id": found.email_change_id,
        "newEmail": found.new_email,
        "state": found.state_at(request.context.clock.now()),
    }


def _one(read: Callable[..., Mapping[Any, object]], request: Request, key: object) -> object:
    found = read(request, [key])
    if key not in found:
        raise NoSuchText(key)
    return found[key]


ROUTES: Final[Mapping[tuple[str, str], Handler | Batched]] = {
    ("POST", "/me/changeEmail"): ask_email,
    ("GET", "/me/preferences/manager"): list_preferences,
    ("POST", "/me/preferences/manager"): create_preference,
    ("GET", "/me/preferences/manager/{key}"): Batched(get_preference, get_many_preferences),
    ("PUT", "/me/preferences/manager/{key}"): edit_preference,
    ("DELETE", "/me/preferences/manager/{key}"): delete_preference,
    ("GET", "/me/sshKey"): list_keys,
    ("POST", "/me/sshKey"): create_key,
    ("GET", "/me/sshKey/{keyName}"): Batched(get_key, get_many_keys),
    ("DELETE", "/me/sshKey/{keyName}"): delete_key,
    ("GET", "/me/task/emailChange"): list_email_changes,
    ("GET", "/me/task/emailChange/{id}"): Batched(get_email_change, get_many_email_changes),
    ("POST", "/me/task/emailChange/{id}/accept"): accept_email,
    ("POST", "/me/task/emailChange/{id}/refuse"): refuse_email,
}
