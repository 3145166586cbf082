"""Cards and wallets that acquirers keep for accounts; the pages on which accounts register them."""

from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, LegalEntityId, PaymentMethodId
from acquit.core.method_on_file import FileKind, MethodEvent, OnFile
from acquit.core.payment_method import MethodStatus
from acquit.store.transaction import Transaction

KNOWN: Final[LiteralString] = """
    SELECT sha256 FROM method_event WHERE acquirer = %(acquirer)s AND event_id = %(event_id)s
"""

ADD_EVENT: Final[LiteralString] = """
    INSERT INTO method_event (account_id, acquirer, event_id, kind, method, occurred_on, sha256, recorded_by)
    VALUES (%(account_id)s, %(acquirer)s, %(event_id)s, %(kind)s, %(method)s, %(occurred_on)s, %(sha256)s,
           %(recorded_by)s)
"""

OF_METHOD: Final[LiteralString] = """
    SELECT account_id, payment_method_id
      FROM method_on_file
     WHERE acquirer = %(acquirer)s AND method = %(method)s
"""

OF_ACCOUNT: Final[LiteralString] = """
    SELECT payment_method_id, acquirer, method, kind, brand, number_end, expires_on, is_authenticated,
           agreement, email
      FROM method_on_file
     WHERE account_id = %(account_id)s
     ORDER BY payment_method_id
"""

KEEP: Final[LiteralString] = """
    INSERT INTO method_on_file (account_id, payment_method_id, acquirer, method, kind, brand, number_end,
           expires_on, is_authenticated, agreement, email)
    VALUES (%(account_id)s, %(payment_method_id)s, %(acquirer)s, %(method)s, %(kind)s, %(brand)s,
           %(number_end)s, %(expires_on)s, %(is_authenticated)s, %(agreement)s, %(email)s)
        ON CONFLICT (account_id, payment_method_id) DO UPDATE
       SET brand = excluded.brand, number_end = excluded.number_end, expires_on = excluded.expires_on,
           is_authenticated = excluded.is_authenticated, agreement = excluded.agreement,
           email = excluded.email
"""

SET_STATUS: Final[LiteralString] = """
    UPDATE payment_method
       SET status = %(status)s, label = coalesce(%(label)s, label), updated_at = instant(),
           is_default = is_default AND %(status)s = 'VALID'
     WHERE account_id = %(account_id)s AND payment_method_id = %(payment_method_id)s
"""

OVER: Final[LiteralString] = """
    SELECT f.account_id, f.payment_method_id
      FROM method_on_file f
      JOIN account a ON a.account_id = f.account_id AND a.legal_entity_id = %(legal_entity_id)s
      JOIN payment_method m ON m.account_id = f.account_id AND m.payment_method_id = f.payment_method_id
                           AND m.status IN ('VALID', 'PAUSED')
     WHERE f.expires_on <= %(on)s
     ORDER BY f.account_id, f.payment_method_id
"""

PAGE: Final[LiteralString] = """
    SELECT url FROM registration_page WHERE legal_entity_id = %(legal_entity_id)s AND kind = %(kind)s
"""

SET_PAGE: Final[LiteralString] = """
    INSERT INTO registration_page (legal_entity_id, kind, url, set_by)
    VALUES (%(legal_entity_id)s, %(kind)s, %(url)s, %(set_by)s)
        ON CONFLICT (legal_entity_id, kind) DO UPDATE
       SET url = excluded.url, set_by = excluded.set_by, set_at = excluded.set_at
"""

DROP_PAGE: Final[LiteralString] = """
    DELETE FROM registration_page WHERE legal_entity_id = %(legal_entity_id)s AND kind = %(kind)s
"""

WAITING: Final[LiteralString] = """
    SELECT r.payment_method_id, r.kind, r.wants_default
      FROM method_registration r
      JOIN payment_method m ON m.account_id = r.account_id AND m.payment_method_id = r.payment_method_id
                           AND m.status = 'CREATING'
     WHERE r.account_id = %(account_id)s
     ORDER BY r.payment_method_id
"""

WAIT: Final[LiteralString] = """
    INSERT INTO method_registration (account_id, payment_method_id, kind, wants_default)
    VALUES (%(account_id)s, %(payment_method_id)s, %(kind)s, %(wants_default)s)
"""


