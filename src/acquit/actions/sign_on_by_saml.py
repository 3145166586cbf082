"""Sign people of an account's own identity provider in: sent there, back with a signed assertion, let in.

The answer comes in a form that the provider's page sends, and no cookie of ours comes with it. So it is
judged where it arrives and opens nothing: it leads on by a code, and only the browser that was sent away,
which has its cookies again by then, gets a session for it, once.
"""

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from acquit.actions.context import Context
from acquit.actions.origins import sure_origin
from acquit.actions.sign_in import SESSION_LIFE, SignInOver, check_address, open_account_in
from acquit.core.identifiers import AccountId
from acquit.core.saml import (
    SKEW,
    AccountProvider,
    AssertionRefused,
    NoIdentityProvider,
    NoOriginKnown,
    OurSide,
    groups_of,
    known_groups,
    login_of,
)
from acquit.core.saml_reason import Why
from acquit.core.session import Means, Opening
from acquit.documents.saml_metadata import our_metadata
from acquit.documents.saml_request import SigningKey, new_signing_key, request_link
from acquit.documents.saml_response import read_response
from acquit.store import access, acts, identities, identity_providers
from acquit.store.transaction import Transaction

log = logging.getLogger("acquit.identity")

WAY_LIFE: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Trial:
    """What a sign-in would have come to: the login, the groups that the provider told, and those we know."""

    login: str
    told_groups: tuple[str, ...]
    known_groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entered:
    """A session for somebody whom the provider proved, and where the person wanted to go."""

    token: str
    next: str


def our_side(context: Context, account_id: AccountId, origin: str) -> OurSide:
    """Return how the account's identity provider knows us. Raises NoOriginKnown."""
    sure = sure_origin(context, origin)
    if sure is None:
        raise NoOriginKnown
    return OurSide.of(sure, account_id)


def describe_us(context: Context, account_id: AccountId, origin: str) -> bytes:
    """Return our metadata for an account, alike whether there is such an account. Raises NoOriginKnown."""
    return our_metadata(our_side(context, account_id, origin), _key(context).certificate)


def find_provider(context: Context, account_id: AccountId) -> AccountProvider:
    """Return the account's identity provider. Raises NoIdentityProvider."""
    with context.database.read() as tx:
        found = identity_providers.find(tx, account_id)
    if found is None:
        raise NoIdentityProvider
    return found


def begin_saml(
    context: Context,
    account_id: AccountId,
    origin: str,
    browser_secret: str,
    *,
    next_link: str = "",
    is_trial: bool = False,
) -> str:
    """Return where the browser is sent; the answer counts in this browser alone, once, for ten minutes.

    Raises NoIdentityProvider, NoOriginKnown.
    """
    provider, ours = find_provider(context, account_id), our_side(context, account_id, origin)
    request_id, now = f"_{secrets.token_hex(24)}", context.clock.now()
    key = _key(context) if provider.wishes.signs_requests else None
    link = request_link(provider, ours, request_id, now, key)
    with context.database.write() as tx:
        identity_providers.begin(
            tx,
            account_id,
            _hashed(request_id),
            _hashed(browser_secret),
            next_link,
            is_trial=is_trial,
            now=now,
            expires_at=now + WAY_LIFE,
        )
    return link


def accept_saml(context: Context, account_id: AccountId, origin: str, response: str) -> str:
    """Return the code by which the browser goes on that brought the provider's answer.

    Raises NoIdentityProvider, NoOriginKnown, AssertionRefused.
    """
    provider, ours = find_provider(context, account_id), our_side(context, account_id, origin)
    try:
        return _accept(context, provider, ours, response)
    except AssertionRefused as refused:
        log.warning("identity.refused", extra={"account_id": account_id, "reason": refused.reason})
        raise


def _accept(context: Context, provider: AccountProvider, ours: OurSide, response: str) -> str:
    now, code, account_id = context.clock.now(), secrets.token_urlsafe(32), provider.account_id
    asserted = read_response(response, provider, ours, now)
    login, told = login_of(provider.wishes, asserted), groups_of(provider.wishes, asserted)
    with context.database.write() as tx:
        kept_until = now + WAY_LIFE + SKEW  # by then the request that it answers is over, whatever it says
        if not identity_providers.spend(tx, account_id, _hashed(asserted.assertion_id), now, kept_until):
            raise AssertionRefused(Why.TAKEN)
        if not identity_providers.answer(
            tx, account_id, _hashed(asserted.answers), _hashed(code), login, told,
            asserted.session_ends_at, now,
        ):  # fmt: skip
            raise AssertionRefused(Why.UNASKED)
    return code


def finish_saml(
    context: Context, account_id: AccountId, code: str, browser_secret: str, *, address: str, browser: str
) -> Entered | Trial:
    """Open a session for whom the provider proved, in the groups that it told; a trial only tells.

    It ends with the session at the provider where the provider said when that is (SAML core, section 2.7.2).

    Raises SignInOver, NoIdentityProvider, NobodyKnown, AddressRefused.
    """
    now = context.clock.now()
    with context.database.write() as tx:
        answered = identity_providers.take(tx, account_id, _hashed(code), _hashed(browser_secret), now)
    if answered is None:
        raise SignInOver("This sign-in is over, or was begun in another browser: sign in again.")
    lasts = _lasts(answered.session_ends_at, now)
    find_provider(context, account_id)
    with context.database.read() as tx:
        names = {each.name for each in identities.groups(tx, account_id)}
    told = answered.told_groups
    if answered.is_trial:
        return Trial(answered.login, told, tuple(each for each in told if each in names))
    known = known_groups(told, names)
    check_address(context, account_id, answered.login, address)
    with context.database.write() as tx:
        if identity_providers.lock(tx, account_id) is None:
            raise NoIdentityProvider
        _know(tx, account_id, answered.login, known)
        opening = Opening(address, browser, Means.SINGLE_SIGN_ON)
        token = open_account_in(context, tx, account_id, answered.login, opening, lasts)
        return Entered(token, answered.next)


def _lasts(ends_at: datetime | None, now: datetime) -> timedelta:
    """Return how long a session lasts that ends with the provider's. Raises SignInOver."""
    if ends_at is None:
        return SESSION_LIFE
    if ends_at <= now - SKEW:
        raise SignInOver("Your session at the identity provider ended meanwhile: sign in again.")
    return min(ends_at - now + SKEW, SESSION_LIFE)


def _know(tx: Transaction, account_id: AccountId, login: str, groups: list[str]) -> None:
    """Write the person's groups of today; keys that it validated may do what these say."""
    if not identity_providers.know(tx, account_id, login, groups):
        return
    access.tell_change(tx)
    by = f"account:{account_id}/{login}"
    acts.record(tx, by, "take_groups_of_provider", account_id, login, groups=groups[:50])


def _key(context: Context) -> SigningKey:
    """Return the installation's key for requests, made on first use; two who make one agree on the first."""
    with context.database.read() as tx:
        found = identity_providers.find_key(tx)
    if found is None:
        made = new_signing_key(context.clock.now())
        with context.database.write() as tx:
            identity_providers.add_key(tx, context.sealer.seal(made.pem), made.certificate)
            found = identity_providers.find_key(tx)
    assert found is not None, "what was written is read in the same transaction"
    return SigningKey(context.sealer.unseal(found[0]), found[1])


def _hashed(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
