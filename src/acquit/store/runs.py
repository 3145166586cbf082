"""Bill runs: one per legal entity and period, their pages, and the accounts they parked or held."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Final, LiteralString

from psycopg.types.json import Jsonb

from acquit.core.bill_run import Hold, RunStatus, Totals
from acquit.core.charge import Charge
from acquit.core.identifiers import AccountId, LegalEntityId, RunId
from acquit.core.money import Currency
from acquit.core.problem import Problem
from acquit.store.transaction import Transaction

OPEN: Final[LiteralString] = """
    INSERT INTO bill_run (legal_entity_id, period)
    VALUES (%(legal_entity_id)s, %(period)s)
        ON CONFLICT (legal_entity_id, period)
        DO UPDATE SET status = 'open', closed_at = NULL
    RETURNING run_id
"""

FIND: Final[LiteralString] = """
    SELECT run_id, legal_entity_id, period, status, opened_at, closed_at
      FROM bill_run
     WHERE legal_entity_id = %(legal_entity_id)s AND period = %(period)s
"""

RECENT: Final[LiteralString] = """
    SELECT r.run_id, r.legal_entity_id, r.period, r.status, r.opened_at, r.closed_at
      FROM bill_run r
      JOIN legal_entity e ON e.legal_entity_id = r.legal_entity_id AND e.sandbox_of IS NULL
     ORDER BY r.period DESC, r.legal_entity_id
     LIMIT %(rows_max)s
"""

WAITING: Final[LiteralString] = """
    SELECT run_id, legal_entity_id, period, status, opened_at, closed_at
      FROM bill_run r
     WHERE EXISTS (SELECT FROM parked_account WHERE run_id = r.run_id AND resolved_at IS NULL)
     ORDER BY period, legal_entity_id
"""

FIND_BY_ID: Final[LiteralString] = """
    SELECT run_id, legal_entity_id, period, status, opened_at, closed_at
      FROM bill_run
     WHERE run_id = %(run_id)s
"""

CLOSE: Final[LiteralString] = """
    UPDATE bill_run SET status = 'closed', closed_at = instant() WHERE run_id = %(run_id)s
"""

ADD_PAGE: Final[LiteralString] = """
    INSERT INTO bill_run_page (run_id, page_no, payer_first, payer_last, run_on, bills, details, currency,
           net_minor, tax_minor, total_minor, chain_head)
    SELECT %(run_id)s, coalesce(max(page_no), 0) + %(offset)s, %(payer_first)s, %(payer_last)s, %(run_on)s,
           %(bills)s, %(details)s, %(currency)s, %(net_minor)s, %(tax_minor)s, %(total_minor)s,
           %(chain_head)s
      FROM bill_run_page
     WHERE run_id = %(run_id)s
"""

PAGES: Final[LiteralString] = """
    SELECT currency, sum(bills)::bigint AS bills, sum(details)::bigint AS details,
           sum(net_minor)::bigint AS net_minor, sum(tax_minor)::bigint AS tax_minor
      FROM bill_run_page
     WHERE run_id = %(run_id)s
     GROUP BY currency
     ORDER BY currency
"""

BILLED: Final[LiteralString] = """
    SELECT currency, count(*) AS bills, sum(net_minor)::bigint AS net_minor,
           sum(tax_minor)::bigint AS tax_minor, min(bill_id) AS first_number, max(bill_id) AS last_number
      FROM bill
     WHERE run_id = %(run_id)s
     GROUP BY currency
     ORDER BY currency
"""

PARK: Final[LiteralString] = """
    INSERT INTO parked_account (run_id, account_id, problems)
    VALUES (%(run_id)s, %(account_id)s, %(problems)s)
        ON CONFLICT (run_id, account_id)
        DO UPDATE SET problems = excluded.problems, parked_at = instant(), resolved_at = NULL
"""

RESOLVE: Final[LiteralString] = """
    UPDATE parked_account
       SET resolved_at = instant()
     WHERE account_id = ANY(string_to_array(%(account_ids)s, ' ')) AND resolved_at IS NULL