def known(tx: Transaction, acquirer: str, event_id: str) -> bytes | None:
    """Return the hash of what was told under this id before, or None."""
    row = tx.one_or_none(KNOWN, acquirer=acquirer, event_id=event_id)
    return None if row is None else bytes(row.sha256)


def add_event(tx: Transaction, event: MethodEvent, sha256: bytes, by: str) -> None:
    """Write that the acquirer told this."""
    tx.run(
        ADD_EVENT, account_id=event.account_id, acquirer=event.told.acquirer, event_id=event.event_id,
        kind=event.kind.value, method=event.told.method, occurred_on=event.occurred_on, sha256=sha256,
        recorded_by=by,
    )  # fmt: skip


def of_method(tx: Transaction, acquirer: str, method: str) -> tuple[AccountId, PaymentMethodId] | None:
    """Return whose payment method the acquirer's method is, or None."""
    row = tx.one_or_none(OF_METHOD, acquirer=acquirer, method=method)
    return None if row is None else (AccountId(row.account_id), PaymentMethodId(row.payment_method_id))


def of_account(tx: Transaction, account_id: AccountId) -> dict[int, OnFile]:
    """Return what acquirers keep, or kept, for the account, by payment method."""
    return {row.payment_method_id: _on_file(row) for row in tx.all(OF_ACCOUNT, account_id=account_id)}


def keep(tx: Transaction, account_id: AccountId, payment_method_id: PaymentMethodId, told: OnFile) -> None:
    """Write what the acquirer told of the method; hold the account before."""
    tx.run(
        KEEP, account_id=account_id, payment_method_id=payment_method_id, acquirer=told.acquirer,
        method=told.method, kind=told.kind.value, brand=told.brand, number_end=told.number_end,
        expires_on=told.expires_on, is_authenticated=told.is_authenticated, agreement=told.agreement,
        email=told.email,
    )  # fmt: skip


def set_status(
    tx: Transaction,
    account_id: AccountId,
    payment_method_id: PaymentMethodId,
    status: MethodStatus,
    label: str | None = None,
) -> None:
    """Write where the method is; one that is not valid is the default no more."""
    asked = {"account_id": account_id, "payment_method_id": payment_method_id}
    tx.run(SET_STATUS, **asked, status=status.value, label=label)


def over(
    tx: Transaction, legal_entity_id: LegalEntityId, on: date
) -> list[tuple[AccountId, PaymentMethodId]]:
    """Return the methods of the seller's accounts whose last day is over and that are told to be valid."""
    rows = tx.all(OVER, legal_entity_id=legal_entity_id, on=on)
    return [(AccountId(row.account_id), PaymentMethodId(row.payment_method_id)) for row in rows]


def page(tx: Transaction, legal_entity_id: LegalEntityId, kind: FileKind) -> str | None:
    """Return where accounts of the seller register such a method, or None."""
    row = tx.one_or_none(PAGE, legal_entity_id=legal_entity_id, kind=kind.value)
    return None if row is None else str(row.url)


def set_page(
    tx: Transaction, legal_entity_id: LegalEntityId, kind: FileKind, url: str | None, by: str
) -> None:
    """Write where accounts of the seller register such a method; None: nowhere."""
    if url is None:
        tx.run(DROP_PAGE, legal_entity_id=legal_entity_id, kind=kind.value)
    else:
        tx.run(SET_PAGE, legal_entity_id=legal_entity_id, kind=kind.value, url=url, set_by=by)


def waiting(tx: Transaction, account_id: AccountId) -> dict[int, tuple[FileKind, bool]]:
    """Return the account's registrations that wait for the acquirer: kind, and whether to be the default."""
    rows = tx.all(WAITING, account_id=account_id)
    return {row.payment_method_id: (FileKind(row.kind), row.wants_default) for row in rows}


def wait(
    tx: Transaction,
    account_id: AccountId,
    payment_method_id: PaymentMethodId,
    kind: FileKind,
    *,
    wants_default: bool,
) -> None:
    """Write that the payment method waits for the acquirer's word."""
    tx.run(
        WAIT, account_id=account_id, payment_method_id=payment_method_id, kind=kind.value,
        wants_default=wants_default,
    )  # fmt: skip


def _on_file(row: Any) -> OnFile:
    return OnFile(
        row.acquirer, row.method, FileKind(row.kind), row.brand, row.number_end, row.expires_on,
        row.is_authenticated, row.agreement, row.email,
    )  # fmt: skip
