"""Collections: debits in files, the debts that they take up, what the bank told of each."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.collection import (
    Collection,
    CollectionState,
    OpenDebt,
    Part,
    SequenceType,
)
from acquit.core.identifiers import AccountId, BillId, DebtId, LegalEntityId, PaymentMethodId
from acquit.core.money import Currency
from acquit.core.remittance import Remittance
from acquit.store.transaction import Transaction

OPEN_DEBTS: Final[LiteralString] = """
    SELECT d.account_id, d.debt_id, d.bill_id, d.payer_id, d.currency, d.due_on, b.payment_reference,
           m.payment_method_id,
           (d.amount_minor + coalesce(o.effect_minor, 0) - coalesce(s.disputed_minor, 0))::bigint
             AS open_minor,
           coalesce(nullif(p.email, ''), nullif(parent.email, ''), '') <> '' AS has_address,
           coalesce(f.failures, '{}') AS failures, coalesce(f.mandates, '{}') AS mandates
      FROM debt d
      JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
      JOIN account p ON p.account_id = d.payer_id
      LEFT JOIN account parent ON parent.account_id = p.parent_id
      JOIN payment_method m ON m.account_id = d.payer_id AND m.is_default
       AND m.payment_type = 'SEPA_DIRECT_DEBIT'
      LEFT JOIN LATERAL (
           SELECT sum(effect_minor) AS effect_minor
             FROM debt_operation
            WHERE account_id = d.account_id AND debt_id = d.debt_id) o ON true
      LEFT JOIN LATERAL (
           SELECT sum(amount_minor) AS disputed_minor
             FROM dispute
            WHERE account_id = d.account_id AND bill_id = d.bill_id AND state = 'open') s ON true
      LEFT JOIN LATERAL (
           SELECT array_agg(e.reason_code ORDER BY e.recorded_at) AS failures,
                  array_agg(c.mandate_id ORDER BY e.recorded_at) AS mandates
             FROM collection_debt t
             JOIN collection c ON c.account_id = t.payer_id AND c.collection_id = t.collection_id
             JOIN collection_event e ON e.account_id = c.account_id AND e.collection_id = c.collection_id
              AND e.state IN ('rejected', 'returned')
            WHERE t.account_id = d.account_id AND t.debt_id = d.debt_id
              AND NOT EXISTS (
                  SELECT FROM mandate_amendment n
                   WHERE n.account_id = c.account_id AND n.mandate_id = c.mandate_id AND n.iban <> ''
                     AND n.amendment_no > c.amendment_no)) f ON true
     WHERE d.payer_id = ANY(%(payer_ids)s) AND d.due_on <= %(until)s
       AND d.amount_minor + coalesce(o.effect_minor, 0) - coalesce(s.disputed_minor, 0) > 0
       AND NOT EXISTS (SELECT FROM pending_debt n WHERE n.account_id = d.account_id AND n.debt_id = d.debt_id)
     ORDER BY d.payer_id, d.due_on, d.debt_id
"""

NEXT_IDS: Final[LiteralString] = """
    SELECT nextval('collection_id') AS collection_id FROM generate_series(1, %(count)s)
"""

_COLLECTIONS: Final[LiteralString] = """
    SELECT c.account_id, c.collection_id, c.legal_entity_id, c.remittance_id, c.batch_id, c.end_to_end,
           c.mandate_id, c.sequence, c.requested_on, c.currency, c.amount_minor, c.amendment_no,
           coalesce(e.state, 'open') AS state, e.happened_on AS state_on,
           coalesce(e.reason_code, '') AS reason_code, p.deposit_id, p.happened_on AS collected_on
      FROM collection c
      LEFT JOIN LATERAL (
           SELECT state, happened_on, reason_code
             FROM collection_event
            WHERE account_id = c.account_id AND collection_id = c.collection_id
            ORDER BY event_no DESC
            LIMIT 1) e ON true
      LEFT JOIN collection_event p
        ON p.account_id = c.account_id AND p.collection_id = c.collection_id AND p.state = 'collected'
