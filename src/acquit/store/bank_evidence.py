"""What the store knows about entries that are to be matched: a few statements for a page of any size."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString

from psycopg.rows import tuple_row

from acquit.core.identifiers import AccountId, BillId, DebtId, LegalEntityId
from acquit.core.match import DebtKey, OpenDebt
from acquit.core.money import Currency
from acquit.core.numbering import DocumentKind, Series
from acquit.store.transaction import Transaction

DEBTS_OF_PAYER_MAX: Final = 400
"""So many debts of one payer are looked at, oldest due first."""

BILL_SERIES: Final[LiteralString] = """
    SELECT series_id, legal_entity_id, document, prefix, digits, reference_code, next_number, last_on
      FROM series
     WHERE legal_entity_id = %(legal_entity_id)s AND document IN ('bill', 'claim', 'down-payment')
     ORDER BY series_id
"""

BILLS_BY_NUMBER: Final[LiteralString] = """
    SELECT n.bill_id, n.account_id, s.reference_code, n.number, s.digits
      FROM unnest(%(codes)s::text[], %(digits)s::int[], %(numbers)s::bigint[]) AS g(code, digits, number)
      JOIN series s ON s.legal_entity_id = %(legal_entity_id)s
                   AND s.document IN ('bill', 'claim', 'down-payment')
                   AND s.reference_code = g.code AND s.digits = g.digits
      JOIN bill_number n ON n.series_id = s.series_id AND n.number = g.number
"""

BILLS_BY_ID: Final[LiteralString] = """
    SELECT n.bill_id, n.account_id
      FROM bill_number n
      JOIN series s ON s.series_id = n.series_id AND s.legal_entity_id = %(legal_entity_id)s
                   AND s.document IN ('bill', 'claim', 'down-payment')
     WHERE n.bill_id = ANY(%(bill_ids)s)
"""

BUNDLES: Final[LiteralString] = """
    SELECT b.reference, b.account_id, b.credit_minor, p.debt_account_id, p.debt_id
      FROM bundle b
      JOIN bundle_part p ON p.account_id = b.account_id AND p.bundle_id = b.bundle_id
      JOIN account a ON a.account_id = b.account_id AND a.legal_entity_id = %(legal_entity_id)s
     WHERE b.reference = ANY(%(references)s)
     ORDER BY p.debt_id
"""

PAYERS_OF_IBANS: Final[LiteralString] = """
    WITH known AS (
         SELECT iban, account_id
           FROM payer_iban
          WHERE legal_entity_id = %(legal_entity_id)s AND iban = ANY(%(ibans)s)
          UNION
         SELECT iban, account_id
           FROM virtual_iban
          WHERE legal_entity_id = %(legal_entity_id)s AND iban = ANY(%(ibans)s)
         )
    SELECT iban, account_id FROM known
     UNION
    SELECT k.iban, o.account_id
      FROM known k
      JOIN payer_group g ON g.account_id = k.account_id AND g.legal_entity_id = %(legal_entity_id)s
      JOIN payer_group o ON o.legal_entity_id = g.legal_entity_id AND o.name = g.name
"""

PAYERS_BY_NAME: Final[LiteralString] = """
    SELECT lower(p.name) AS name, a.account_id
      FROM legal_party p
      JOIN account a ON a.legal_party_id = p.legal_party_id AND a.payer_id = a.account_id
                    AND a.legal_entity_id = %(legal_entity_id)s
     WHERE lower(p.name) = ANY(%(names)s)
"""

NAMES: Final[LiteralString] = """
    SELECT a.account_id, p.name
      FROM account a
     CROSS JOIN LATERAL (
           SELECT name
             FROM legal_party
            WHERE legal_party_id = a.legal_party_id
            ORDER BY from_on DESC
            LIMIT 1) p
     WHERE a.account_id = ANY(string_to_array(%(account_ids)s, ' '))
"""

LOCK_PAYERS: Final[LiteralString] = """
    SELECT account_id
      FROM account
     WHERE account_id = ANY(string_to_array(%(payer_ids)s, ' '))
     ORDER BY account_id
       FOR NO KEY UPDATE
"""

LOCK_PAID_FOR: Final[LiteralString] = """
    SELECT account_id
      FROM account
     WHERE account_id IN (
           SELECT account_id FROM account WHERE payer_id = ANY(string_to_array(%(payer_ids)s, ' '))
            UNION
           SELECT unnest(string_to_array(%(account_ids)s, ' ')))
     ORDER BY account_id
       FOR NO KEY UPDATE
"""

_OPEN: Final[LiteralString] = """
    SELECT d.account_id, d.debt_id, d.bill_id, d.payer_id, d.currency,
           (d.amount_minor + coalesce(o.effect_minor, 0))::bigint AS open_minor, d.due_on
      FROM debt d
      LEFT JOIN LATERAL (
           SELECT sum(effect_minor) AS effect_minor
             FROM debt_operation
            WHERE account_id = d.account_id AND debt_id = d.debt_id) o ON true
