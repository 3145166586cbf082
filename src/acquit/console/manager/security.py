"""Security of the login that is signed in: its sessions, its devices that make codes, its backup codes."""

from typing import Final

from acquit.actions.change_second_factor import (
    Person,
    device_picture,
    disable_generator,
    draw_backup_codes,
    enrol_generator,
    remove_backup_codes,
    remove_generator,
    set_backup_codes,
    unconfirmed_generator,
    validate_generator,
)
from acquit.actions.end_sessions import end_account_session, end_other_account_sessions
from acquit.console import typed
from acquit.console.place import own_place, page
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.identity import Role
from acquit.core.second_factor import NoSuchFactor, State
from acquit.store import identities, second_factors, selection, sessions
from acquit.store.transaction import Transaction

ENDINGS: Final = ("end", "end-others")
DEEDS: Final = (*ENDINGS, "enrol", "confirm", "remove", "codes", "confirm-codes", "drop-codes")


def ask_security(visit: Visit) -> Page:
    """GET /manager/security: who is signed in from where, and what a sign-in asks besides the password."""
    person = _person(visit)
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        ids = selection.keys(tx, second_factors.generators_of(visit.account_id, person.login))
        devices = second_factors.find_generators(tx, visit.account_id, person.login, ids)
        codes = second_factors.find_codes(tx, visit.account_id, person.login)
        live = sessions.live_of_account(tx, visit.account_id, _whose(visit, tx))
    waiting = unconfirmed_generator(visit.context, person)
    return page(
        "security.html",
        place,
        sessions=live,
        devices=sorted(devices, key=lambda device: device.code_generator_id),
        codes=codes,
        waiting=waiting,
        picture=device_picture(waiting.link) if waiting else "",
    )


def change_security(visit: Visit) -> Reply:
    """POST /manager/security: end sessions, set up or take away a device or codes."""
    deeds = ENDINGS if visit.signed_in.is_federated else DEEDS
    wanted, form, context = typed.one_of(visit.form.text("do"), deeds), visit.form, visit.context
    person, by = _person(visit), visit.actor
    if wanted == "codes":
        drawn = draw_backup_codes(context, person, by=by)
        with visit.read() as tx:
            return page("backup_codes.html", own_place(visit, tx), codes=drawn)
    if wanted == "end":
        with visit.read() as tx:
            whose = _whose(visit, tx)
        end_account_session(context, visit.account_id, whose, _number(visit), by=by)
    elif wanted == "end-others":
        keep = visit.signed_in.session_no
        end_other_account_sessions(context, visit.account_id, person.login, keep, by=by)
    elif wanted == "enrol":
        enrol_generator(context, person, by=by)
    elif wanted == "confirm":
        validate_generator(context, person, _number(visit), form.text("code"), by=by)
    elif wanted == "remove":
        _remove(visit, person)
    elif wanted == "confirm-codes":
        set_backup_codes(context, person, form.text("code"), (State.NEW,), State.ENABLED, by=by)
    else:
        set_backup_codes(context, person, form.text("code"), (State.ENABLED,), State.DISABLED, by=by)
        remove_backup_codes(context, person, by=by)
    return Redirect(f"/manager/security?done=security-{wanted}")


def _remove(visit: Visit, person: Person) -> None:
    """Take a device away; one in use is set aside by a code of it first."""
    number = _number(visit)
    with visit.read() as tx:
        found = second_factors.find_generators(tx, visit.account_id, person.login, [number])
    if not found:
        raise NoSuchFactor(number)
    if found[0].state is State.ENABLED:
        disable_generator(visit.context, person, number, visit.form.text("code"), by=visit.actor)
    remove_generator(visit.context, person, number, by=visit.actor)


def _whose(visit: Visit, tx: Transaction) -> str | None:
    """Return whose sessions may be seen: one's own, or all of the account for those who give access."""
    login = visit.signed_in.login
    is_admin = login == visit.account_id or Role.ADMIN in identities.roles(tx, visit.account_id, login)
    return None if is_admin else login


def _person(visit: Visit) -> Person:
    return Person(visit.account_id, visit.signed_in.login, visit.address)


def _number(visit: Visit) -> int:
    text = visit.form.text("number")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