"""

OF_REMITTANCE: Final[LiteralString] = (
    _COLLECTIONS
    + "WHERE c.legal_entity_id = %(legal_entity_id)s AND c.remittance_id = %(remittance_id)s "
    + "AND c.line_no > %(after_no)s ORDER BY c.line_no LIMIT %(rows_max)s"
)

OF_END_TO_END: Final[LiteralString] = _COLLECTIONS + "WHERE c.end_to_end = %(end_to_end)s"

OF_BATCH: Final[LiteralString] = _COLLECTIONS + "WHERE c.batch_id = %(batch_id)s ORDER BY c.line_no"

OF_IDS: Final[LiteralString] = (
    _COLLECTIONS
    + "WHERE c.account_id = ANY(%(payer_ids)s) AND c.collection_id = ANY(%(collection_ids)s) "
    + "ORDER BY c.collection_id"
)

ANY_OPEN: Final[LiteralString] = """
    SELECT EXISTS (
           SELECT FROM pending_debt p
            WHERE p.collection_id BETWEEN
                  (SELECT collection_id
                     FROM collection
                    WHERE legal_entity_id = %(legal_entity_id)s AND remittance_id = %(remittance_id)s
                      AND line_no = 1)
              AND (SELECT collection_id
                     FROM collection
                    WHERE legal_entity_id = %(legal_entity_id)s AND remittance_id = %(remittance_id)s
                    ORDER BY line_no DESC
                    LIMIT 1)
              AND (SELECT remittance_id
                     FROM collection
                    WHERE collection_id = p.collection_id AND legal_entity_id = %(legal_entity_id)s
                  ) = %(remittance_id)s
           ) AS any_open
"""
"""An open line has its debts pending, lines are numbered in the order of their ids: one look finds one."""

OF_PAYER: Final[LiteralString] = (
    _COLLECTIONS + "WHERE c.account_id = %(account_id)s ORDER BY c.collection_id DESC"
)

PARTS: Final[LiteralString] = """
    SELECT payer_id, collection_id, account_id, debt_id, bill_id, amount_minor
      FROM collection_debt
     WHERE payer_id = ANY(%(payer_ids)s) AND collection_id = ANY(%(collection_ids)s)
     ORDER BY payer_id, collection_id, account_id, debt_id
"""

RELEASE: Final[LiteralString] = "DELETE FROM pending_debt WHERE collection_id = ANY(%(collection_ids)s)"

TELL: Final[LiteralString] = """
    INSERT INTO collection_event (account_id, collection_id, event_no, state, happened_on, reason_code, told,
           deposit_id, recorded_by)
    SELECT %(account_id)s, %(collection_id)s, coalesce(max(event_no), 0) + 1, %(state)s, %(happened_on)s,
           %(reason_code)s, %(told)s, %(deposit_id)s, %(recorded_by)s
      FROM collection_event
     WHERE account_id = %(account_id)s AND collection_id = %(collection_id)s
"""

STALE: Final[LiteralString] = """
    SELECT t.bill_id
      FROM collection_debt t
      JOIN collection c ON c.account_id = t.payer_id AND c.collection_id = t.collection_id
      JOIN debt d ON d.account_id = t.account_id AND d.debt_id = t.debt_id
      LEFT JOIN LATERAL (
           SELECT sum(effect_minor) AS effect_minor
             FROM debt_operation
            WHERE account_id = d.account_id AND debt_id = d.debt_id) o ON true
     WHERE c.legal_entity_id = %(legal_entity_id)s AND c.remittance_id = %(remittance_id)s
       AND d.amount_minor + coalesce(o.effect_minor, 0) < t.amount_minor
     ORDER BY t.bill_id
"""

UNNOTICED: Final[LiteralString] = (
    _COLLECTIONS  # noqa: S608 - constants alone
    + """
     WHERE EXISTS (SELECT FROM remittance_event a
                    WHERE a.legal_entity_id = c.legal_entity_id AND a.remittance_id = c.remittance_id
                      AND a.state = 'approved')
       AND NOT EXISTS (SELECT FROM collection_notice n
                        WHERE n.account_id = c.account_id AND n.collection_id = c.collection_id)
       AND e.state IS NULL
     ORDER BY c.collection_id
"""
)

FILE_OF: Final[LiteralString] = """
    SELECT message_id
      FROM remittance
     WHERE legal_entity_id = %(legal_entity_id)s AND remittance_id = %(remittance_id)s
"""

FAILURES: Final[LiteralString] = """
    SELECT coalesce(max(failures), 0) AS failures
      FROM (SELECT count(*) AS failures
              FROM collection_debt t
              JOIN collection_debt o ON o.account_id = t.account_id AND o.debt_id = t.debt_id
              JOIN collection c ON c.account_id = o.payer_id AND c.collection_id = o.collection_id
               AND c.mandate_id = %(mandate_id)s
              JOIN collection_event e ON e.account_id = c.account_id AND e.collection_id = c.collection_id
               AND e.state IN ('rejected', 'returned')
             WHERE t.payer_id = %(account_id)s AND t.collection_id = %(collection_id)s
               AND NOT EXISTS (
                  SELECT FROM mandate_amendment n
                   WHERE n.account_id = c.account_id AND n.mandate_id = c.mandate_id AND n.iban <> ''
                     AND n.amendment_no > c.amendment_no)
             GROUP BY t.account_id, t.debt_id) counted