"""

OPEN_OF_BILLS: Final[LiteralString] = """
    SELECT d.account_id, d.debt_id, d.bill_id, d.payer_id, d.currency,
           (d.amount_minor + coalesce(o.effect_minor, 0))::bigint AS open_minor, d.due_on
      FROM unnest(string_to_array(%(account_ids)s, ' '), string_to_array(%(bill_ids)s, ' ')) AS g(account_id,
           bill_id)
      JOIN debt d ON d.account_id = g.account_id AND d.bill_id = g.bill_id
      LEFT JOIN LATERAL (
           SELECT sum(effect_minor) AS effect_minor
             FROM debt_operation
            WHERE account_id = d.account_id AND debt_id = d.debt_id) o ON true
"""

PAYERS_OF_BILLS: Final[LiteralString] = """
    SELECT DISTINCT d.payer_id
      FROM unnest(string_to_array(%(account_ids)s, ' '), string_to_array(%(bill_ids)s, ' ')) AS g(account_id,
           bill_id)
      JOIN debt d ON d.account_id = g.account_id AND d.bill_id = g.bill_id
"""

OPEN_OF_DEBTS: Final[LiteralString] = (
    _OPEN
    + """
      JOIN unnest(%(account_ids)s::text[], %(debt_ids)s::bigint[]) AS g(account_id, debt_id)
        ON g.account_id = d.account_id AND g.debt_id = d.debt_id
"""
)

OPEN_OF_PAYERS: Final[LiteralString] = """
    SELECT f.account_id, f.debt_id, f.bill_id, f.payer_id, f.currency, f.open_minor, f.due_on
      FROM unnest(string_to_array(%(payer_ids)s, ' ')) AS g(payer_id)
     CROSS JOIN LATERAL (
           SELECT d.account_id, d.debt_id, d.bill_id, d.payer_id, d.currency, d.due_on, d.open_minor
             FROM open_debt d
            WHERE d.payer_id = g.payer_id AND d.open_minor > 0
            ORDER BY d.due_on, d.debt_id
            LIMIT %(rows_max)s) f
"""

CREDIT: Final[LiteralString] = """
    SELECT account_id, currency, sum(left_minor)::bigint AS left_minor
      FROM (SELECT account_id, currency, lot_id, sum(amount_minor) AS left_minor,
                   min(expires_on) AS expires_on
              FROM credit_movement
             WHERE account_id = ANY(string_to_array(%(payer_ids)s, ' ')) AND type <> 'POINTS'
             GROUP BY account_id, currency, lot_id) lots
     WHERE left_minor > 0 AND (expires_on IS NULL OR expires_on > %(on)s)
     GROUP BY account_id, currency
"""

ADVICES: Final[LiteralString] = """
    SELECT a.account_id, a.advice_id, a.name, l.bill_id, l.amount_minor
      FROM remittance_advice a
      JOIN remittance_advice_line l ON l.account_id = a.account_id AND l.advice_id = a.advice_id
     WHERE a.account_id = ANY(string_to_array(%(payer_ids)s, ' ')) AND a.total_minor = ANY(%(totals)s)
     ORDER BY a.advice_id, l.line_no
"""

VAT: Final[LiteralString] = """
    SELECT d.account_id, d.debt_id, d.amount_minor,
           coalesce(o.paid_minor, 0)::bigint AS paid_minor,
           coalesce(o.credited_minor, 0)::bigint AS credited_minor,
           -(v.pending_minor + coalesce(n.pending_minor, 0))::bigint AS pending_minor
      FROM unnest(string_to_array(%(account_ids)s, ' '), %(debt_ids)s::bigint[]) AS g(account_id, debt_id)
      JOIN debt d ON d.account_id = g.account_id AND d.debt_id = g.debt_id
      LEFT JOIN LATERAL (
           SELECT sum(CASE WHEN 'payment' IN (t.kind, u.kind) THEN -t.effect_minor END) AS paid_minor,
                  sum(t.amount_minor) FILTER (WHERE t.kind = 'credit') AS credited_minor,
                  array_agg(t.reason) FILTER (WHERE t.kind = 'credit') AS notes
             FROM debt_operation t
             LEFT JOIN debt_operation u ON u.account_id = t.account_id AND u.debt_id = t.debt_id
                                       AND u.operation_id = t.reverses_id
            WHERE t.account_id = d.account_id AND t.debt_id = d.debt_id) o ON true
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(p.amount_minor), 0) AS pending_minor
             FROM entry e
             JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no
            WHERE e.account_id = d.account_id AND e.kind = 'bill' AND e.reference = d.bill_id
              AND p.ledger = %(ledger)s) v
      LEFT JOIN LATERAL (
           SELECT sum(p.amount_minor) AS pending_minor
             FROM entry e
             JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no
            WHERE o.notes IS NOT NULL AND e.account_id = d.account_id AND e.kind = 'credit-note'
              AND e.reference = ANY(o.notes) AND p.ledger = %(ledger)s) n ON true
