"""Sign people in by an identity provider: sent there, back with a code, proven, known here.

A person is known by the provider's subject. The first time a login or operator of the verified address is
taken, unless it is another person of the provider already: an address that changed hands opens nothing.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final, TypeVar

from acquit.actions.context import Context
from acquit.actions.sign_in import (
    NAME_MAX,
    SignInOver,
    check_address,
    open_account_in,
    open_operator_in,
    refuse_shut_out,
)
from acquit.core.errors import NotFound, Refusal
from acquit.core.identifiers import AccountId, OperatorId
from acquit.core.session import Door, Means, Opening
from acquit.core.single_sign_on import IdentityRefused, NobodyKnown, Proven, SeveralKnown
from acquit.ports import SignOn, Unreachable
from acquit.store import acts, operators, sign_ons
from acquit.store.sign_ons import Begun
from acquit.store.transaction import Transaction

WAY_LIFE: Final = timedelta(minutes=10)
CODE_MAX: Final = 4_000

Answered = TypeVar("Answered")


class NoSignOn(NotFound):
    """No identity provider stands at this door."""

    code = "no-sign-on"


class ProviderSilent(Refusal):
    """The identity provider gives no usable answer now."""

    code = "provider-silent"


def begin_sign_on(
    context: Context, door: Door, back: str, browser_secret: str, *, account: str = "", next_link: str = ""
) -> str:
    """Return where the browser is sent; its answer is taken from this browser alone, once, for ten minutes.

    Raises NoSignOn, ProviderSilent.
    """
    sign_on = _at(context, door)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    link = _asked(lambda: sign_on.provider.link(back, state, nonce, verifier))
    with context.database.write() as tx:
        sign_ons.begin(
            tx,
            _hashed(state, browser_secret),
            door,
            nonce,
            context.sealer.seal(verifier),
            account.strip().lower()[:NAME_MAX] or None,
            next_link,
            context.clock.now() + WAY_LIFE,
        )
    return link


def finish_sign_on(
    context: Context,
    door: Door,
    back: str,
    browser_secret: str,
    *,
    state: str,
    code: str,
    issuer: str,
    address: str,
    browser: str,
) -> tuple[str, str]:
    """Open a session for who came back with the code; return its token and where the person wanted to go.

    Raises NoSignOn, SignInOver, IdentityRefused, NobodyKnown, SeveralKnown, PasswordsOff, AddressRefused,
    ProviderSilent.
    """
    sign_on = _at(context, door)
    with context.database.write() as tx:
        begun = sign_ons.take(tx, _hashed(state, browser_secret), door)
    if begun is None or not begun.is_live:
        raise SignInOver("This sign-in is over, or was begun in another browser: sign in again.")
    if not 0 < len(code) <= CODE_MAX or issuer not in ("", sign_on.provider.issuer):
        raise IdentityRefused("no code, or the answer of another provider")
    verifier = context.sealer.unseal(begun.verifier_sealed)
    proven = _asked(lambda: sign_on.provider.prove(back, code, begun.nonce, verifier))
    sign_on.rules.refuse_strange(proven)
    opening = Opening(address, browser, Means.SINGLE_SIGN_ON)
    if door is Door.OFFICE:
        return _enter_office(context, sign_on, proven, opening), begun.next
    return _enter_manager(context, proven, begun, opening), begun.next


def leave_provider(context: Context, door: Door, back: str) -> str:
    """Return where the browser ends its session with the provider, empty when it cannot be ended there.

    Raises NoSignOn, ProviderSilent.
    """
    return _asked(lambda: _at(context, door).provider.leave_link(back))


# ---------------------------------------------------------------- staff


def _enter_office(context: Context, sign_on: SignOn, proven: Proven, opening: Opening) -> str:
    role = sign_on.rules.role_of(proven)
    with context.database.write() as tx:
        operator_id = _operator(tx, proven)
        found = operators.find(tx, operator_id)
        if found is None or not found.active:
            raise _nobody()
        if role is not None and role is not found.role:
            operators.change(tx, replace(found, role=role))
            acts.record(tx, "system", "take_role_of_provider", None, operator_id, role=role.value)
        return open_operator_in(context, tx, operator_id, opening)


def _operator(tx: Transaction, proven: Proven) -> OperatorId:
    known = sign_ons.operator_of(tx, proven.issuer, proven.subject)
    if known is not None:
        return known
    found = sign_ons.operators_by_email(tx, proven.issuer, proven.email) if proven.email else []
    if len(found) != 1:
        raise _nobody()
    sign_ons.link_operator(tx, proven.issuer, proven.subject, found[0])
    acts.record(tx, f"operator:{found[0]}", "link_operator", None, found[0], issuer=proven.issuer)
    return found[0]


# ---------------------------------------------------------------- accounts


def _enter_manager(context: Context, proven: Proven, begun: Begun, opening: Opening) -> str:
    with context.database.write() as tx:
        account_id, login = _login(tx, proven, begun.account_id)
    refuse_shut_out(context, account_id, login)
    check_address(context, account_id, login, opening.address)
    with context.database.write() as tx:
        return open_account_in(context, tx, account_id, login, opening)


def _login(tx: Transaction, proven: Proven, wanted: AccountId | None) -> tuple[AccountId, str]:
    known = sign_ons.logins_of(tx, proven.issuer, proven.subject, wanted)
    fresh = sign_ons.logins_by_email(tx, proven.issuer, proven.email, wanted) if proven.email else []
    linked = {account_id for account_id, _ in known}
    fresh = [each for each in fresh if each[0] not in linked]
    found = known if known and wanted is not None else [*known, *fresh]
    if not found:
        raise _nobody()
    accounts = sorted({account_id for account_id, _ in found})
    if len(accounts) > 1:
        raise SeveralKnown(accounts)
    if len(found) > 1:
        raise NobodyKnown("Several logins of this account have your address: give each its own.")
    account_id, login = found[0]
    if found[0] not in known:
        sign_ons.link_login(tx, account_id, login, proven.issuer, proven.subject)
        by = f"account:{account_id}/{login}"
        acts.record(tx, by, "link_login", account_id, login, issuer=proven.issuer)
    return account_id, login


def _at(context: Context, door: Door) -> SignOn:
    sign_on = context.sign_on.get(door)
    if sign_on is None:
        raise NoSignOn("No identity provider is set up for this door: sign in with a password.")
    return sign_on


def _asked(ask: Callable[[], Answered]) -> Answered:
    try:
        return ask()
    except Unreachable as error:
        raise ProviderSilent(
            "The identity provider does not answer: try again soon, or sign in with a password."
        ) from error


def _hashed(state: str, browser_secret: str) -> bytes:
    return hashlib.sha256(f"{browser_secret}:{state}".encode()).digest()


def _nobody() -> NobodyKnown:
    return NobodyKnown(
        "You are proven, but nobody here has your address: ask an administrator to write it to your login."
    )
