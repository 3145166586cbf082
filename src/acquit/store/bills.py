"""Issued bills: written once by COPY, read whole; nothing here changes one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from operator import attrgetter
from typing import Any, Final, LiteralString

from acquit.core.bill import Bill, BillKind, Detail, Slice
from acquit.core.identifiers import AccountId, BillId, RunId
from acquit.core.snapshot import Snapshot
from acquit.core.tax import TaxLine
from acquit.store.transaction import Transaction

BILL: Final = {
    "account_id": "text", "bill_id": "text", "order_id": "int8", "kind": "text", "corrects_bill_id": "text",
    "legal_entity_id": "text", "payer_id": "text", "run_id": "int8", "category": "text", "issued_on": "date",
    "issued_at": "timestamptz", "term_days": "int4", "term_method": "text", "term_grant_id": "int8",
    "due_on": "date", "currency": "text", "net_minor": "int8", "tax_minor": "int8", "total_minor": "int8",
    "billing_group_id": "int8", "purchase_order_account": "text", "purchase_order_id": "int8",
    "purchase_order_reference": "text", "purchase_order_type": "text", "payment_reference": "text",
    "payment_means": "text", "language": "text", "note": "text", "seller_hash": "bytea",
    "buyer_hash": "bytea", "payer_hash": "bytea", "cost_account": "text", "contract": "text",
    "debit_hash": "bytea", "collected_on": "date", "prepaid_minor": "int8", "accounting_currency": "text",
    "accounting_tax_minor": "int8", "exchange_e8": "int8", "exchanged_on": "date",
}  # fmt: skip
DETAIL: Final = {
    "detail_no": "int4", "service_id": "int8", "kind": "text", "domain": "text", "description": "text",
    "quantity_e4": "int8", "unit_price_ucents": "int8", "net_minor": "int8", "vat_category": "text",
    "vat_rate_bp": "int4", "period_start": "date", "period_end": "date", "purchase_order_line_no": "int4",
    "correction_no": "int4", "part": "text", "owner_id": "text", "purchase_order_item": "text",
    "cost_account": "text",
}  # fmt: skip
TAX: Final = {
    "vat_category": "text", "vat_rate_bp": "int4", "net_minor": "int8", "tax_minor": "int8",
    "exemption_code": "text", "exemption_text": "text", "accounting_net_minor": "int8",
    "accounting_tax_minor": "int8",
}  # fmt: skip
SLICE: Final = {"owner_id": "text", "name": "text", "net_minor": "int8", "tax_minor": "int8"}
OWNER: Final = {"account_id": "text", "bill_id": "text"}
NUMBER: Final = {
    "bill_id": "text", "series_id": "text", "number": "int8", "account_id": "text", "issued_on": "date",
}  # fmt: skip
ORDER: Final = {"account_id": "text", "order_id": "int8", "bill_id": "text", "ordered_at": "timestamptz"}

FIND: Final[LiteralString] = """
    SELECT account_id, bill_id, order_id, kind, corrects_bill_id, legal_entity_id, payer_id, run_id, category,
           issued_on, issued_at, term_days, term_method, term_grant_id, due_on, currency, net_minor,
           tax_minor, total_minor, billing_group_id, purchase_order_account, purchase_order_id,
           purchase_order_reference, purchase_order_type, payment_reference, payment_means, language, note,
           seller_hash, buyer_hash, payer_hash, cost_account, contract, debit_hash, collected_on,
           prepaid_minor, accounting_currency, accounting_tax_minor, exchange_e8, exchanged_on
      FROM bill
     WHERE account_id = %(account_id)s AND bill_id = %(bill_id)s
"""

DETAILS: Final[LiteralString] = """
    SELECT detail_no, service_id, kind, domain, description, quantity_e4, unit_price_ucents, net_minor,
           vat_category, vat_rate_bp, period_start, period_end, purchase_order_line_no, correction_no,
           part, owner_id, purchase_order_item, cost_account
      FROM bill_detail
     WHERE account_id = %(account_id)s AND bill_id = %(bill_id)s AND detail_no > %(after_no)s
     ORDER BY detail_no
     LIMIT %(rows_max)s
