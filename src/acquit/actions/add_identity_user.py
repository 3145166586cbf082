"""Give an account another login."""

from acquit.actions import passwords
from acquit.actions.context import Context
from acquit.core.access_event import Trace, state_of_login
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId
from acquit.core.identity import (
    DEFAULT_GROUP,
    BadIdentity,
    Login,
    LoginTaken,
    LoginType,
    NoSuchGroup,
    checked_description,
    checked_email,
    checked_login,
)
from acquit.store import access_events, identities
from acquit.store.transaction import Transaction


class PasswordMissing(Invalid):
    """A person signs in with a password; only a service has none."""

    code = "password-missing"


def add_identity_user(
    context: Context,
    account_id: AccountId,
    login: str,
    password: str | None,
    *,
    by: str,
    email: str | None = None,
    description: str = "",
    group: str = DEFAULT_GROUP,
    kind: LoginType = LoginType.USER,
) -> Login:
    """Add a login that may sign in as `account/login`; a SERVICE has tokens in place of a password.

    Raises BadIdentity, PasswordMissing, WeakPassword, NoSuchGroup, LoginTaken.
    """
    password_hash = _password_hash(account_id, checked_login(login), password, email, kind)
    checked_email(email)
    checked_description(description)
    with context.database.write() as tx:
        _refuse_taken(tx, account_id, login, group)
        if not identities.add(tx, account_id, login, kind, email, description, group, password_hash):
            raise LoginTaken(login)
        added = identities.find(tx, account_id, login)
        assert added is not None, "what was written is read in the same transaction"
        trace = Trace(context.caller_address, after=state_of_login(added))
        said = {"group": group, "type": kind.value}
        access_events.record(tx, by, "add_identity_user", account_id, login, trace=trace, **said)
    return added


def _password_hash(
    account_id: AccountId, login: str, password: str | None, email: str | None, kind: LoginType
) -> str:
    """Hash before the transaction begins: a hash is slow on purpose."""
    if kind is LoginType.ROOT:
        raise BadIdentity("The account's own login exists already: choose the type USER or SERVICE")
    if kind is LoginType.SERVICE:
        if password is not None:
            raise BadIdentity("A service has no password: it is given tokens", parameter="password")
        return identities.NO_PASSWORD
    if password is None:
        raise PasswordMissing("The input provided isn't valid: 'password' is a required property")
    passwords.check(password, [login, account_id, email or ""])
    return passwords.hashed(password)


def _refuse_taken(tx: Transaction, account_id: AccountId, login: str, group: str) -> None:
    if identities.find_group(tx, account_id, group) is None:
        raise NoSuchGroup(group)
    if login == account_id:
        raise LoginTaken(login)