"""

DEPOSITS_BY_REFERENCE: Final[LiteralString] = """
    SELECT d.account_id, d.deposit_id, d.amount_minor, d.currency, d.bank_reference
      FROM deposit d
     WHERE d.legal_entity_id = %(legal_entity_id)s AND d.bank_reference = ANY(%(references)s)
       AND d.bank_reference <> ''
     ORDER BY d.deposit_id
"""


@dataclass(frozen=True, slots=True)
class Bundled:
    """A bundle by its reference: whose it is, the credit that goes with it, its debts."""

    account_id: AccountId
    credit_minor: int
    debts: tuple[DebtKey, ...]


@dataclass(frozen=True, slots=True)
class PendingVat:
    """What is needed to tell how much VAT a payment of a debt makes due."""

    amount_minor: int
    paid_minor: int
    credited_minor: int
    pending_minor: int


@dataclass(frozen=True, slots=True)
class Advised:
    """A remittance advice: its name and lines, negative for what is taken off."""

    account_id: AccountId
    name: str
    lines: tuple[tuple[BillId, int], ...]

    @property
    def total_minor(self) -> int:
        """What its transfer is worth."""
        return sum(amount for _, amount in self.lines)


def bill_series(tx: Transaction, legal_entity_id: LegalEntityId) -> list[Series]:
    """Return the series that number what is owed to the legal entity: bills and claims."""
    return [
        Series(**row._asdict() | {"document": DocumentKind(row.document)})
        for row in tx.all(BILL_SERIES, legal_entity_id=legal_entity_id)
    ]


def bills_by_number(
    tx: Transaction, legal_entity_id: LegalEntityId, asked: Sequence[tuple[str, int, int]]
) -> dict[tuple[str, int, int], tuple[AccountId, BillId]]:
    """Return the bill of each (reference code, digits, number) that is one of the legal entity's."""
    rows = _rows(
        tx, BILLS_BY_NUMBER, legal_entity_id=legal_entity_id, codes=[code for code, _, _ in asked],
        digits=[digits for _, digits, _ in asked], numbers=[number for _, _, number in asked],
    )  # fmt: skip
    return {
        (code, digits, number): (account_id, bill_id) for bill_id, account_id, code, number, digits in rows
    }


def bills_by_id(
    tx: Transaction, legal_entity_id: LegalEntityId, bill_ids: Iterable[str]
) -> dict[str, AccountId]:
    """Return whose each of these bills is; what is no bill of the legal entity is left out."""
    return dict(_rows(tx, BILLS_BY_ID, legal_entity_id=legal_entity_id, bill_ids=list(bill_ids)))


def bundles(tx: Transaction, legal_entity_id: LegalEntityId, references: Sequence[str]) -> dict[str, Bundled]:
    """Return the bundle of each reference that is one."""
    heads: dict[str, tuple[AccountId, int]] = {}
    debts: dict[str, list[DebtKey]] = defaultdict(list)
    for reference, account_id, credit, debt_account, debt_id in _rows(
        tx, BUNDLES, legal_entity_id=legal_entity_id, references=list(references)
    ):
        heads[reference] = (account_id, credit)
        debts[reference].append((debt_account, debt_id))
    return {
        ref: Bundled(account_id, credit, tuple(debts[ref])) for ref, (account_id, credit) in heads.items()
    }


def payers_of_ibans(
    tx: Transaction, legal_entity_id: LegalEntityId, ibans: Iterable[str]
) -> dict[str, frozenset[AccountId]]:
    """Return the payers that are known to pay from (or to) each IBAN, and those of their groups."""
    found: dict[str, set[AccountId]] = defaultdict(set)
    for iban, account_id in _rows(tx, PAYERS_OF_IBANS, legal_entity_id=legal_entity_id, ibans=list(ibans)):
        found[iban].add(account_id)
    return {iban: frozenset(accounts) for iban, accounts in found.items()}


def payers_by_name(
    tx: Transaction, legal_entity_id: LegalEntityId, names: Iterable[str]
) -> dict[str, frozenset[AccountId]]:
    """Return the payers whose legal party has this name, in any case of its letters."""
    found: dict[str, set[AccountId]] = defaultdict(set)
    for name, account_id in _rows(
        tx, PAYERS_BY_NAME, legal_entity_id=legal_entity_id, names=[name.lower() for name in names]
    ):
        found[name].add(account_id)
    return {name: frozenset(accounts) for name, accounts in found.items()}


