"""A forgotten password: a letter brings a link that is good once and for an hour; it sets a new one.

Whoever asks is told the same whether the name exists or not. A request names the host that it was sent to,
and a stranger's may name any: a link begins with the installation's own origin, or with one of this machine.
Where neither is known the letter brings the link's secret as a code, for the page that people know.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from acquit.actions import passwords
from acquit.actions.attempts import attempted
from acquit.actions.context import Context
from acquit.actions.loading import locked_account_in
from acquit.actions.origins import sure_origin
from acquit.core.access_event import Trace, state_of_login
from acquit.core.account import Account
from acquit.core.errors import Conflict, Forbidden
from acquit.core.identifiers import AccountId
from acquit.store import access_events, accounts, acts, identities, password_links, sessions
from acquit.store.password_links import Link, Reached
from acquit.store.transaction import Transaction

LIFE: Final = timedelta(hours=1)
AT_ONCE: Final = timedelta(minutes=1)
"""A link so young is not sent again: asking twice by accident brings one letter."""
LETTERS_MAX: Final = 10
NAME_MAX: Final = 200
DOOR: Final = "password"


class PasswordLinkOver(Forbidden):
    """The link was used, is older than an hour, or never was."""

    code = "password-link-over"

    def __init__(self) -> None:
        super().__init__("This link is over: it is good once, for an hour. Ask for another one.")


class NoAddressKnown(Conflict):
    """There is no address of mail to send the link to."""

    code = "no-address-known"

    def __init__(self) -> None:
        super().__init__(
            "No e-mail address of this login is known: the account, or the provider, can set one."
        )


def ask_password_link(context: Context, name: str, *, origin: str, address: str) -> None:
    """Whoever has this name (`account`, `account/login` or an e-mail address) has a letter with a link.

    Nothing tells whether anybody has it. Raises TooManyAttempts.
    """
    name = "".join(sign for sign in name.strip()[:NAME_MAX] if sign.isprintable())
    attempted(context, DOOR, name.lower(), address)
    with context.database.read() as tx:
        if "@" in name and "/" not in name:
            found = password_links.of_address(tx, name, LETTERS_MAX)
        else:
            account_id, slash, login = name.partition("/")
            account_id = account_id.lower()
            one = password_links.of_login(tx, account_id, login if slash else account_id)
            found = [] if one is None else [one]
    for reached in found:
        if reached.email:
            _send(context, reached, origin, "system", address)


def send_password_link(
    context: Context, account_id: AccountId, login: str, *, origin: str, address: str, by: str
) -> None:
    """The login has a letter with a link. Raises NoAddressKnown, also for a login that has no password."""
    with context.database.read() as tx:
        reached = password_links.of_login(tx, account_id, login)
    if reached is None or not reached.email:
        raise NoAddressKnown
    _send(context, reached, origin, by, address)


def find_password_link(context: Context, link: str) -> Link:
    """Return whose password the link sets. Raises PasswordLinkOver."""
    with context.database.read() as tx:
        found = password_links.find(tx, _hash(link), context.clock.now())
    if found is None or found.spent:
        raise PasswordLinkOver
    return found


def reset_password(context: Context, link: str, password: str) -> Link:
    """The login signs in with the password; its sessions and its other links are over.

    Sent again with the same password, it changes nothing. Raises PasswordLinkOver, WeakPassword.
    """
    with context.database.read() as tx:
        found = password_links.find(tx, _hash(link), context.clock.now())
    if found is None:
        raise PasswordLinkOver
    if not found.spent:
        passwords.check(password, [found.account_id, found.login])
    hashed = passwords.hashed(password)
    with context.database.write() as tx:
        account = locked_account_in(tx, found.account_id)
        still = password_links.find(tx, _hash(link), context.clock.now())
        if still is None:
            raise PasswordLinkOver
        if still.spent:
            if not passwords.matches(sessions.password_hash(tx, found.account_id, found.login), password):
                raise PasswordLinkOver
            return still
        _write(context, tx, account, found.login, hashed)
    return found


def _write(context: Context, tx: Transaction, account: Account, login: str, hashed: str) -> None:
    account_id = account.account_id
    if password_links.of_login(tx, account_id, login) is None:
        raise PasswordLinkOver
    if login == account_id:
        accounts.set_password(tx, account_id, account.email or None, hashed)
    else:
        password_links.set_password(tx, account_id, login, hashed)
    password_links.spend(tx, account_id, login)
    sessions.end_of_account(tx, account_id, login)
    known = identities.find(tx, account_id, login)
    trace = Trace(context.caller_address, after=None if known is None else state_of_login(known))
    by = f"account:{account_id}/{login}"
    access_events.record(tx, by, "reset_password", account_id, login, trace=trace)


def _send(context: Context, reached: Reached, origin: str, by: str, address: str) -> None:
    """Send a letter with a new link, unless one was sent a moment ago."""
    link, now = secrets.token_urlsafe(32), context.clock.now()
    with context.database.write() as tx:
        locked_account_in(tx, reached.account_id)
        newest = password_links.newest(tx, reached)
        if newest is not None and now < newest + AT_ONCE:
            return
        password_links.add(tx, _hash(link), reached, now, now + LIFE)
        acts.record(tx, by, "ask_password_link", reached.account_id, reached.login, address=address)
    sure = sure_origin(context, origin)
    whole = None if sure is None else f"{sure}/manager/password/new?link={link}"
    context.mailer.send(reached.email, *_letter(reached, whole, link))


def _letter(reached: Reached, link: str | None, code: str) -> tuple[str, str]:
    is_own = reached.login == reached.account_id
    name = reached.account_id if is_own else f"{reached.account_id}/{reached.login}"
    if reached.language.startswith("fr"):
        return (
            f"Mot de passe de {name}",
            f"Pour choisir un nouveau mot de passe de {name} :\n\n"
            + (link or f"Code : {code}\n\nDonnez-le sur la page « Mot de passe oublié » de l'espace client.")
            + "\n\nIl sert une seule fois, pendant une heure. Si vous n'avez rien demandé, ne faites rien : "
            "le mot de passe reste le même.\n",
        )
    return (
        f"Password of {name}",
        f"To choose a new password of {name}:\n\n"
        + (link or f"Code: {code}\n\nGive it on the page 'Forgotten password' of the manager.")
        + "\n\nIt is good once, for an hour. If you did not ask for it, do nothing: the password stays as "
        "it is.\n",
    )


def _hash(link: str) -> bytes:
    return hashlib.sha256(link.encode()).digest()
