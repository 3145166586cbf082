"""Revenue that waits: what the bills' lines leave to days to come, and what the journal holds back of it.

One statement tells which accounts have something to book at the end of a month; the same one, for the
accounts of a page that the caller holds, tells how much.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final, LiteralString

from acquit.core.deferral import Spread
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.store.transaction import Transaction

_LINES: Final[LiteralString] = """
    SELECT b.account_id, b.currency, b.issued_on,
           CASE WHEN b.kind = 'credit-note' THEN -1 ELSE 1 END
             * (d.net_minor - CASE WHEN d.net_minor < 0 THEN -1 ELSE 1 END
                              * div(2 * abs(d.net_minor)::numeric
                                      * greatest(%(on)s - d.period_start + 1, 0)
                                      + (d.period_end - d.period_start) + 1,
                                    2 * (d.period_end - d.period_start + 1))) AS waiting_minor
      FROM bill b
      JOIN bill_detail d ON d.account_id = b.account_id AND d.bill_id = b.bill_id
     WHERE b.legal_entity_id = %(legal_entity_id)s AND b.issued_on <= %(on)s AND d.period_end > %(on)s
"""

_BOOKED: Final[LiteralString] = """
    SELECT e.account_id, p.currency,
           coalesce(-sum(p.amount_minor) FILTER (WHERE e.booked_on < %(on)s), 0) AS booked_minor,
           coalesce(-sum(p.amount_minor) FILTER (
             WHERE e.booked_on = %(on)s AND e.kind = 'deferral'), 0) AS deferred_minor,
           coalesce(sum(p.amount_minor) FILTER (
             WHERE e.booked_on = %(on)s AND e.kind = 'release'), 0) AS released_minor
      FROM entry e
      JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no AND p.ledger = %(ledger)s
     WHERE e.kind IN ('deferral', 'release') AND e.booked_on <= %(on)s
"""

_SPREADS: Final[LiteralString] = """
    SELECT account_id, currency, fresh_minor::bigint AS fresh_minor, released_minor::bigint AS released_minor
      FROM (SELECT coalesce(w.account_id, b.account_id) AS account_id,
                   coalesce(w.currency, b.currency) AS currency,
                   coalesce(w.fresh_minor, 0) - coalesce(b.deferred_minor, 0) AS fresh_minor,
                   coalesce(b.booked_minor, 0) - coalesce(w.kept_minor, 0) - coalesce(b.released_minor, 0)
                     AS released_minor
              FROM waiting w
              FULL JOIN booked b ON b.account_id = w.account_id AND b.currency = w.currency) told
     WHERE fresh_minor <> 0 OR released_minor <> 0
     ORDER BY account_id, currency
"""

_SUMMED: Final[LiteralString] = """
    SELECT account_id, currency,
           coalesce(sum(waiting_minor) FILTER (WHERE issued_on > %(before)s), 0) AS fresh_minor,
           coalesce(sum(waiting_minor) FILTER (WHERE issued_on <= %(before)s), 0) AS kept_minor
      FROM (
"""

DUE: Final[LiteralString] = (
    "WITH waiting AS ("
    + _SUMMED
    + _LINES
    + ") lines GROUP BY account_id, currency), booked AS ("
    + _BOOKED
    + """
       AND EXISTS (SELECT FROM account a
                    WHERE a.account_id = e.account_id AND a.legal_entity_id = %(legal_entity_id)s)
     GROUP BY e.account_id, p.currency)"""
    + _SPREADS
)

OF_ACCOUNTS: Final[LiteralString] = (
    "WITH waiting AS ("
    + _SUMMED
    + _LINES
    + """
       AND b.account_id = ANY(%(account_ids)s)) lines GROUP BY account_id, currency), booked AS ("""
    + _BOOKED
    + """
       AND e.account_id = ANY(%(account_ids)s)
     GROUP BY e.account_id, p.currency)"""
    + _SPREADS
)


def due(
    tx: Transaction, legal_entity_id: LegalEntityId, ledger: str, before: date, on: date
) -> list[AccountId]:
    """Return the accounts whose deferred balance of `on` is not booked yet, in order.

    `before` is the last day that was spread before: bills up to it are released, later ones deferred. What
    is booked on `on` already counts as done.
    """
    rows = tx.all(DUE, legal_entity_id=legal_entity_id, ledger=ledger, before=before, on=on)
    return list(dict.fromkeys(AccountId(row.account_id) for row in rows))


def spreads(
    tx: Transaction,
    legal_entity_id: LegalEntityId,
    ledger: str,
    before: date,
    on: date,
    account_ids: Sequence[AccountId],
) -> list[Spread]:
    """Return what these accounts have to book so that their deferred balance is that of `on`; hold them."""
    rows = tx.all(
        OF_ACCOUNTS, legal_entity_id=legal_entity_id, ledger=ledger, before=before, on=on,
        account_ids=list(account_ids),
    )  # fmt: skip
    return [Spread(*row) for row in rows]
