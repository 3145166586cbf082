"""Reverse bills: issued ones with lines and VAT, what became of them, and what was set off with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, LiteralString

from acquit.core.bill import Bill
from acquit.core.debt import Allocation
from acquit.core.identifiers import AccountId, BillId, DebtId
from acquit.core.money import Currency
from acquit.core.reverse_bill import Standing, Vat
from acquit.core.self_billing import Agreement
from acquit.store import documents
from acquit.store.transaction import Transaction

DETAIL: Final = {
    "account_id": "text", "bill_id": "text", "detail_no": "int4", "domain": "text", "description": "text",
    "quantity_e4": "int8", "unit_price_ucents": "int8", "net_minor": "int8", "vat_category": "text",
    "vat_rate_bp": "int4", "period_start": "date", "period_end": "date",
}  # fmt: skip

ADD: Final[LiteralString] = """
    INSERT INTO reverse_bill (account_id, bill_id, order_id, kind, corrects_bill_id, legal_entity_id,
           agreement_no, issued_on, issued_at, term_days, due_on, contest_until, currency, net_minor,
           tax_minor, total_minor, self_assessed_minor, vat_waits, payment_reference, language, note,
           contract, seller_hash, buyer_hash)
    VALUES (%(account_id)s, %(bill_id)s, %(order_id)s, %(kind)s, %(corrects_bill_id)s, %(legal_entity_id)s,
            %(agreement_no)s, %(issued_on)s, %(issued_at)s, %(term_days)s, %(due_on)s, %(contest_until)s,
            %(currency)s, %(net_minor)s, %(tax_minor)s, %(total_minor)s, %(self_assessed_minor)s,
            %(vat_waits)s, %(payment_reference)s, %(language)s, %(note)s, %(contract)s, %(seller_hash)s,
            %(buyer_hash)s)
"""

ADD_TAX: Final[LiteralString] = """
    INSERT INTO reverse_bill_tax (account_id, bill_id, vat_category, vat_rate_bp, net_minor, tax_minor,
           exemption_code, exemption_text)
    VALUES (%(account_id)s, %(bill_id)s, %(vat_category)s, %(vat_rate_bp)s, %(net_minor)s, %(tax_minor)s,
            %(exemption_code)s, %(exemption_text)s)
"""

ADD_NUMBER: Final[LiteralString] = """
    INSERT INTO bill_number (bill_id, series_id, number, account_id, issued_on)
    VALUES (%(bill_id)s, %(series_id)s, %(number)s, %(account_id)s, %(issued_on)s)
"""

FACTS: Final[LiteralString] = """
    SELECT agreement_no, self_assessed_minor, vat_waits, tax_minor, contest_until
      FROM reverse_bill
     WHERE account_id = %(account_id)s AND bill_id = %(bill_id)s
"""

STANDINGS: Final[LiteralString] = """
    SELECT bill_id, currency, total_minor, contest_until, set_off_minor, paid_minor, paying_minor,
           is_contested, accepted_on, taken_back_by
      FROM reverse_standing
     WHERE account_id = %(account_id)s AND bill_id = ANY(%(bill_ids)s)
"""

BILLED_BEFORE: Final[LiteralString] = """
    SELECT DISTINCT d.domain, d.bill_id
      FROM unnest(%(references)s::text[], %(starts)s::date[], %(ends)s::date[])
             AS asked(reference, period_start, period_end)
      JOIN reverse_bill_detail d ON d.account_id = %(account_id)s AND d.domain = asked.reference
                                AND d.period_start = asked.period_start AND d.period_end = asked.period_end
      JOIN reverse_bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id AND b.kind = 'self-billed'
     WHERE asked.reference <> ''
       AND NOT EXISTS (SELECT FROM reverse_bill c
                        WHERE c.account_id = b.account_id AND c.corrects_bill_id = b.bill_id)
     ORDER BY d.domain, d.bill_id
"""

EVENT: Final[LiteralString] = """
    INSERT INTO reverse_bill_event (account_id, bill_id, event_no, kind, happened_on, told, recorded_by)
    SELECT %(account_id)s, %(bill_id)s, coalesce(max(event_no), 0) + 1, %(kind)s, %(happened_on)s, %(told)s,
           %(recorded_by)s
      FROM reverse_bill_event
     WHERE account_id = %(account_id)s AND bill_id = %(bill_id)s
"""

EVENTS: Final[LiteralString] = """
    SELECT kind, happened_on, told, recorded_by
      FROM reverse_bill_event
     WHERE account_id = %(account_id)s AND bill_id = %(bill_id)s
     ORDER BY event_no
"""

ADD_SET_OFF: Final[LiteralString] = """
    INSERT INTO reverse_set_off (account_id, bill_id, debt_account_id, debt_id, operation_id)
    VALUES (%(account_id)s, %(bill_id)s, %(debt_account_id)s, %(debt_id)s, %(operation_id)s)
