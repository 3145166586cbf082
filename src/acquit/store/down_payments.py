"""Down payments: what each was asked for, what of it bills deducted, and what the next bills may."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.down_payment import DownPayment, For, Standing, Sums, Use, deductible_minor
from acquit.core.identifiers import AccountId, BillId, OrderId, ServiceId
from acquit.core.money import Currency
from acquit.store.transaction import Transaction

ADD: Final[LiteralString] = """
    INSERT INTO down_payment (account_id, bill_id, for_order_id, for_service_id)
    VALUES (%(account_id)s, %(bill_id)s, %(order_id)s, %(service_id)s)
"""

USE: Final[LiteralString] = """
    INSERT INTO down_payment_use (account_id, bill_id, use_no, kind, by_account_id, by_bill_id, net_minor)
    SELECT %(account_id)s, %(bill_id)s,
           1 + (SELECT coalesce(max(use_no), 0)
                  FROM down_payment_use
                 WHERE account_id = %(account_id)s AND bill_id = %(bill_id)s),
           %(kind)s, %(by_account_id)s, %(by_bill_id)s, %(net_minor)s
"""

_FOUND: Final[LiteralString] = """
    SELECT p.account_id, p.bill_id, b.issued_on, b.currency, t.vat_category, t.vat_rate_bp, b.net_minor,
           b.tax_minor, b.order_id, p.for_order_id, p.for_service_id,
           coalesce(n.net_minor, 0) AS credited_net_minor, coalesce(n.tax_minor, 0) AS credited_tax_minor,
           coalesce(o.paid_minor, 0)::bigint AS paid_minor,
           coalesce(u.deducted_minor, 0)::bigint AS deducted_minor, coalesce(u.deductions, 0) AS deductions,
           CASE WHEN p.for_service_id IS NOT NULL THEN ARRAY[p.for_service_id] ELSE ARRAY(
             SELECT service_id
               FROM service_order_service
              WHERE account_id = p.account_id AND order_id = p.for_order_id
              ORDER BY service_id) END AS services
      FROM down_payment p
      JOIN bill b ON b.account_id = p.account_id AND b.bill_id = p.bill_id
      JOIN bill_tax t ON t.account_id = p.account_id AND t.bill_id = p.bill_id
      LEFT JOIN LATERAL (
           SELECT sum(net_minor)::bigint AS net_minor, sum(tax_minor)::bigint AS tax_minor
             FROM bill
            WHERE account_id = p.account_id AND corrects_bill_id = p.bill_id
              AND kind = 'credit-note') n ON true
      LEFT JOIN LATERAL (
           SELECT sum(CASE WHEN d.kind = 'payment' AND d.occurred_on <= %(on)s THEN d.amount_minor
                           WHEN r.kind = 'payment' AND r.occurred_on <= %(on)s THEN -d.amount_minor
                       END) AS paid_minor
             FROM debt_operation d
             LEFT JOIN debt_operation r ON r.account_id = d.account_id AND r.debt_id = d.debt_id
                                       AND r.operation_id = d.reverses_id
            WHERE d.account_id = p.account_id AND d.debt_id = b.order_id) o ON true
      LEFT JOIN LATERAL (
           SELECT sum(net_minor) FILTER (WHERE kind <> 'credited') AS deducted_minor,
                  count(*) FILTER (WHERE kind = 'deducted') AS deductions
             FROM down_payment_use
            WHERE account_id = p.account_id AND bill_id = p.bill_id) u ON true
"""

OF_ACCOUNTS: Final[LiteralString] = (
    _FOUND
    + """
     WHERE p.account_id = ANY(string_to_array(%(account_ids)s, ' ')) AND b.issued_on <= %(on)s
     ORDER BY p.account_id, b.order_id
"""
)

OF_ACCOUNT: Final[LiteralString] = (
    _FOUND
    + """
     WHERE p.account_id = %(account_id)s AND b.order_id < %(before)s
     ORDER BY b.order_id DESC
     LIMIT %(rows_max)s
"""
)

FIND: Final[LiteralString] = (
    _FOUND
    + """
     WHERE p.account_id = %(account_id)s AND p.bill_id = %(bill_id)s