"""

DEBIT: Final[LiteralString] = """
    SELECT debit_hash, collected_on
      FROM bill
     WHERE account_id = %(account_id)s AND bill_id = %(bill_id)s AND debit_hash IS NOT NULL
"""

TAXES: Final[LiteralString] = """
    SELECT vat_category, vat_rate_bp, net_minor, tax_minor, exemption_code, exemption_text,
           accounting_net_minor, accounting_tax_minor
      FROM bill_tax
     WHERE account_id = %(account_id)s AND bill_id = %(bill_id)s
     ORDER BY vat_rate_bp DESC, vat_category
"""

SLICES: Final[LiteralString] = """
    SELECT owner_id, name, net_minor, tax_minor
      FROM bill_slice
     WHERE account_id = %(account_id)s AND bill_id = %(bill_id)s
     ORDER BY slice_no
"""

ACCOUNT_OF: Final[LiteralString] = "SELECT account_id FROM bill_number WHERE bill_id = %(bill_id)s"

CORRECTIONS: Final[LiteralString] = """
    SELECT bill_id
      FROM bill
     WHERE account_id = %(account_id)s AND corrects_bill_id = %(bill_id)s
     ORDER BY bill_id
"""

SNAPSHOT: Final[LiteralString] = "SELECT body FROM snapshot WHERE snapshot_hash = %(snapshot_hash)s"

FRESH_SNAPSHOTS: Final[LiteralString] = """
    SELECT asked.place
      FROM unnest(string_to_array(%(hashes)s, ' ')) WITH ORDINALITY AS asked(hash, place)
      LEFT JOIN snapshot s ON s.snapshot_hash = decode(asked.hash, 'hex')
     WHERE s.snapshot_hash IS NULL
     ORDER BY asked.place
"""

ADD_SNAPSHOTS: Final[LiteralString] = """
    INSERT INTO snapshot (snapshot_hash, body)
    SELECT decode(named.hash, 'hex'), told.body
      FROM unnest(string_to_array(%(hashes)s, ' ')) WITH ORDINALITY AS named(hash, place)
      JOIN jsonb_array_elements(%(bodies)s::jsonb) WITH ORDINALITY AS told(body, place) USING (place)
     ORDER BY named.hash
        ON CONFLICT (snapshot_hash) DO NOTHING
"""

SNAPSHOTS: Final[LiteralString] = """
    SELECT s.snapshot_hash, s.body
      FROM unnest(string_to_array(%(hashes)s, ' ')) AS asked(hash)
      JOIN snapshot s ON s.snapshot_hash = decode(asked.hash, 'hex')
"""

OF_RUN: Final[LiteralString] = """
    SELECT b.account_id, b.bill_id, b.order_id, b.kind, b.corrects_bill_id, b.legal_entity_id, b.payer_id,
           b.run_id, b.category, b.issued_on, b.issued_at, b.term_days, b.term_method, b.term_grant_id,
           b.due_on, b.currency, b.net_minor, b.tax_minor, b.total_minor, b.billing_group_id,
           b.purchase_order_account, b.purchase_order_id, b.purchase_order_reference, b.purchase_order_type,
           b.payment_reference, b.payment_means, b.language, b.note, b.seller_hash, b.buyer_hash,
           b.payer_hash, b.cost_account, b.contract, b.debit_hash, b.collected_on, b.prepaid_minor,
           b.accounting_currency, b.accounting_tax_minor, b.exchange_e8, b.exchanged_on, n.number
      FROM bill b
      JOIN bill_number n ON n.bill_id = b.bill_id
     WHERE b.run_id = %(run_id)s AND b.account_id = ANY(string_to_array(%(account_ids)s, ' '))
     ORDER BY n.number
"""

DETAILS_OF_RUN: Final[LiteralString] = """
    SELECT d.bill_id, d.detail_no, d.service_id, d.kind, d.domain, d.description, d.quantity_e4,
           d.unit_price_ucents, d.net_minor, d.vat_category, d.vat_rate_bp, d.period_start, d.period_end,
           d.purchase_order_line_no, d.correction_no, d.part, d.owner_id, d.purchase_order_item,
           d.cost_account
      FROM bill b
      JOIN bill_detail d ON d.account_id = b.account_id AND d.bill_id = b.bill_id
     WHERE b.run_id = %(run_id)s AND b.account_id = ANY(string_to_array(%(account_ids)s, ' '))
     ORDER BY d.bill_id, d.detail_no
