"""End what programs may do for an account: in every process as soon as it is written."""

from collections.abc import Sequence

from acquit.actions.context import Context
from acquit.core.access import read_blocks
from acquit.core.errors import NotFound
from acquit.core.identifiers import AccountId, ApplicationId, CredentialId
from acquit.store import access, acts


class NoSuchAccess(NotFound):
    """The account has no such credential or application."""

    code = "no-such-access"

    def __init__(self, subject: int) -> None:
        super().__init__(f"The requested object ({subject}) does not exist")


def revoke_credential(
    context: Context, account_id: AccountId, credential_id: CredentialId, *, by: str
) -> None:
    """Delete the account's credential: its consumer key stops working at once. Raises NoSuchAccess."""
    with context.database.write() as tx:
        if not access.delete_credential(tx, account_id, credential_id):
            raise NoSuchAccess(credential_id)
        access.tell_change(tx)
        acts.record(tx, by, "revoke_credential", account_id, str(credential_id))


def expire_credential(
    context: Context, account_id: AccountId, credential_id: CredentialId, *, by: str
) -> None:
    """End the consumer key and keep its record (log out). Raises NoSuchAccess when it is not valid."""
    with context.database.write() as tx:
        if not access.expire(tx, account_id, credential_id, context.clock.now()):
            raise NoSuchAccess(credential_id)
        access.tell_change(tx)
        acts.record(tx, by, "expire_credential", account_id, str(credential_id))


def limit_credential(
    context: Context,
    account_id: AccountId,
    credential_id: CredentialId,
    allowed_ips: Sequence[str] | None,
    *,
    by: str,
) -> None:
    """Limit the key to blocks of addresses, None or none for no limit.

    Raises NoSuchAccess, MalformedBlock.
    """
    blocks = read_blocks(allowed_ips or None)
    with context.database.write() as tx:
        if not access.limit(tx, account_id, credential_id, blocks):
            raise NoSuchAccess(credential_id)
        access.tell_change(tx)
        texts = None if blocks is None else [str(block) for block in blocks]
        acts.record(tx, by, "limit_credential", account_id, str(credential_id), allowed_ips=texts)


def revoke_application(
    context: Context, account_id: AccountId, application_id: ApplicationId, *, by: str
) -> None:
    """Delete the account's application and with it every consumer key that was given to it.

    Raises NoSuchAccess.
    """
    with context.database.write() as tx:
        if not access.delete_application(tx, account_id, application_id):
            raise NoSuchAccess(application_id)
        access.tell_change(tx)
        acts.record(tx, by, "revoke_application", account_id, str(application_id))