"""

NOTICED: Final[LiteralString] = """
    INSERT INTO collection_notice (account_id, collection_id, sent_to, sent_on)
    VALUES (%(account_id)s, %(collection_id)s, %(sent_to)s, %(sent_on)s)
    ON CONFLICT DO NOTHING
"""

UNTOLD: Final[LiteralString] = (
    _COLLECTIONS
    + """
     WHERE e.state IN ('rejected', 'returned')
       AND NOT EXISTS (SELECT FROM collection_failure_notice n
                        WHERE n.account_id = c.account_id AND n.collection_id = c.collection_id)
     ORDER BY c.collection_id
"""
)

TOLD: Final[LiteralString] = """
    INSERT INTO collection_failure_notice (account_id, collection_id, sent_to, sent_on)
    VALUES (%(account_id)s, %(collection_id)s, %(sent_to)s, %(sent_on)s)
    ON CONFLICT DO NOTHING
"""

COLLECTION: Final = (
    "account_id", "collection_id", "legal_entity_id", "remittance_id", "line_no", "batch_id", "end_to_end",
    "mandate_id", "sequence", "requested_on", "currency", "amount_minor", "amendment_no",
)  # fmt: skip

COLLECTION_DEBT: Final = ("account_id", "debt_id", "collection_id", "payer_id", "bill_id", "amount_minor")


def open_debts(tx: Transaction, payer_ids: Sequence[AccountId], until: date) -> list[OpenDebt]:
    """Return what of the payers' debts, due by that day, is open, undisputed and in no collection.

    Only of payers whose default method is a direct debit. What failed on another bank account than the
    mandate has now is no failure.
    """
    return [_open_debt(row) for row in tx.all(OPEN_DEBTS, payer_ids=list(payer_ids), until=until)]


def next_ids(tx: Transaction, count: int) -> list[int]:
    """Return so many new collection ids."""
    return [int(row.collection_id) for row in tx.all(NEXT_IDS, count=count)]


def write(
    tx: Transaction, collections: Sequence[tuple[int, Collection]], parts: Sequence[tuple[Collection, Part]]
) -> None:
    """Write the lines of a file, with their place, and let them take up their debts.

    A debt that another collection has taken up breaks a unique key: nothing is written.
    """
    tx.copy(
        "collection",
        COLLECTION,
        (
            (
                each.account_id, each.collection_id, each.legal_entity_id, each.remittance_id, line_no,
                each.batch_id, each.end_to_end, each.mandate_id, each.sequence.value, each.requested_on,
                each.currency, each.amount_minor, each.amendment_no,
            )
            for line_no, each in collections
        ),
    )  # fmt: skip
    tx.copy(
        "collection_debt",
        COLLECTION_DEBT,
        (
            (part.account_id, part.debt_id, of.collection_id, of.account_id, part.bill_id, part.amount_minor)
            for of, part in parts
        ),
    )
    tx.copy(
        "pending_debt",
        ("account_id", "debt_id", "collection_id", "amount_minor"),
        ((part.account_id, part.debt_id, of.collection_id, part.amount_minor) for of, part in parts),
    )


def of_remittance(
    tx: Transaction,
    legal_entity_id: LegalEntityId,
    remittance_id: int,
    after_no: int = 0,
    rows_max: int | None = None,
) -> list[Collection]:
    """Return the collections of a file, in its order, those after a line."""
    rows = tx.all(
        OF_REMITTANCE, legal_entity_id=legal_entity_id, remittance_id=remittance_id, after_no=after_no,
        rows_max=rows_max,
    )  # fmt: skip
    return [_collection(row) for row in rows]


def of_end_to_end(tx: Transaction, end_to_end: str) -> Collection | None:
    """Return the collection that banks call so, or None."""
    row = tx.one_or_none(OF_END_TO_END, end_to_end=end_to_end)
    return None if row is None else _collection(row)


def of_batch(tx: Transaction, batch_id: str) -> list[Collection]:
    """Return the collections of a block of a file."""
    return [_collection(row) for row in tx.all(OF_BATCH, batch_id=batch_id)]


def of_ids(tx: Transaction, collections: Sequence[Collection]) -> list[Collection]:
    """Return these collections as they stand now."""
    rows = tx.all(
        OF_IDS,
        payer_ids=sorted({each.account_id for each in collections}),
        collection_ids=[each.collection_id for each in collections],
    )
    return [_collection(row) for row in rows]


def any_open(tx: Transaction, remittance: Remittance) -> bool:
    """Whether the bank has told nothing of a line of the file."""
    return bool(
        tx.one(
            ANY_OPEN, legal_entity_id=remittance.legal_entity_id, remittance_id=remittance.remittance_id
        ).any_open
    )


def of_payer(tx: Transaction, payer_id: AccountId) -> list[Collection]:
    """Return the payer's collections, newest first."""
    return [_collection(row) for row in tx.all(OF_PAYER, account_id=payer_id)]