def names(tx: Transaction, account_ids: Iterable[AccountId]) -> dict[AccountId, str]:
    """Return the name of each account's legal party; accounts without one are left out."""
    return dict(_rows(tx, NAMES, account_ids=" ".join(account_ids)))


def lock(
    tx: Transaction, payer_ids: Iterable[AccountId], account_ids: Iterable[AccountId]
) -> frozenset[AccountId]:
    """Hold the payers, then all that they pay for and these accounts; return whom is held."""
    payers = " ".join(payer_ids)
    _rows(tx, LOCK_PAYERS, payer_ids=payers)
    held = _rows(tx, LOCK_PAID_FOR, payer_ids=payers, account_ids=" ".join(account_ids))
    return frozenset(row[0] for row in held)


def payers_of_bills(tx: Transaction, bills: Sequence[tuple[AccountId, BillId]]) -> list[AccountId]:
    """Return who owes these bills."""
    rows = _rows(
        tx, PAYERS_OF_BILLS, account_ids=" ".join([account for account, _ in bills]),
        bill_ids=" ".join([bill for _, bill in bills]),
    )  # fmt: skip
    return [row[0] for row in rows]


def open_of_bills(tx: Transaction, bills: Sequence[tuple[AccountId, BillId]]) -> dict[BillId, OpenDebt]:
    """Return the debt of each bill, with what is open of it, nothing perhaps."""
    rows = _rows(
        tx, OPEN_OF_BILLS, account_ids=" ".join([account for account, _ in bills]),
        bill_ids=" ".join([bill for _, bill in bills]),
    )  # fmt: skip
    return {row[2]: _open(row) for row in rows}


def open_of_debts(tx: Transaction, keys: Sequence[DebtKey]) -> dict[DebtKey, OpenDebt]:
    """Return these debts with what is open of them, nothing perhaps."""
    rows = _rows(
        tx, OPEN_OF_DEBTS, account_ids=[account for account, _ in keys], debt_ids=[debt for _, debt in keys]
    )
    return {(row[0], row[1]): _open(row) for row in rows}


def open_of_payers(tx: Transaction, payer_ids: Iterable[AccountId]) -> dict[AccountId, list[OpenDebt]]:
    """Return what each payer owes, oldest due first, at most DEBTS_OF_PAYER_MAX debts of each."""
    found: dict[AccountId, list[OpenDebt]] = defaultdict(list)
    for row in _rows(tx, OPEN_OF_PAYERS, payer_ids=" ".join(payer_ids), rows_max=DEBTS_OF_PAYER_MAX):
        found[row[3]].append(_open(row))
    return found


def credit(
    tx: Transaction, payer_ids: Iterable[AccountId], on: object
) -> dict[AccountId, dict[Currency, int]]:
    """Return what is left of the payers' credit balances on a day."""
    found: dict[AccountId, dict[Currency, int]] = defaultdict(dict)
    for account_id, currency, left_minor in _rows(tx, CREDIT, payer_ids=" ".join(payer_ids), on=on):
        found[account_id][currency] = left_minor
    return found


def advices(tx: Transaction, payer_ids: Iterable[AccountId], totals: Iterable[int]) -> list[Advised]:
    """Return the remittance advices of these payers over one of these totals."""
    lines: dict[tuple[AccountId, int, str], list[tuple[BillId, int]]] = defaultdict(list)
    for account_id, advice_id, name, bill_id, amount in _rows(
        tx, ADVICES, payer_ids=" ".join(payer_ids), totals=list(totals)
    ):
        lines[account_id, advice_id, name].append((bill_id, amount))
    return [
        Advised(account_id, f"Remittance advice {advice_id} ({name})", tuple(each))
        for (account_id, advice_id, name), each in lines.items()
    ]


def pending_vat(tx: Transaction, keys: Sequence[DebtKey], ledger: str) -> Mapping[DebtKey, PendingVat]:
    """Return, for each debt, what is needed to move its VAT from `ledger` (VAT that waits for payment)."""
    rows = _rows(
        tx, VAT, account_ids=" ".join([account for account, _ in keys]), debt_ids=[debt for _, debt in keys],
        ledger=ledger,
    )  # fmt: skip
    return {(row[0], DebtId(row[1])): PendingVat(*row[2:]) for row in rows}


def deposits_by_reference(
    tx: Transaction, legal_entity_id: LegalEntityId, references: Iterable[str]
) -> list[Any]:
    """Return the deposits that came with one of these references: for what the bank takes back."""
    return tx.all(DEPOSITS_BY_REFERENCE, legal_entity_id=legal_entity_id, references=list(references))


def _open(row: Sequence[Any]) -> OpenDebt:
    return OpenDebt(*row)


def _rows(tx: Transaction, query: LiteralString, **values: object) -> list[tuple[Any, ...]]:
    with tx.connection.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(query, values or None).fetchall()