"""

PARKED: Final[LiteralString] = """
    SELECT account_id, problems, parked_at
      FROM parked_account
     WHERE run_id = %(run_id)s AND resolved_at IS NULL
     ORDER BY account_id
"""

RELEASE: Final[LiteralString] = """
    UPDATE held_bill
       SET released_at = instant()
     WHERE account_id = ANY(string_to_array(%(account_ids)s, ' ')) AND released_at IS NULL
"""

HOLD: Final[LiteralString] = """
    INSERT INTO held_bill (account_id, run_id, amount_minor, currency, reason, held_on, until_on)
    VALUES (%(account_id)s, %(run_id)s, %(amount_minor)s, %(currency)s, %(reason)s, %(held_on)s,
           %(until_on)s)
        ON CONFLICT (account_id, run_id, reason, currency)
        DO UPDATE SET amount_minor = excluded.amount_minor, until_on = excluded.until_on, released_at = NULL
"""

HELD: Final[LiteralString] = """
    SELECT account_id, amount_minor, currency, reason, held_on, until_on
      FROM held_bill
     WHERE run_id = %(run_id)s AND released_at IS NULL
     ORDER BY account_id, reason, currency
"""

EVER_HELD: Final[LiteralString] = """
    SELECT account_id, amount_minor, currency, reason, held_on, until_on
      FROM held_bill
     WHERE run_id = %(run_id)s
     ORDER BY account_id, reason, currency
"""

EVER_PARKED: Final[LiteralString] = """
    SELECT account_id, problems, parked_at FROM parked_account WHERE run_id = %(run_id)s ORDER BY account_id
"""

CHARGE: Final = {
    "account_id": "text", "service_id": "int8", "kind": "text", "part": "text", "period_start": "date",
    "period_end": "date", "description": "text", "domain": "text", "quantity_e4": "int8",
    "unit_price_ucents": "int8", "currency": "text", "category": "text", "accepted_on": "date",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """One period of one legal entity being billed."""

    run_id: RunId
    legal_entity_id: LegalEntityId
    period: str
    status: RunStatus
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Billed:
    """What a run has billed in one currency, with the first and last number."""

    totals: Totals
    first_number: str
    last_number: str


@dataclass(frozen=True, slots=True)
class Parked:
    """An account that a run set aside, and why."""

    account_id: AccountId
    problems: tuple[Problem, ...]
    parked_at: datetime


def open_run(tx: Transaction, legal_entity_id: LegalEntityId, period: str) -> RunId:
    """Return the run of the period, opened now or (again) open."""
    return RunId(tx.one(OPEN, legal_entity_id=legal_entity_id, period=period).run_id)


def find(tx: Transaction, legal_entity_id: LegalEntityId, period: str) -> Run | None:
    """Return the run of the legal entity's period, or None."""
    row = tx.one_or_none(FIND, legal_entity_id=legal_entity_id, period=period)
    return None if row is None else Run(**row._asdict() | {"status": RunStatus(row.status)})


def recent(tx: Transaction, rows_max: int = 24) -> list[Run]:
    """Return the latest runs, newest period first."""
    rows = tx.all(RECENT, rows_max=rows_max)
    return [Run(**row._asdict() | {"status": RunStatus(row.status)}) for row in rows]


def waiting(tx: Transaction) -> list[Run]:
    """Return the runs that have accounts set aside, oldest period first."""
    return [Run(**row._asdict() | {"status": RunStatus(row.status)}) for row in tx.all(WAITING)]


def find_by_id(tx: Transaction, run_id: RunId) -> Run | None:
    """Return the run, or None."""
    row = tx.one_or_none(FIND_BY_ID, run_id=run_id)
    return None if row is None else Run(**row._asdict() | {"status": RunStatus(row.status)})


def close(tx: Transaction, run_id: RunId) -> None:
    """Close the run."""
    tx.run(CLOSE, run_id=run_id)


