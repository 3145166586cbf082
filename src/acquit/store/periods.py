"""What became of the months of the books, and the lock that whoever books shares, a closing takes whole."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.period import Happening, LedgerTotal, PeriodAct, totals_document
from acquit.store.transaction import Transaction

ACTS: Final[LiteralString] = """
    SELECT legal_entity_id, act_no, period, happening, reason, entries,
           coalesce(encode(head, 'hex'), '') AS head, totals, acted_by, acted_at
      FROM period_act
     WHERE legal_entity_id = %(legal_entity_id)s
     ORDER BY act_no
"""

RECORD: Final[LiteralString] = """
    INSERT INTO period_act (legal_entity_id, act_no, period, happening, reason, charge_no, acted_by)
    SELECT %(legal_entity_id)s, coalesce(max(act_no), 0) + 1, %(period)s, %(happening)s, %(reason)s,
           %(charge_no)s, %(by)s
      FROM period_act
     WHERE legal_entity_id = %(legal_entity_id)s
"""

CLOSE: Final[LiteralString] = """
    INSERT INTO period_act (legal_entity_id, act_no, period, happening, reason, entries, head, totals,
                            acted_by)
    SELECT %(legal_entity_id)s,
           (SELECT coalesce(max(act_no), 0) + 1 FROM period_act WHERE legal_entity_id = %(legal_entity_id)s),
           %(period)s, 'closed', %(reason)s, count(*),
           sha256(coalesce(string_agg(e.hash, ''::bytea ORDER BY e.account_id, e.entry_no), '')), %(totals)s,
           %(by)s
      FROM entry e
      JOIN account a ON a.account_id = e.account_id
     WHERE a.legal_entity_id = %(legal_entity_id)s AND e.booked_on BETWEEN %(first_on)s AND %(last_on)s
"""

TOTALS: Final[LiteralString] = """
    SELECT p.ledger, p.currency,
           coalesce(sum(p.amount_minor) FILTER (WHERE p.amount_minor > 0), 0)::bigint AS debit_minor,
           coalesce(-sum(p.amount_minor) FILTER (WHERE p.amount_minor < 0), 0)::bigint AS credit_minor
      FROM entry e
      JOIN account a ON a.account_id = e.account_id
      JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no
     WHERE a.legal_entity_id = %(legal_entity_id)s AND e.booked_on BETWEEN %(first_on)s AND %(last_on)s
     GROUP BY p.ledger, p.currency
     ORDER BY p.ledger COLLATE "C", p.currency COLLATE "C"
"""

LOCK: Final[LiteralString] = (
    "SELECT pg_advisory_xact_lock(hashtextextended('books ' || %(legal_entity_id)s, 0))"
)

OPENED_ON: Final[LiteralString] = """
    SELECT e.booked_on
      FROM entry e
      JOIN account a ON a.account_id = e.account_id
     WHERE e.entry_no = 1 AND a.legal_entity_id = %(legal_entity_id)s
     ORDER BY e.booked_on
     LIMIT 1
"""

FIRST_BOOKED: Final[LiteralString] = """
    SELECT min(e.booked_on) AS booked_on
      FROM entry e
      JOIN account a ON a.account_id = e.account_id
     WHERE a.legal_entity_id = %(legal_entity_id)s
"""

OPEN_FROM: Final[LiteralString] = """
    SELECT nullif(books_open_from(legal_entity_id), '-infinity') AS open_from
      FROM account
     WHERE account_id = %(account_id)s
"""

OPEN_RUNS: Final[LiteralString] = """
    SELECT r.run_id, (SELECT count(*)
                        FROM parked_account p
                       WHERE p.run_id = r.run_id AND p.resolved_at IS NULL) AS parked
      FROM bill_run r
     WHERE r.legal_entity_id = %(legal_entity_id)s AND r.period = %(period)s AND r.status = 'open'
