"""An account brings its identity provider, changes what it says of it, or takes it away."""

from acquit.actions.context import Context
from acquit.core.access_event import Trace, state_of_provider
from acquit.core.identifiers import AccountId
from acquit.core.saml import (
    AccountProvider,
    AnotherProvider,
    IdentityProviderTaken,
    NoIdentityProvider,
    Wishes,
    checked_wishes,
)
from acquit.documents.saml_metadata import read_metadata
from acquit.store import access, access_events, identity_providers
from acquit.store.transaction import Transaction


def attach_identity_provider(
    context: Context, account_id: AccountId, metadata: str, wishes: Wishes, *, by: str
) -> AccountProvider:
    """People of the provider sign in to the account from now on, as its groups say.

    Raises BadMetadata, BadAttribute, IdentityProviderTaken.
    """
    read, wishes = read_metadata(metadata, context.clock.now()), checked_wishes(wishes)
    with context.database.write() as tx:
        if not identity_providers.add(tx, account_id, read, wishes):
            raise IdentityProviderTaken
        _shut_out(tx, account_id, wishes)
        made = _found(tx, account_id)
        _record(context, tx, by, "attach_identity_provider", account_id, None, made)
        return made


def change_identity_provider(context: Context, account_id: AccountId, wishes: Wishes, *, by: str) -> None:
    """What the account says of its provider beside the metadata is this.

    Raises NoIdentityProvider, BadAttribute.
    """
    wishes = checked_wishes(wishes)
    with context.database.write() as tx:
        before = _found(tx, account_id)
        identity_providers.change(tx, account_id, before.metadata, wishes)
        _shut_out(tx, account_id, wishes)
        _record(context, tx, by, "change_identity_provider", account_id, before, _found(tx, account_id))


def renew_metadata(context: Context, account_id: AccountId, metadata: str, *, by: str) -> None:
    """The provider's address and certificates are those of its new metadata; its people stay who they are.

    Raises NoIdentityProvider, BadMetadata, AnotherProvider.
    """
    read = read_metadata(metadata, context.clock.now())
    with context.database.write() as tx:
        before = _found(tx, account_id)
        if read.entity_id != before.metadata.entity_id:
            raise AnotherProvider(before.metadata.entity_id)
        identity_providers.change(tx, account_id, read, before.wishes)
        _record(context, tx, by, "renew_identity_provider", account_id, before, _found(tx, account_id))


def remove_identity_provider(context: Context, account_id: AccountId, *, by: str) -> None:
    """The account has no provider; its people's sessions and keys end, and identity users sign in again.

    Raises NoIdentityProvider.
    """
    with context.database.write() as tx:
        before = _found(tx, account_id)
        people = identity_providers.forget_people(tx, account_id)
        identity_providers.remove(tx, account_id)
        access.tell_change(tx)
        entity_id, trace = (
            before.metadata.entity_id,
            Trace(context.caller_address, before=state_of_provider(before)),
        )
        access_events.record(
            tx, by, "remove_identity_provider", account_id, entity_id[:200], trace=trace, people=people
        )


def _found(tx: Transaction, account_id: AccountId) -> AccountProvider:
    found = identity_providers.lock(tx, account_id)
    if found is None:
        raise NoIdentityProvider
    return found


def _shut_out(tx: Transaction, account_id: AccountId, wishes: Wishes) -> None:
    """Who signs in by the provider alone is not signed in by other means any more."""
    if wishes.shuts_out_logins:
        identity_providers.end_shut_out(tx, account_id)


def _record(
    context: Context,
    tx: Transaction,
    by: str,
    verb: str,
    account_id: AccountId,
    before: AccountProvider | None,
    after: AccountProvider,
) -> None:
    metadata, wishes = after.metadata, after.wishes
    access_events.record(
        tx,
        by,
        verb,
        account_id,
        metadata.entity_id[:200],
        trace=Trace(
            context.caller_address,
            before=None if before is None else state_of_provider(before),
            after=state_of_provider(after),
        ),
        sign_on_url=metadata.sign_on_url,
        certificates=[f"{each.subject} {each.ends_at.date()}" for each in metadata.certificates],
        login_attribute=wishes.login_attribute,
        group_attribute=wishes.group_attribute,
        shuts_out_logins=wishes.shuts_out_logins,
        signs_requests=wishes.signs_requests,
    )