"""

SET_OFF_BY: Final[LiteralString] = """
    SELECT account_id, bill_id
      FROM reverse_set_off
     WHERE debt_account_id = %(account_id)s AND debt_id = %(debt_id)s AND operation_id = %(operation_id)s
"""

SET_OFFS: Final[LiteralString] = """
    SELECT d.account_id AS debt_account_id, d.bill_id AS debt_bill_id, o.occurred_on, o.amount_minor,
           EXISTS (SELECT FROM debt_operation u
                    WHERE u.account_id = o.account_id AND u.debt_id = o.debt_id
                      AND u.reverses_id = o.operation_id) AS is_undone
      FROM reverse_set_off x
      JOIN debt_operation o ON o.account_id = x.debt_account_id AND o.debt_id = x.debt_id
                           AND o.operation_id = x.operation_id
      JOIN debt d ON d.account_id = o.account_id AND d.debt_id = o.debt_id
     WHERE x.account_id = %(account_id)s AND x.bill_id = %(bill_id)s
     ORDER BY o.operation_id
"""

MUTUAL: Final[LiteralString] = """
    SELECT o.account_id, o.debt_id, o.open_minor
      FROM open_debt o
     WHERE o.payer_id = %(payer_id)s AND o.currency = %(currency)s
       AND NOT EXISTS (SELECT FROM pending_debt p WHERE p.account_id = o.account_id AND p.debt_id = o.debt_id)
       AND NOT EXISTS (SELECT FROM dispute t
                        WHERE t.account_id = o.account_id AND t.bill_id = o.bill_id AND t.state = 'open')
     ORDER BY o.due_on, o.debt_id
"""

FIRST: Final = (AccountId(""), BillId(""))
"""Before every reverse bill."""

WAITING: Final[LiteralString] = """
    SELECT s.account_id, s.bill_id
      FROM reverse_standing s
     WHERE s.legal_entity_id = %(legal_entity_id)s AND s.taken_back_by IS NULL AND NOT s.is_contested
       AND s.due_on <= %(due_by)s AND s.paying_minor = 0
       AND s.total_minor > s.set_off_minor + s.paid_minor
       AND (s.accepted_on IS NOT NULL OR s.contest_until < %(today)s)
       AND (s.account_id, s.bill_id) > (%(after_account_id)s, %(after_bill_id)s)
     ORDER BY s.account_id, s.bill_id
     LIMIT %(rows_max)s
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the books need of a reverse bill beside its amounts."""

    agreement_no: int
    vat: Vat
    contest_until: date


@dataclass(frozen=True, slots=True)
class SetOff:
    """What of a reverse bill paid a bill that the account owes, and whether that was undone."""

    debt_account_id: AccountId
    debt_bill_id: BillId
    occurred_on: date
    amount_minor: int
    is_undone: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What a supplier said of a bill made in its name: contested, contest-ended, accepted."""

    kind: str
    happened_on: date
    told: str
    recorded_by: str


def write(
    tx: Transaction,
    bill: Bill,
    agreement: Agreement,
    vat: Vat,
    contest_until: date,
    numbered: tuple[str, int],
) -> None:
    """Write an issued reverse bill, or the credit note of one, with its number in its series."""
    tx.run(
        ADD, account_id=bill.account_id, bill_id=bill.bill_id, order_id=bill.order_id, kind=bill.kind.value,
        corrects_bill_id=bill.corrects_bill_id, legal_entity_id=bill.legal_entity_id,
        agreement_no=agreement.agreement_no, issued_on=bill.issued_on, issued_at=bill.issued_at,
        term_days=bill.term_days, due_on=bill.due_on, contest_until=contest_until, currency=bill.currency,
        net_minor=bill.net_minor, tax_minor=bill.tax_minor, total_minor=bill.total_minor,
        self_assessed_minor=vat.self_assessed_minor, vat_waits=vat.waits,
        payment_reference=bill.payment_reference, language=bill.language, note=bill.note,
        contract=bill.contract, seller_hash=bill.seller_hash, buyer_hash=bill.buyer_hash,
    )  # fmt: skip
    rows = [
        (
            bill.account_id, bill.bill_id, each.detail_no, each.domain, each.description, each.quantity_e4,
            each.unit_price_ucents, each.net_minor, each.vat_category, each.vat_rate_bp, each.period_start,
            each.period_end,
        )
        for each in bill.details
    ]  # fmt: skip
    tx.copy("reverse_bill_detail", tuple(DETAIL), rows, tuple(DETAIL.values()))
    for tax in bill.taxes:
        tx.run(
            ADD_TAX, account_id=bill.account_id, bill_id=bill.bill_id, vat_category=tax.vat_category,
            vat_rate_bp=tax.vat_rate_bp, net_minor=tax.net_minor, tax_minor=tax.tax_minor,
            exemption_code=tax.exemption_code, exemption_text=tax.exemption_text,
        )  # fmt: skip
    tx.run(
        ADD_NUMBER, bill_id=bill.bill_id, series_id=numbered[0], number=numbered[1],
        account_id=bill.account_id, issued_on=bill.issued_on,
    )  # fmt: skip