"""

TAXES_OF_RUN: Final[LiteralString] = """
    SELECT t.bill_id, t.vat_category, t.vat_rate_bp, t.net_minor, t.tax_minor, t.exemption_code,
           t.exemption_text, t.accounting_net_minor, t.accounting_tax_minor
      FROM bill b
      JOIN bill_tax t ON t.account_id = b.account_id AND t.bill_id = b.bill_id
     WHERE b.run_id = %(run_id)s AND b.account_id = ANY(string_to_array(%(account_ids)s, ' '))
     ORDER BY t.bill_id, t.vat_rate_bp DESC, t.vat_category
"""

SLICES_OF_RUN: Final[LiteralString] = """
    SELECT s.bill_id, s.owner_id, s.name, s.net_minor, s.tax_minor
      FROM bill b
      JOIN bill_slice s ON s.account_id = b.account_id AND s.bill_id = b.bill_id
     WHERE b.run_id = %(run_id)s AND b.account_id = ANY(string_to_array(%(account_ids)s, ' '))
     ORDER BY s.bill_id, s.slice_no
"""

NEXT_ORDER_IDS: Final[LiteralString] = """
    SELECT nextval('order_id') AS order_id FROM generate_series(1, %(count)s::bigint)
"""


_bill_row = attrgetter(*BILL)
_detail_row = attrgetter(*DETAIL)
_tax_row = attrgetter(*TAX)
_slice_row = attrgetter(*SLICE)


def next_order_ids(tx: Transaction, count: int) -> list[int]:
    """Take that many order ids, rising."""
    return [row.order_id for row in tx.all(NEXT_ORDER_IDS, count=count)]


def keep_snapshots(tx: Transaction, snapshots: Iterable[Snapshot]) -> None:
    """Write those snapshots that are not kept yet; hashes travel as one text, bodies as one array."""
    bodies = {each.hash.hex(): each.body for each in snapshots}
    names = list(bodies)
    fresh = [names[row.place - 1] for row in tx.all(FRESH_SNAPSHOTS, hashes=" ".join(names))]
    if fresh:
        told = f"[{','.join([bodies[name] for name in fresh])}]"
        tx.run(ADD_SNAPSHOTS, hashes=" ".join(fresh), bodies=told)


def write(tx: Transaction, bills: Sequence[Bill], series_id: str, numbers: Sequence[int]) -> None:
    """Write issued bills with their details, VAT, numbers and orders; `numbers` go with `bills`."""
    tx.copy("bill", tuple(BILL), map(_bill_row, bills), tuple(BILL.values()))
    details = [
        (bill.account_id, bill.bill_id, *_detail_row(detail)) for bill in bills for detail in bill.details
    ]
    tx.copy("bill_detail", (*OWNER, *DETAIL), details, (*OWNER.values(), *DETAIL.values()))
    taxes = [(bill.account_id, bill.bill_id, *_tax_row(tax)) for bill in bills for tax in bill.taxes]
    tx.copy("bill_tax", (*OWNER, *TAX), taxes, (*OWNER.values(), *TAX.values()))
    slices = [
        (bill.account_id, bill.bill_id, number, *_slice_row(each))
        for bill in bills if bill.slices for number, each in enumerate(bill.slices, 1)
    ]  # fmt: skip
    if slices:
        types = (*OWNER.values(), "int4", *SLICE.values())
        tx.copy("bill_slice", (*OWNER, "slice_no", *SLICE), slices, types)
    registered = [
        (bill.bill_id, series_id, number, bill.account_id, bill.issued_on)
        for bill, number in zip(bills, numbers, strict=True)
    ]
    tx.copy("bill_number", tuple(NUMBER), registered, tuple(NUMBER.values()))
    orders = [(bill.account_id, bill.order_id, bill.bill_id, bill.issued_at) for bill in bills]
    tx.copy("bill_order", tuple(ORDER), orders, tuple(ORDER.values()))


def find(tx: Transaction, account_id: AccountId, bill_id: BillId) -> Bill | None:
    """Return the account's bill with its details and VAT, or None: another account's does not exist here."""
    row = tx.one_or_none(FIND, account_id=account_id, bill_id=bill_id)
    return None if row is None else _bill(tx, row)


def details(
    tx: Transaction, account_id: AccountId, bill_id: BillId, after_no: int = 0, rows_max: int | None = None
) -> list[Detail]:
    """Return the lines of the account's bill in their order, those after one."""
    rows = tx.all(DETAILS, account_id=account_id, bill_id=bill_id, after_no=after_no, rows_max=rows_max)
    return [Detail(*row) for row in rows]


