"""Papers: what of a bill is printed, read in batches, and the record of papers that were rendered."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final, LiteralString, NamedTuple

from acquit.core.bill import SELF_BILLED, Bill, BillKind, Detail, Slice
from acquit.core.identifiers import AccountId, BillId
from acquit.core.metered_use import MeteredUse
from acquit.core.snapshot import Buyer, Debit, Seller
from acquit.core.tax import TaxLine
from acquit.store import metered_uses
from acquit.store.transaction import Transaction

PDF: Final = "pdf"
METERED: Final = BillKind.BILL.value
"""What has an annex of use: a credit note or a corrective bill repeats what an annex told."""

BillKey = tuple[AccountId, BillId]


class Printed(NamedTuple):
    """An issued bill with the copies that it is printed with, in the order of a paper's members."""

    bill: Bill
    seller: Seller
    buyer: Buyer
    payer: Buyer | None
    corrected_on: date | None
    logo: bytes
    is_test: bool
    debit: Debit | None = None
    units: Mapping[int, str] = {}
    uses: tuple[MeteredUse, ...] = ()
    contest_until: date | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A paper that was rendered: where the archive keeps it, and how long it is."""

    account_id: AccountId
    bill_id: BillId
    form: str
    sha256: str
    size_bytes: int


BILLS: Final[LiteralString] = """
    SELECT b.account_id, b.bill_id, b.order_id, b.kind, b.corrects_bill_id, b.legal_entity_id, b.payer_id,
           b.run_id, b.category, b.issued_on, b.issued_at, b.term_days, b.term_method, b.term_grant_id,
           b.due_on, b.currency, b.net_minor, b.tax_minor, b.total_minor, b.billing_group_id,
           b.purchase_order_account, b.purchase_order_id, b.purchase_order_reference, b.purchase_order_type,
           b.payment_reference, b.payment_means, b.language, b.note, b.seller_hash, b.buyer_hash,
           b.payer_hash, b.cost_account, b.contract, b.debit_hash, b.collected_on, b.prepaid_minor,
           b.accounting_currency, b.accounting_tax_minor, b.exchange_e8, b.exchanged_on, b.contest_until
      FROM unnest(%(account_ids)s::text[], %(bill_ids)s::text[]) AS asked(account_id, bill_id)
      JOIN issued_paper b ON b.account_id = asked.account_id AND b.bill_id = asked.bill_id
"""

DETAILS: Final[LiteralString] = """
    SELECT d.account_id, d.bill_id, d.detail_no, d.service_id, d.kind, d.domain, d.description, d.quantity_e4,
           d.unit_price_ucents, d.net_minor, d.vat_category, d.vat_rate_bp, d.period_start, d.period_end,
           d.purchase_order_line_no, d.correction_no, d.part, d.owner_id, d.purchase_order_item,
           d.cost_account
      FROM unnest(%(account_ids)s::text[], %(bill_ids)s::text[]) AS asked(account_id, bill_id)
      JOIN issued_paper_detail d ON d.account_id = asked.account_id AND d.bill_id = asked.bill_id
     ORDER BY d.detail_no
"""

SLICES: Final[LiteralString] = """
    SELECT s.account_id, s.bill_id, s.owner_id, s.name, s.net_minor, s.tax_minor
      FROM unnest(%(account_ids)s::text[], %(bill_ids)s::text[]) AS asked(account_id, bill_id)
      JOIN bill_slice s ON s.account_id = asked.account_id AND s.bill_id = asked.bill_id
     ORDER BY s.slice_no
"""

TAXES: Final[LiteralString] = """
    SELECT t.account_id, t.bill_id, t.vat_category, t.vat_rate_bp, t.net_minor, t.tax_minor, t.exemption_code,
           t.exemption_text, t.accounting_net_minor, t.accounting_tax_minor
      FROM unnest(%(account_ids)s::text[], %(bill_ids)s::text[]) AS asked(account_id, bill_id)
      JOIN issued_paper_tax t ON t.account_id = asked.account_id AND t.bill_id = asked.bill_id
     ORDER BY t.vat_rate_bp DESC, t.vat_category
"""

UNITS: Final[LiteralString] = """
    SELECT d.account_id, d.bill_id, d.detail_no, m.unit
      FROM unnest(%(account_ids)s::text[], %(bill_ids)s::text[]) AS asked(account_id, bill_id)
      JOIN bill b ON b.account_id = asked.account_id AND b.bill_id = asked.bill_id
      JOIN bill_detail d ON d.account_id = b.account_id AND d.bill_id = b.bill_id AND d.kind = 'usage'
     CROSS JOIN LATERAL (SELECT unit
                           FROM meter
                          WHERE legal_entity_id = b.legal_entity_id AND meter = split_part(d.part, ':', 2)
                            AND from_on <= d.period_end
                          ORDER BY from_on DESC
                          LIMIT 1) m
