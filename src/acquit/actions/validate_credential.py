"""A person's answer to a program that asked for a consumer key."""

from dataclasses import dataclass
from datetime import timedelta

from acquit.actions.consumer_keys import key_hash
from acquit.actions.context import Context
from acquit.actions.developer_mode import require_developer_mode
from acquit.core.access import Application, Credential, NotPending
from acquit.core.identifiers import AccountId
from acquit.store import access, acts
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Pending:
    """Who asks for what: what the validation page shows."""

    application: Application
    credential: Credential


def find_pending(context: Context, token: str) -> Pending:
    """Return what the page with that token asks. Raises NotPending when unknown, answered or too old."""
    with context.database.read() as tx:
        return _pending(context, tx, token, lock=False)


def validate_credential(
    context: Context,
    token: str,
    account_id: AccountId,
    validity: timedelta | None,
    *,
    by: str,
    login: str | None = None,
) -> Pending:
    """Let the program act for the account within its rules, for so long (None: without end).

    The consumer key works from now on in every process. `login` is the person's own when it is not
    the account's. Raises NotPending, DeveloperModeOff.
    """
    assert validity is None or validity > timedelta(0), "a validity is positive"
    with context.database.write() as tx:
        pending = _pending(context, tx, token, lock=True)
        require_developer_mode(tx, account_id)
        until = None if validity is None else context.clock.now() + validity
        credential_id = pending.credential.credential_id
        access.settle_pending(tx, credential_id, "validated", account_id, login, until)
        access.tell_change(tx)
        acts.record(
            tx,
            by,
            "validate_credential",
            account_id,
            str(credential_id),
            application_id=pending.application.application_id,
            expires_at=None if until is None else until.isoformat(),
        )
    return pending


def refuse_credential(
    context: Context, token: str, account_id: AccountId | None = None, *, by: str
) -> Pending:
    """Refuse the program: its consumer key will never work. Raises NotPending."""
    with context.database.write() as tx:
        pending = _pending(context, tx, token, lock=True)
        credential_id = pending.credential.credential_id
        access.settle_pending(tx, credential_id, "refused", account_id, None, None)
        acts.record(tx, by, "refuse_credential", account_id, str(credential_id))
    return pending


def _pending(context: Context, tx: Transaction, token: str, *, lock: bool) -> Pending:
    credential = access.find_by_token(tx, key_hash(token), lock=lock)
    if credential is None:
        raise NotPending
    credential.must_be_pending(context.clock.now())
    application = access.find_application(tx, credential.application_id)
    if application is None or not application.is_in_use:
        raise NotPending
    return Pending(application, credential)