def add_page(
    tx: Transaction,
    run_id: RunId,
    payers: tuple[AccountId, AccountId],
    run_on: date,
    totals: Mapping[Currency, Totals],
    chain_head: bytes,
) -> None:
    """Write the control totals of a page, one row per currency; hold the series row before."""
    for offset, (currency, total) in enumerate(sorted(totals.items())):
        tx.run(
            ADD_PAGE,
            run_id=run_id,
            offset=1 if offset == 0 else 0,
            payer_first=payers[0],
            payer_last=payers[1],
            run_on=run_on,
            bills=total.bills,
            details=total.details,
            currency=currency,
            net_minor=total.net_minor,
            tax_minor=total.tax_minor,
            total_minor=total.total_minor,
            chain_head=chain_head,
        )


def page_totals(tx: Transaction, run_id: RunId) -> dict[Currency, Totals]:
    """Return the control totals of the run's pages per currency."""
    rows = tx.all(PAGES, run_id=run_id)
    return {row.currency: Totals(row.bills, row.details, row.net_minor, row.tax_minor) for row in rows}


def billed(tx: Transaction, run_id: RunId) -> dict[Currency, Billed]:
    """Return what the run has billed per currency, counted on the bills themselves (details left at 0)."""
    return {
        row.currency: Billed(
            Totals(row.bills, 0, row.net_minor, row.tax_minor), row.first_number, row.last_number
        )
        for row in tx.all(BILLED, run_id=run_id)
    }


def park(tx: Transaction, run_id: RunId, parked: Mapping[AccountId, Sequence[Problem]]) -> None:
    """Set accounts aside with their problems; one that was parked before gets the new ones."""
    for account_id, problems in parked.items():
        told = [asdict(each) for each in problems]
        tx.run(PARK, run_id=run_id, account_id=account_id, problems=Jsonb(told))


def resolve(tx: Transaction, account_ids: Sequence[AccountId]) -> int:
    """Take the accounts out of the queue of parked ones, whatever run put them there."""
    return tx.run(RESOLVE, account_ids=" ".join(account_ids))


def parked(tx: Transaction, run_id: RunId) -> list[Parked]:
    """Return the accounts that the run still sets aside."""
    return [
        Parked(row.account_id, tuple(Problem(**problem) for problem in row.problems), row.parked_at)
        for row in tx.all(PARKED, run_id=run_id)
    ]


def ever_parked(tx: Transaction, run_id: RunId) -> list[Parked]:
    """Return the accounts that the run set aside at any time, with their last problems."""
    return [
        Parked(row.account_id, tuple(Problem(**problem) for problem in row.problems), row.parked_at)
        for row in tx.all(EVER_PARKED, run_id=run_id)
    ]


def ever_held(tx: Transaction, run_id: RunId) -> list[Hold]:
    """Return what the run held back at any time, as it did last."""
    return [Hold(*row) for row in tx.all(EVER_HELD, run_id=run_id)]


def release(tx: Transaction, account_ids: Sequence[AccountId]) -> int:
    """End every hold of the accounts; what is still held is held anew."""
    return tx.run(RELEASE, account_ids=" ".join(account_ids))


def hold(tx: Transaction, run_id: RunId, holds: Iterable[Hold]) -> None:
    """Write what the run holds back."""
    for each in holds:
        tx.run(
            HOLD,
            account_id=each.account_id,
            run_id=run_id,
            amount_minor=each.amount_minor,
            currency=each.currency,
            reason=each.reason,
            held_on=each.held_on,
            until_on=each.until_on,
        )


def held(tx: Transaction, run_id: RunId) -> list[Hold]:
    """Return what the run still holds back."""
    return [Hold(*row) for row in tx.all(HELD, run_id=run_id)]


def accept(tx: Transaction, charges: Iterable[tuple[AccountId, Charge, date]]) -> int:
    """Write what is held or carried over as charges, each for its cut-off, so that it is billed later."""
    rows = [
        (
            account_id,
            charge.service_id,
            charge.kind,
            charge.part,
            charge.period_start,
            charge.period_end,
            charge.description,
            charge.domain,
            charge.quantity_e4,
            charge.unit_price_ucents,
            charge.currency,
            charge.category,
            accepted_on,
        )
        for account_id, charge, accepted_on in charges
    ]
    return tx.copy("charge", tuple(CHARGE), rows, tuple(CHARGE.values())) if rows else 0