"""

CORRECTED: Final[LiteralString] = """
    SELECT b.account_id, b.bill_id, b.issued_on
      FROM unnest(%(account_ids)s::text[], %(bill_ids)s::text[]) AS asked(account_id, bill_id)
      JOIN issued_paper b ON b.account_id = asked.account_id AND b.bill_id = asked.bill_id
"""

SNAPSHOTS: Final[LiteralString] = """
    SELECT snapshot_hash, body FROM snapshot WHERE snapshot_hash = ANY(%(hashes)s)
"""

LOGOS: Final[LiteralString] = """
    SELECT legal_entity_id, coalesce(logo, '') AS logo, sandbox_of IS NOT NULL AS is_test
      FROM legal_entity
     WHERE logo IS NOT NULL OR sandbox_of IS NOT NULL
"""

LOGO_CHANGES: Final[LiteralString] = """
    SELECT legal_entity_id, from_on, decode(substr(value #>> '{}', 3), 'hex') AS logo,
           decode(substr(value_before #>> '{}', 3), 'hex') AS logo_before
      FROM legal_entity_setting
     WHERE name = 'logo'
     ORDER BY legal_entity_id, from_on, setting_no
"""

FIND: Final[LiteralString] = """
    SELECT account_id, bill_id, form, sha256, size_bytes
      FROM document
     WHERE account_id = %(account_id)s AND bill_id = %(bill_id)s AND form = %(form)s
"""

RENDERED: Final[LiteralString] = """
    SELECT d.account_id, d.bill_id
      FROM unnest(%(account_ids)s::text[], %(bill_ids)s::text[]) AS asked(account_id, bill_id)
      JOIN document d ON d.account_id = asked.account_id AND d.bill_id = asked.bill_id AND d.form = %(form)s
"""

RECORD: Final[LiteralString] = """
    INSERT INTO document (account_id, bill_id, form, sha256, size_bytes)
    SELECT made.*
      FROM unnest(%(account_ids)s::text[], %(bill_ids)s::text[], %(forms)s::text[], %(hashes)s::text[],
                  %(sizes)s::bigint[]) AS made
     ORDER BY 1, 2
        ON CONFLICT (account_id, bill_id, form) DO NOTHING
"""

MISSING: Final[LiteralString] = """
    SELECT b.account_id, b.bill_id
      FROM issued_paper b
     WHERE NOT EXISTS (SELECT FROM document d
                        WHERE d.account_id = b.account_id AND d.bill_id = b.bill_id AND d.form = %(form)s)
     LIMIT %(limit)s
"""

ISSUED: Final[LiteralString] = """
    SELECT account_id, bill_id
      FROM issued_paper
     WHERE (account_id, bill_id) > (%(account_id)s, %(bill_id)s)
     ORDER BY account_id, bill_id
     LIMIT %(limit)s
"""


def printed(tx: Transaction, keys: Sequence[BillKey]) -> list[Printed]:
    """Return what is printed of these bills and reverse bills, in the order asked; others are left out."""
    asked = _asked(keys)
    rows = {(row.account_id, row.bill_id): row for row in tx.all(BILLS, **asked)}
    details = _by_bill(tx.all(DETAILS, **asked), Detail)
    taxes = _by_bill(tx.all(TAXES, **asked), TaxLine)
    slices = _by_bill(tx.all(SLICES, **asked), Slice)
    units = _units(tx.all(UNITS, **asked))
    uses = metered_uses.behind(tx, {key: details[key] for key, row in rows.items() if row.kind == METERED})
    copies = _copies(tx, rows.values())
    corrected = _corrected(tx, rows.values())
    sellers = tx.all(LOGOS)
    logos = {row.legal_entity_id: bytes(row.logo) for row in sellers}
    changes = tx.all(LOGO_CHANGES)
    tests = {row.legal_entity_id for row in sellers if row.is_test}
    return [
        Printed(
            bill=_bill(rows[key], details[key], taxes[key], slices[key]),
            seller=Seller(**_known(copies[rows[key].seller_hash], Seller)),
            buyer=Buyer(**_known(copies[rows[key].buyer_hash], Buyer)),
            payer=_payer(rows[key], copies),
            corrected_on=corrected.get((key[0], rows[key].corrects_bill_id)),
            logo=b"" if rows[key].kind in SELF_BILLED else _logo_of(rows[key], changes, logos),
            is_test=rows[key].legal_entity_id in tests,
            debit=_debit(rows[key], copies),
            units=units[key],
            uses=uses.get(key, ()),
            contest_until=rows[key].contest_until,
        )
        for key in keys
        if key in rows
    ]


def _logo_of(bill: Any, changes: Sequence[Any], logos: Mapping[str, bytes]) -> bytes:
    """Return the logo that the seller had on the day of the bill."""
    told = [each for each in changes if each.legal_entity_id == bill.legal_entity_id]
    if not told:
        return logos.get(bill.legal_entity_id, b"")
    held = [each.logo for each in told if each.from_on <= bill.issued_on]
    return bytes((held[-1] if held else told[0].logo_before) or b"")


def find(tx: Transaction, account_id: AccountId, bill_id: BillId, form: str = PDF) -> Document | None:
    """Return the record of the bill's paper, or None while it has none."""
    row = tx.one_or_none(FIND, account_id=account_id, bill_id=bill_id, form=form)
    return None if row is None else Document(*row)


def unrendered(tx: Transaction, keys: Sequence[BillKey], form: str = PDF) -> list[BillKey]:
    """Return those of the bills that have no paper yet, in their order."""
    rendered = {(row.account_id, row.bill_id) for row in tx.all(RENDERED, form=form, **_asked(keys))}
    return [key for key in keys if key not in rendered]


def missing(tx: Transaction, limit: int, form: str = PDF) -> list[BillKey]:
    """Return at most `limit` bills that have no paper."""
    return [(row.account_id, row.bill_id) for row in tx.all(MISSING, form=form, limit=limit)]


def issued_after(tx: Transaction, after: tuple[str, str], limit: int) -> list[BillKey]:
    """Return at most `limit` issued bills behind that one, in the order of accounts and numbers."""
    rows = tx.all(ISSUED, account_id=after[0], bill_id=after[1], limit=limit)
    return [(row.account_id, row.bill_id) for row in rows]


def record(tx: Transaction, documents: Sequence[Document]) -> None:
    """Write that these papers exist; for a bill that has one already, the first one stays."""
    tx.run(
        RECORD,
        account_ids=[document.account_id for document in documents],
        bill_ids=[document.bill_id for document in documents],
        forms=[document.form for document in documents],
        hashes=[document.sha256 for document in documents],
        sizes=[document.size_bytes for document in documents],
    )


def _asked(keys: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    return {"account_ids": [key[0] for key in keys], "bill_ids": [key[1] for key in keys]}


def _by_bill(rows: Iterable[Any], value: type[Any]) -> Mapping[BillKey, list[Any]]:
    """Gather rows that begin with account and bill; the other columns are the value's members."""
    gathered: dict[BillKey, list[Any]] = defaultdict(list)
    for row in rows:
        gathered[row.account_id, row.bill_id].append(value(*row[2:]))
    return gathered


def _units(rows: Iterable[Any]) -> Mapping[BillKey, dict[int, str]]:
    """Return by bill what its details of use count: units of meters are final."""
    gathered: dict[BillKey, dict[int, str]] = defaultdict(dict)
    for row in rows:
        gathered[row.account_id, row.bill_id][row.detail_no] = row.unit
    return gathered


def _bill(row: Any, details: list[Detail], taxes: list[TaxLine], slices: list[Slice]) -> Bill:
    members = row._asdict() | {"kind": BillKind(row.kind)}
    members.pop("contest_until")
    return Bill(**members, details=tuple(details), taxes=tuple(taxes), slices=tuple(slices))


def _copies(tx: Transaction, rows: Iterable[Any]) -> dict[bytes, dict[str, Any]]:
    hashes = {name for row in rows for name in _hashes(row) if name}
    return {row.snapshot_hash: row.body for row in tx.all(SNAPSHOTS, hashes=list(hashes))}


def _hashes(row: Any) -> tuple[bytes | None, ...]:
    return row.seller_hash, row.buyer_hash, row.payer_hash, row.debit_hash


def _corrected(tx: Transaction, rows: Iterable[Any]) -> dict[BillKey, date]:
    """Return the dates of the bills that these bills correct."""
    keys = [(row.account_id, row.corrects_bill_id) for row in rows if row.corrects_bill_id is not None]
    if not keys:
        return {}
    found = tx.all(CORRECTED, **_asked(keys))
    return {(row.account_id, row.bill_id): row.issued_on for row in found}


def _payer(row: Any, copies: Mapping[bytes, dict[str, Any]]) -> Buyer | None:
    """Return the payer when it is another legal party than the buyer."""
    if row.payer_hash is None or row.payer_hash == row.buyer_hash:
        return None
    return Buyer(**_known(copies[row.payer_hash], Buyer))


def _debit(row: Any, copies: Mapping[bytes, dict[str, Any]]) -> Debit | None:
    return None if row.debit_hash is None else Debit(**_known(copies[row.debit_hash], Debit))


def _known(body: Mapping[str, Any], value: type[Seller | Buyer | Debit]) -> dict[str, Any]:
    """Return the members that this version knows: copies are kept for ten years."""
    return {field.name: body[field.name] for field in fields(value) if field.name in body}