"""
)

ASKED_FOR_ORDER: Final[LiteralString] = """
    SELECT coalesce(sum(b.net_minor - coalesce(n.net_minor, 0)), 0)::bigint AS net_minor
      FROM down_payment p
      JOIN bill b ON b.account_id = p.account_id AND b.bill_id = p.bill_id
      LEFT JOIN LATERAL (
           SELECT sum(net_minor) AS net_minor
             FROM bill
            WHERE account_id = p.account_id AND corrects_bill_id = p.bill_id
              AND kind = 'credit-note') n ON true
     WHERE p.account_id = %(account_id)s AND p.for_order_id = %(order_id)s
"""

USES: Final[LiteralString] = """
    SELECT account_id, bill_id, kind, by_account_id, by_bill_id, net_minor
      FROM down_payment_use
     WHERE account_id = %(account_id)s AND bill_id = %(bill_id)s
     ORDER BY use_no
     LIMIT %(rows_max)s
"""

LAST: Final = 2**62
ANY_DAY: Final = date.max


def add(tx: Transaction, account_id: AccountId, bill_id: BillId, what: For) -> None:
    """Write what the account's down payment was asked for."""
    tx.run(
        ADD,
        account_id=account_id,
        bill_id=bill_id,
        order_id=what.order_id,
        service_id=what.service_id,
    )


def use(tx: Transaction, uses: Iterable[Use]) -> None:
    """Write what bills and credit notes did to down payments, of accounts that the caller holds.

    Raises psycopg's CheckViolation when more would be used than there is.
    """
    for each in uses:
        tx.run(
            USE,
            account_id=each.account_id,
            bill_id=each.bill_id,
            kind=each.kind,
            by_account_id=each.by_account_id,
            by_bill_id=each.by_bill_id,
            net_minor=each.net_minor,
        )


def waiting(
    tx: Transaction, account_ids: Iterable[AccountId], on: date
) -> dict[AccountId, tuple[DownPayment, ...]]:
    """Return, by account, the down payments of which something is paid and not deducted yet, oldest first.

    What was issued or paid after the day does not count, since a bill of the day cannot name it.
    """
    found: dict[AccountId, list[DownPayment]] = {}
    for row in tx.all(OF_ACCOUNTS, account_ids=" ".join(account_ids), on=on):
        each = _waiting(row)
        if each.left_minor > 0:
            found.setdefault(each.account_id, []).append(each)
    return {account_id: tuple(each) for account_id, each in found.items()}


def asked_for_order(tx: Transaction, account_id: AccountId, order_id: OrderId) -> int:
    """Return what was asked for the account's order by down payments, net, less what was taken back."""
    return int(tx.one(ASKED_FOR_ORDER, account_id=account_id, order_id=order_id).net_minor)


def of_account(
    tx: Transaction, account_id: AccountId, before: int = LAST, rows_max: int | None = None
) -> list[Standing]:
    """Return the account's down payments with their sums, newest first, those with an order id below."""
    rows = tx.all(OF_ACCOUNT, account_id=account_id, before=before, rows_max=rows_max, on=ANY_DAY)
    return [_standing(row) for row in rows]


def find(tx: Transaction, account_id: AccountId, bill_id: BillId) -> Standing | None:
    """Return the account's down payment with its sums, or None."""
    row = tx.one_or_none(FIND, account_id=account_id, bill_id=bill_id, on=ANY_DAY)
    return None if row is None else _standing(row)


def uses(tx: Transaction, account_id: AccountId, bill_id: BillId, rows_max: int | None = None) -> list[Use]:
    """Return what was used of the account's down payment, in order."""
    return [Use(*row) for row in tx.all(USES, account_id=account_id, bill_id=bill_id, rows_max=rows_max)]


def _sums(row: Any) -> Sums:
    return Sums(
        row.net_minor,
        row.tax_minor,
        row.credited_net_minor,
        row.credited_tax_minor,
        row.paid_minor,
        row.deducted_minor,
    )


def _standing(row: Any) -> Standing:
    return Standing(
        AccountId(row.account_id),
        BillId(row.bill_id),
        OrderId(row.order_id),
        row.issued_on,
        Currency(row.currency),
        For(row.for_order_id, row.for_service_id),
        _sums(row),
    )


def _waiting(row: Any) -> DownPayment:
    return DownPayment(
        AccountId(row.account_id),
        BillId(row.bill_id),
        row.issued_on,
        Currency(row.currency),
        row.vat_category,
        row.vat_rate_bp,
        deductible_minor(_sums(row)),
        row.deductions,
        tuple(ServiceId(each) for each in row.services),
        row.for_order_id is None and row.for_service_id is None,
    )