def find(tx: Transaction, account_id: AccountId, bill_id: BillId) -> Bill | None:
    """Return the account's reverse bill as it was issued, or None: no other document is one."""
    if tx.one_or_none(FACTS, account_id=account_id, bill_id=bill_id) is None:
        return None
    (found,) = documents.printed(tx, [(account_id, bill_id)])
    return found.bill


def facts(tx: Transaction, account_id: AccountId, bill_id: BillId) -> Facts:
    """Return what the books need of the account's reverse bill, which is there."""
    row = tx.one(FACTS, account_id=account_id, bill_id=bill_id)
    deductible = 0 if row.self_assessed_minor else row.tax_minor
    return Facts(row.agreement_no, Vat(deductible, row.vat_waits, row.self_assessed_minor), row.contest_until)


def billed_before(
    tx: Transaction, account_id: AccountId, supplies: Sequence[tuple[str, date, date]]
) -> list[tuple[str, BillId]]:
    """Return which of these references of these days stand on a bill of the account, and on which."""
    rows = tx.all(
        BILLED_BEFORE, account_id=account_id, references=[each[0] for each in supplies],
        starts=[each[1] for each in supplies], ends=[each[2] for each in supplies],
    )  # fmt: skip
    return [(row.domain, BillId(row.bill_id)) for row in rows]


def standings(tx: Transaction, account_id: AccountId, bill_ids: Sequence[str]) -> dict[BillId, Standing]:
    """Return how these reverse bills of the account stand; credit notes have no standing."""
    rows = tx.all(STANDINGS, account_id=account_id, bill_ids=list(bill_ids))
    return {BillId(row.bill_id): Standing(**row._asdict()) for row in rows}


def standing(tx: Transaction, account_id: AccountId, bill_id: BillId) -> Standing | None:
    """Return how the account's reverse bill stands, or None."""
    return standings(tx, account_id, [bill_id]).get(bill_id)


def tell(
    tx: Transaction, account_id: AccountId, bill_id: BillId, kind: str, on: date, told: str, by: str
) -> None:
    """Write that a reverse bill was contested, that this ended, or that it was accepted; hold the account."""
    tx.run(
        EVENT, account_id=account_id, bill_id=bill_id, kind=kind, happened_on=on, told=told, recorded_by=by
    )


def events(tx: Transaction, account_id: AccountId, bill_id: BillId) -> list[Said]:
    """Return what the supplier said of a reverse bill, oldest first."""
    return [Said(*row) for row in tx.all(EVENTS, account_id=account_id, bill_id=bill_id)]


def add_set_off(
    tx: Transaction, account_id: AccountId, bill_id: BillId, debt: tuple[AccountId, DebtId], operation_id: int
) -> None:
    """Write that an operation on a debt was paid by what the reverse bill owes."""
    tx.run(
        ADD_SET_OFF, account_id=account_id, bill_id=bill_id, debt_account_id=debt[0], debt_id=debt[1],
        operation_id=operation_id,
    )  # fmt: skip


def set_off_by(
    tx: Transaction, debt: tuple[AccountId, DebtId], operation_id: int
) -> tuple[AccountId, BillId]:
    """Return which reverse bill paid the operation."""
    row = tx.one(SET_OFF_BY, account_id=debt[0], debt_id=debt[1], operation_id=operation_id)
    return AccountId(row.account_id), BillId(row.bill_id)


def set_offs(tx: Transaction, account_id: AccountId, bill_id: BillId) -> list[SetOff]:
    """Return which bills a reverse bill paid, oldest first, those that were undone too."""
    rows = tx.all(SET_OFFS, account_id=account_id, bill_id=bill_id)
    return [SetOff(*row) for row in rows]


def mutual_debts(tx: Transaction, payer_id: AccountId, currency: Currency) -> list[Allocation]:
    """Return what the payer owes and does not dispute, nor a direct debit collects, first due first."""
    rows = tx.all(MUTUAL, payer_id=payer_id, currency=currency)
    return [Allocation(AccountId(row.account_id), DebtId(row.debt_id), row.open_minor) for row in rows]


def waiting(
    tx: Transaction,
    legal_entity_id: str,
    due_by: date,
    today: date,
    rows_max: int,
    after: tuple[AccountId, BillId] = FIRST,
) -> list[tuple[AccountId, BillId]]:
    """Return reverse bills of a legal entity that may be paid and fall due by the day, those after one."""
    rows = tx.all(
        WAITING, legal_entity_id=legal_entity_id, due_by=due_by, today=today, rows_max=rows_max,
        after_account_id=after[0], after_bill_id=after[1],
    )  # fmt: skip
    return [(AccountId(row.account_id), BillId(row.bill_id)) for row in rows]
