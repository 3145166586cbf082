"""Keys: applications, the keys that were given to them, service accounts and their tokens."""

from typing import Final

from acquit.actions.add_identity_user import add_identity_user
from acquit.actions.create_personal_token import create_personal_token, revoke_personal_token
from acquit.actions.revoke_access import revoke_application, revoke_credential
from acquit.console import typed
from acquit.console.place import own_place, page
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.access import Credential
from acquit.core.identifiers import ApplicationId, CredentialId
from acquit.core.identity import BearerToken, Login, LoginType, refuse_unless_admin
from acquit.store import access, identities, selection, tokens
from acquit.store.selection import Order
from acquit.store.transaction import Transaction

LISTED_MAX: Final = 100
TOKENS_MAX: Final = 20
DAYS: Final = ("30", "90", "365", "")
SECONDS_A_DAY: Final = 86_400
IDENTITIES: Final = ("login", "token", "revoke-token")
DEEDS: Final = ("application", "key", *IDENTITIES)


def list_keys(visit: Visit) -> Page:
    """GET /manager/keys: who may call the API in the account's name, since when, and what was used last."""
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        names = selection.keys(tx, access.applications_of(visit.account_id), limit=LISTED_MAX)
        programs = access.find_applications(tx, visit.account_id, names)
        newest = Order("credential_id", descending=True)
        given = selection.keys(tx, access.credentials_of(visit.account_id), (), newest, limit=LISTED_MAX)
        keys = access.find_credentials(tx, visit.account_id, given)
        of_keys = {key.application_id for key in keys}
        known = access.some_applications(tx, sorted(of_keys))
        logins = _logins(visit, tx)
    now = visit.context.clock.now()
    return page(
        "keys.html",
        place,
        applications=programs,
        keys=[(key, known.get(key.application_id), key.status_at(now)) for key in _newest(keys)],
        logins=logins,
        days=DAYS,
    )


def change_keys(visit: Visit) -> Reply:
    """POST /manager/keys: a program or key is deleted, a service account or a token made or gone."""
    wanted = typed.one_of(visit.form.text("do"), DEEDS)
    session = visit.signed_in
    if wanted in IDENTITIES and session.login != visit.account_id:
        with visit.read() as tx:
            refuse_unless_admin(identities.roles(tx, visit.account_id, session.login))
    if wanted == "token":
        return _make_token(visit)
    _carry_out(visit, wanted)
    return Redirect(f"/manager/keys?done=keys-{wanted}")


def _carry_out(visit: Visit, wanted: str) -> None:
    form, context, account_id, by = visit.form, visit.context, visit.account_id, visit.actor
    if wanted == "application":
        revoke_application(context, account_id, ApplicationId(_number(form.text("number"))), by=by)
    elif wanted == "key":
        revoke_credential(context, account_id, CredentialId(_number(form.text("number"))), by=by)
    elif wanted == "login":
        login, words = form.text("login"), form.text("description")
        add_identity_user(context, account_id, login, None, by=by, description=words, kind=LoginType.SERVICE)
    else:
        revoke_personal_token(context, account_id, form.text("login"), form.text("name"), by=by)


def _make_token(visit: Visit) -> Page:
    form = visit.form
    days = typed.one_of(form.text("days"), DAYS)
    made = create_personal_token(
        visit.context,
        visit.account_id,
        form.text("login"),
        form.text("name"),
        "",
        by=visit.actor,
        expires_in=int(days) * SECONDS_A_DAY if days else None,
    )
    with visit.read() as tx:
        place = own_place(visit, tx)
    return page("token.html", place, made=made, login=form.text("login"))


def _logins(visit: Visit, tx: Transaction) -> list[tuple[Login, list[BearerToken]]]:
    names = selection.keys(tx, identities.of_account(visit.account_id), limit=LISTED_MAX)
    found = identities.find_many(tx, visit.account_id, names)
    held = tokens.of_logins(tx, visit.account_id, [each.login for each in found], TOKENS_MAX)
    return [(each, held[each.login]) for each in sorted(found, key=lambda login: login.login)]


def _newest(keys: list[Credential]) -> list[Credential]:
    return sorted(keys, key=lambda key: -key.credential_id)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