"""

BALANCE: Final[LiteralString] = """
    SELECT l.number, p.currency, sum(p.amount_minor)::bigint AS amount_minor
      FROM ledger_account l
      JOIN account a ON a.legal_entity_id = l.legal_entity_id
      JOIN entry e ON e.account_id = a.account_id AND e.booked_on <= %(on)s
      JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no AND p.ledger = l.number
     WHERE l.legal_entity_id = %(legal_entity_id)s AND l.role = %(role)s
     GROUP BY l.number, p.currency
    HAVING sum(p.amount_minor) <> 0
     ORDER BY p.currency
"""


def acts(tx: Transaction, legal_entity_id: LegalEntityId) -> list[PeriodAct]:
    """Return what was done with the months of a legal entity, oldest first."""
    return [_act(row) for row in tx.all(ACTS, legal_entity_id=legal_entity_id)]


def hold(tx: Transaction, legal_entity_id: LegalEntityId) -> None:
    """Wait until nobody is booking for the legal entity, and let nobody book until the transaction ends."""
    tx.all(LOCK, legal_entity_id=legal_entity_id)


def record(
    tx: Transaction,
    legal_entity_id: LegalEntityId,
    period: str,
    happening: Happening,
    by: str,
    reason: str = "",
    charge_no: int | None = None,
) -> None:
    """Write that the month was spread, accrued, opened again or sealed; a closing is written by `close`."""
    tx.run(
        RECORD, legal_entity_id=legal_entity_id, period=period, happening=happening.value, reason=reason,
        charge_no=charge_no, by=by,
    )  # fmt: skip


def close(
    tx: Transaction,
    legal_entity_id: LegalEntityId,
    period: str,
    first_on: date,
    last_on: date,
    by: str,
    reason: str = "",
) -> None:
    """Write that the month is closed, with its entries, their head and its control totals as they are."""
    totals = Jsonb(totals_document(ledger_totals(tx, legal_entity_id, first_on, last_on)))
    tx.run(
        CLOSE, legal_entity_id=legal_entity_id, period=period, first_on=first_on, last_on=last_on, by=by,
        reason=reason, totals=totals,
    )  # fmt: skip


def ledger_totals(
    tx: Transaction, legal_entity_id: LegalEntityId, first_on: date, last_on: date
) -> tuple[LedgerTotal, ...]:
    """Return what was posted per ledger account and currency on these days, in the order of numbers."""
    rows = tx.all(TOTALS, legal_entity_id=legal_entity_id, first_on=first_on, last_on=last_on)
    return tuple(LedgerTotal(*row) for row in rows)


def opened_on(tx: Transaction, legal_entity_id: LegalEntityId) -> date | None:
    """Return the earliest day of the first entries of the legal entity's accounts, None before any."""
    row = tx.one_or_none(OPENED_ON, legal_entity_id=legal_entity_id)
    return None if row is None else row.booked_on


def first_booked(tx: Transaction, legal_entity_id: LegalEntityId) -> date | None:
    """Return the day of the legal entity's first entry."""
    found: date | None = tx.one(FIRST_BOOKED, legal_entity_id=legal_entity_id).booked_on
    return found


def open_from(tx: Transaction, account_id: AccountId) -> date | None:
    """Return the first day on which an entry of the account may be dated, None when every day is open."""
    row = tx.one_or_none(OPEN_FROM, account_id=account_id)
    return None if row is None else row.open_from


def open_runs(tx: Transaction, legal_entity_id: LegalEntityId, period: str) -> Sequence[Any]:
    """Return the runs of the month that are not closed, with how many accounts they parked."""
    return tx.all(OPEN_RUNS, legal_entity_id=legal_entity_id, period=period)


def balance(tx: Transaction, legal_entity_id: LegalEntityId, role: str, on: date) -> Sequence[Any]:
    """Return what stands on the ledger account of a role at the end of the day, per currency, unless zero."""
    return tx.all(BALANCE, legal_entity_id=legal_entity_id, role=role, on=on)


def _act(row: Any) -> PeriodAct:
    members = row._asdict()
    return PeriodAct(
        **members
        | {
            "happening": Happening(row.happening),
            "totals": tuple(LedgerTotal(**each) for each in row.totals),
        }
    )