def parts(tx: Transaction, collections: Sequence[Collection]) -> dict[int, list[Part]]:
    """Return by collection the debts that it takes up."""
    rows = tx.all(
        PARTS,
        payer_ids=sorted({each.account_id for each in collections}),
        collection_ids=[each.collection_id for each in collections],
    )
    found: dict[int, list[Part]] = defaultdict(list)
    for row in rows:
        part = Part(AccountId(row.account_id), DebtId(row.debt_id), BillId(row.bill_id), row.amount_minor)
        found[row.collection_id].append(part)
    return dict(found)


def end(
    tx: Transaction,
    collection: Collection,
    state: CollectionState,
    on: date,
    by: str,
    *,
    reason_code: str = "",
    told: str = "",
    deposit_id: str | None = None,
) -> None:
    """Write what became of a collection and let its debts go; hold its payer before."""
    tx.run(RELEASE, collection_ids=[collection.collection_id])
    tx.run(
        TELL,
        account_id=collection.account_id,
        collection_id=collection.collection_id,
        state=state.value,
        happened_on=on,
        reason_code=reason_code,
        told=told[:500],
        deposit_id=deposit_id,
        recorded_by=by,
    )


def stale_bills(tx: Transaction, legal_entity_id: LegalEntityId, remittance_id: int) -> list[str]:
    """Return the bills on which less is open than a file asks for."""
    rows = tx.all(STALE, legal_entity_id=legal_entity_id, remittance_id=remittance_id)
    return [row.bill_id for row in rows]


def unnoticed(tx: Transaction) -> list[Collection]:
    """Return the open collections of approved files whose payers have had no notice."""
    return [_collection(row) for row in tx.all(UNNOTICED)]


def file_of(tx: Transaction, collection: Collection) -> str:
    """Return the number of the file that the collection is a line of."""
    row = tx.one(FILE_OF, legal_entity_id=collection.legal_entity_id, remittance_id=collection.remittance_id)
    return str(row.message_id)


def failures_of(tx: Transaction, collection: Collection) -> int:
    """Return how often a debt of the collection has failed under its mandate, at most."""
    row = tx.one(
        FAILURES,
        mandate_id=collection.mandate_id,
        account_id=collection.account_id,
        collection_id=collection.collection_id,
    )
    return int(row.failures)


def noticed(tx: Transaction, collection: Collection, sent_to: str, sent_on: date) -> bool:
    """Write that the payer was told of a debit to come; return whether it had not been."""
    return _is_news(tx, NOTICED, collection, sent_to, sent_on)


def untold(tx: Transaction) -> list[Collection]:
    """Return the collections that failed and whose payers were not told so."""
    return [_collection(row) for row in tx.all(UNTOLD)]


def told(tx: Transaction, collection: Collection, sent_to: str, sent_on: date) -> bool:
    """Write that the payer was told of a debit that failed; return whether it had not been."""
    return _is_news(tx, TOLD, collection, sent_to, sent_on)


def _is_news(
    tx: Transaction, query: LiteralString, collection: Collection, sent_to: str, sent_on: date
) -> bool:
    return bool(
        tx.run(
            query, account_id=collection.account_id, collection_id=collection.collection_id,
            sent_to=sent_to, sent_on=sent_on,
        )
    )  # fmt: skip


def _open_debt(row: Any) -> OpenDebt:
    return OpenDebt(
        account_id=AccountId(row.account_id),
        debt_id=DebtId(row.debt_id),
        bill_id=BillId(row.bill_id),
        payer_id=AccountId(row.payer_id),
        currency=Currency(row.currency),
        open_minor=row.open_minor,
        due_on=row.due_on,
        reference=row.payment_reference,
        payment_method_id=PaymentMethodId(row.payment_method_id),
        has_address=row.has_address,
        failures=tuple(zip(row.failures, row.mandates, strict=True)),
    )


def _collection(row: Any) -> Collection:
    return Collection(
        account_id=AccountId(row.account_id),
        collection_id=row.collection_id,
        legal_entity_id=LegalEntityId(row.legal_entity_id),
        remittance_id=row.remittance_id,
        batch_id=row.batch_id,
        end_to_end=row.end_to_end,
        mandate_id=row.mandate_id,
        sequence=SequenceType(row.sequence),
        requested_on=row.requested_on,
        currency=Currency(row.currency),
        amount_minor=row.amount_minor,
        state=CollectionState(row.state),
        state_on=row.state_on,
        reason_code=row.reason_code,
        deposit_id=row.deposit_id,
        collected_on=row.collected_on,
        amendment_no=row.amendment_no,
    )