def debit(tx: Transaction, account_id: AccountId, bill_id: BillId) -> tuple[dict[str, Any], date] | None:
    """Return the mandate that the account's bill is debited by, and the day; None: it is not debited."""
    row = tx.one_or_none(DEBIT, account_id=account_id, bill_id=bill_id)
    return None if row is None else (snapshot(tx, row.debit_hash), row.collected_on)


def taxes(tx: Transaction, account_id: AccountId, bill_id: BillId) -> list[TaxLine]:
    """Return the VAT of the account's bill per category and rate, highest rate first."""
    return [TaxLine(*row) for row in tx.all(TAXES, account_id=account_id, bill_id=bill_id)]


def slices(tx: Transaction, account_id: AccountId, bill_id: BillId) -> list[Slice]:
    """Return what of the account's bill is of whom; empty when it is not shared."""
    return [Slice(*row) for row in tx.all(SLICES, account_id=account_id, bill_id=bill_id)]


def account_of(tx: Transaction, bill_id: BillId) -> AccountId | None:
    """Return which account a bill belongs to, by the register of numbers, or None."""
    row = tx.one_or_none(ACCOUNT_OF, bill_id=bill_id)
    return None if row is None else AccountId(row.account_id)


def corrections(tx: Transaction, account_id: AccountId, bill_id: BillId) -> list[BillId]:
    """Return the documents that correct the account's bill."""
    rows = tx.all(CORRECTIONS, account_id=account_id, bill_id=bill_id)
    return [BillId(row.bill_id) for row in rows]


def of_run(tx: Transaction, run_id: RunId, account_ids: Iterable[AccountId]) -> list[tuple[Bill, int]]:
    """Return what the run billed to the accounts, whole and with numbers, in the order of numbers."""
    whose = {"run_id": run_id, "account_ids": " ".join(account_ids)}
    lines: dict[str, list[Detail]] = defaultdict(list)
    for bill_id, *row in tx.all(DETAILS_OF_RUN, **whose):
        lines[bill_id].append(Detail(*row))
    shares: dict[str, list[TaxLine]] = defaultdict(list)
    for bill_id, *row in tx.all(TAXES_OF_RUN, **whose):
        shares[bill_id].append(TaxLine(*row))
    parts: dict[str, list[Slice]] = defaultdict(list)
    for bill_id, *row in tx.all(SLICES_OF_RUN, **whose):
        parts[bill_id].append(Slice(*row))
    found = []
    for row in tx.all(OF_RUN, **whose):
        bill = replace(
            Bill(*row[:-1]),
            kind=BillKind(row.kind),
            details=tuple(lines[row.bill_id]),
            taxes=tuple(shares[row.bill_id]),
            slices=tuple(parts[row.bill_id]),
        )
        found.append((bill, row.number))
    return found


def snapshots(tx: Transaction, hashes: Iterable[bytes]) -> dict[bytes, dict[str, Any]]:
    """Return those of the copies that are kept, by hash."""
    rows = tx.all(SNAPSHOTS, hashes=" ".join([each.hex() for each in hashes]))
    return {row.snapshot_hash: row.body for row in rows}


def snapshot(tx: Transaction, snapshot_hash: bytes) -> dict[str, Any]:
    """Return the seller, buyer or payer that the hash names, member by member."""
    body: dict[str, Any] = tx.one(SNAPSHOT, snapshot_hash=snapshot_hash).body
    return body


def _bill(tx: Transaction, row: Any) -> Bill:
    whose = {"account_id": row.account_id, "bill_id": row.bill_id}
    return Bill(
        **row._asdict() | {"kind": BillKind(row.kind)},
        details=tuple(details(tx, **whose)),
        taxes=tuple(taxes(tx, **whose)),
        slices=tuple(slices(tx, **whose)),
    )
