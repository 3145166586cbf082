"""What acquirers told of payments, and their payouts; each event once by its own id."""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

from acquit.core.acquirer import Event, EventKind, Payout, PayoutLine
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.journal import Role
from acquit.store.transaction import Transaction

HELD: Final[LiteralString] = """
    SELECT EXISTS (SELECT FROM acquirer_event
                    WHERE account_id = %(account_id)s AND deposit_id = %(deposit_id)s) AS held
"""

KNOWN: Final[LiteralString] = """
    SELECT sha256 FROM acquirer_event WHERE acquirer = %(acquirer)s AND event_id = %(event_id)s
"""

PAID: Final[LiteralString] = """
    SELECT account_id, deposit_id, currency, amount_minor
      FROM acquirer_event
     WHERE acquirer = %(acquirer)s AND payment = %(payment)s AND kind = 'paid'
"""

CHARGED_BACK: Final[LiteralString] = """
    SELECT coalesce(sum(amount_minor), 0)::bigint AS amount_minor
      FROM acquirer_event
     WHERE acquirer = %(acquirer)s AND payment = %(payment)s AND kind = 'charged-back'
"""

ADD: Final[LiteralString] = """
    INSERT INTO acquirer_event (account_id, acquirer, event_id, kind, payment, currency, amount_minor,
           occurred_on, deposit_id, reason, sha256, recorded_by)
    VALUES (%(account_id)s, %(acquirer)s, %(event_id)s, %(kind)s, %(payment)s, %(currency)s, %(amount_minor)s,
           %(occurred_on)s, %(deposit_id)s, %(reason)s, %(sha256)s, %(recorded_by)s)
"""

KNOWN_PAYOUT: Final[LiteralString] = """
    SELECT sha256 FROM acquirer_payout WHERE acquirer = %(acquirer)s AND payout_id = %(payout_id)s
"""

ADD_PAYOUT: Final[LiteralString] = """
    INSERT INTO acquirer_payout (acquirer, payout_id, legal_entity_id, currency, gross_minor, fee_minor,
           paid_on, sha256, recorded_by)
    VALUES (%(acquirer)s, %(payout_id)s, %(legal_entity_id)s, %(currency)s, %(gross_minor)s, %(fee_minor)s,
           %(paid_on)s, %(sha256)s, %(recorded_by)s)
"""

TOLD: Final[LiteralString] = """
    SELECT e.account_id, e.event_id, e.kind, e.currency, e.amount_minor, a.legal_entity_id,
           l.payout_id
      FROM acquirer_event e
      JOIN account a ON a.account_id = e.account_id
      LEFT JOIN acquirer_payout_line l
        ON l.account_id = e.account_id AND l.acquirer = e.acquirer AND l.event_id = e.event_id
     WHERE e.acquirer = %(acquirer)s AND e.event_id = ANY(%(event_ids)s)
"""

OF_ACCOUNT: Final[LiteralString] = """
    SELECT acquirer, event_id, kind, payment, currency, amount_minor, occurred_on, deposit_id, reason
      FROM acquirer_event
     WHERE account_id = %(account_id)s
     ORDER BY recorded_at DESC, event_id
"""

LINE: Final = {
    "account_id": "text", "acquirer": "text", "event_id": "text", "payout_id": "text", "gross_minor": "int8",
    "fee_minor": "int8",
}  # fmt: skip


def holder_of(tx: Transaction, payer_id: AccountId | None, deposit_id: str | None) -> Role:
    """Return which ledger account holds a deposit's money: that of acquirers, else the bank's."""
    if payer_id is None or deposit_id is None:
        return Role.BANK
    held = tx.one(HELD, account_id=payer_id, deposit_id=deposit_id).held
    return Role.ACQUIRER if held else Role.BANK


def known(tx: Transaction, acquirer: str, event_id: str) -> bytes | None:
    """Return the SHA-256 of the event's content when it was told before, or None."""
    row = tx.one_or_none(KNOWN, acquirer=acquirer, event_id=event_id)
    return None if row is None else bytes(row.sha256)


def paid(tx: Transaction, acquirer: str, payment: str) -> Any | None:
    """Return account, deposit, currency and amount of a payment, or None while it is not paid."""
    return tx.one_or_none(PAID, acquirer=acquirer, payment=payment)


def charged_back_minor(tx: Transaction, acquirer: str, payment: str) -> int:
    """Return how much of a payment was charged back before."""
    return int(tx.one(CHARGED_BACK, acquirer=acquirer, payment=payment).amount_minor)


def add(
    tx: Transaction, payer_id: AccountId, event: Event, deposit_id: str | None, sha256: bytes, by: str
) -> None:
    """Write an event."""
    tx.run(
        ADD, account_id=payer_id, acquirer=event.acquirer, event_id=event.event_id, kind=event.kind.value,
        payment=event.payment, currency=event.currency, amount_minor=event.amount_minor,
        occurred_on=event.occurred_on, deposit_id=deposit_id, reason=event.reason, sha256=sha256,
        recorded_by=by,
    )  # fmt: skip


def of_account(tx: Transaction, payer_id: AccountId) -> list[Event]:
    """Return what acquirers told of the payer's payments, newest first."""
    return [
        Event(
            row.acquirer, row.event_id, EventKind(row.kind), row.payment, payer_id, row.currency,
            row.amount_minor, row.occurred_on, reason=row.reason,
        )
        for row in tx.all(OF_ACCOUNT, account_id=payer_id)
    ]  # fmt: skip


def known_payout(tx: Transaction, acquirer: str, payout_id: str) -> bytes | None:
    """Return the SHA-256 of the payout's content when it was told before, or None."""
    row = tx.one_or_none(KNOWN_PAYOUT, acquirer=acquirer, payout_id=payout_id)
    return None if row is None else bytes(row.sha256)


def told(tx: Transaction, acquirer: str, event_ids: Sequence[str]) -> dict[str, Any]:
    """Return by id what is known of these events, with the payout that gathered each, if one did."""
    return {row.event_id: row for row in tx.all(TOLD, acquirer=acquirer, event_ids=list(event_ids))}


def add_payout(
    tx: Transaction,
    payout: Payout,
    legal_entity_id: LegalEntityId,
    lines: Sequence[PayoutLine],
    sha256: bytes,
    by: str,
) -> None:
    """Write a payout and what it gathers."""
    tx.run(
        ADD_PAYOUT, acquirer=payout.acquirer, payout_id=payout.payout_id, legal_entity_id=legal_entity_id,
        currency=payout.currency, gross_minor=sum(each.gross_minor for each in lines),
        fee_minor=payout.fee_minor, paid_on=payout.paid_on, sha256=sha256, recorded_by=by,
    )  # fmt: skip
    rows = [
        (each.account_id, payout.acquirer, each.event_id, payout.payout_id, each.gross_minor, each.fee_minor)
        for each in lines
    ]
    tx.copy("acquirer_payout_line", tuple(LINE), rows, tuple(LINE.values()))
