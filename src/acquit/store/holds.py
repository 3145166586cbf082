"""Holds: what is accrued and not billed while a purchase order is missing, expired or spent."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, LiteralString

from acquit.core.identifiers import AccountId, LegalEntityId, RunId
from acquit.core.money import Currency
from acquit.store.transaction import Transaction

GOING_ON: Final[LiteralString] = """
    SELECT h.account_id, a.payer_id, r.legal_entity_id, r.period, h.reason, h.currency, h.amount_minor,
           least(h.held_on, (SELECT min(o.held_on)
                               FROM held_bill o
                              WHERE o.account_id = h.account_id AND o.reason = h.reason
                                AND o.currency = h.currency AND o.until_on = h.until_on)) AS since_on,
           h.until_on
      FROM held_bill h
      JOIN account a ON a.account_id = h.account_id
      JOIN bill_run r ON r.run_id = h.run_id
     WHERE h.released_at IS NULL AND h.account_id = coalesce(%(account_id)s, h.account_id)
     ORDER BY h.account_id, h.reason, h.currency
"""

OF_RUN: Final[LiteralString] = """
    SELECT h.account_id, h.amount_minor, h.currency, h.reason, h.held_on, h.until_on, h.released_at,
           (SELECT max(r.period)
              FROM held_bill n
              JOIN bill_run r ON r.run_id = n.run_id
             WHERE n.account_id = h.account_id AND n.reason = h.reason AND n.currency = h.currency
               AND n.released_at IS NULL) AS goes_on_in
      FROM held_bill h
     WHERE h.run_id = %(run_id)s
     ORDER BY h.account_id, h.reason, h.currency
"""

SET_DEADLINE: Final[LiteralString] = """
    UPDATE held_bill
       SET until_on = %(until_on)s
     WHERE account_id = %(account_id)s AND released_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Held:
    """A net amount that is accrued and not billed, why, since when, and the last day of it."""

    account_id: AccountId
    payer_id: AccountId
    legal_entity_id: LegalEntityId
    period: str
    reason: str
    currency: Currency
    amount_minor: int
    since_on: date
    until_on: date


@dataclass(frozen=True, slots=True)
class HeldThen:
    """What a run held back, and what became of it.

    `goes_on_in` is the month whose run holds it now, None when it was released at `released_at`.
    """

    account_id: AccountId
    amount_minor: int
    currency: Currency
    reason: str
    held_on: date
    until_on: date
    released_at: datetime | None
    goes_on_in: str | None


def of_run(tx: Transaction, run_id: RunId) -> list[HeldThen]:
    """Return everything that the run held back, also what later runs hold anew or billed since."""
    return [HeldThen(*row) for row in tx.all(OF_RUN, run_id=run_id)]


def going_on(tx: Transaction, account_id: AccountId | None = None) -> list[Held]:
    """Return the holds that go on, of one account or of all."""
    return [Held(*row) for row in tx.all(GOING_ON, account_id=account_id)]


def set_deadline(tx: Transaction, account_id: AccountId, until_on: date) -> int:
    """Set the last day of every hold of the account, which is held by the caller; return how many."""
    return tx.run(SET_DEADLINE, account_id=account_id, until_on=until_on)
