"""Self-billing agreements: what was agreed, accepted and revoked, and the supplier's series of numbers."""

from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.self_billing import Agreement, Regime
from acquit.store.transaction import Transaction

_AGREEMENTS: Final[LiteralString] = """
    SELECT g.account_id, g.agreement_no, g.legal_entity_id, coalesce(s.series_id, '') AS series_id, g.subject,
           g.reference, g.regime, g.on_debits, g.contest_days, g.term_days, g.sets_off, g.from_on, g.until_on,
           g.offered_on, g.offered_by, a.happened_on AS accepted_on, coalesce(a.who, '') AS accepted_by,
           r.happened_on AS revoked_on, coalesce(r.who, '') AS revoked_by
      FROM self_billing_agreement g
      LEFT JOIN self_billing_supplier s ON s.account_id = g.account_id
      LEFT JOIN self_billing_act a ON a.account_id = g.account_id AND a.agreement_no = g.agreement_no
                                  AND a.kind = 'accepted'
      LEFT JOIN self_billing_act r ON r.account_id = g.account_id AND r.agreement_no = g.agreement_no
                                  AND r.kind = 'revoked'
"""

OF_ACCOUNT: Final[LiteralString] = (
    _AGREEMENTS + "WHERE g.account_id = %(account_id)s ORDER BY g.agreement_no DESC"
)

OF_ENTITY: Final[LiteralString] = (
    _AGREEMENTS
    + """
     WHERE g.legal_entity_id = %(legal_entity_id)s
       AND (g.account_id, g.agreement_no) > (%(after_account)s, %(after_no)s)
     ORDER BY g.account_id, g.agreement_no
     LIMIT %(rows_max)s
"""
)

ADD: Final[LiteralString] = """
    INSERT INTO self_billing_agreement (account_id, agreement_no, legal_entity_id, subject, reference, regime,
           on_debits, contest_days, term_days, sets_off, from_on, until_on, offered_on, offered_by)
    VALUES (%(account_id)s, %(agreement_no)s, %(legal_entity_id)s, %(subject)s, %(reference)s, %(regime)s,
            %(on_debits)s, %(contest_days)s, %(term_days)s, %(sets_off)s, %(from_on)s, %(until_on)s,
            %(offered_on)s, %(offered_by)s)
"""

ADD_ACT: Final[LiteralString] = """
    INSERT INTO self_billing_act (account_id, agreement_no, kind, happened_on, who, recorded_by)
    VALUES (%(account_id)s, %(agreement_no)s, %(kind)s, %(happened_on)s, %(who)s, %(recorded_by)s)
"""

SERIES_OF: Final[LiteralString] = """
    SELECT series_id FROM self_billing_supplier WHERE account_id = %(account_id)s
"""

NEXT_SUPPLIER: Final[LiteralString] = "SELECT nextval('self_billing_supplier_no')::integer AS supplier_no"

ADD_SUPPLIER: Final[LiteralString] = """
    INSERT INTO self_billing_supplier (account_id, series_id) VALUES (%(account_id)s, %(series_id)s)
"""


def of_account(tx: Transaction, account_id: AccountId) -> list[Agreement]:
    """Return the account's agreements, newest first."""
    return [_agreement(row) for row in tx.all(OF_ACCOUNT, account_id=account_id)]


def of_entity(
    tx: Transaction, legal_entity_id: LegalEntityId, after: tuple[str, int], rows_max: int
) -> list[Agreement]:
    """Return agreements of a legal entity by account and number, those after one."""
    rows = tx.all(
        OF_ENTITY, legal_entity_id=legal_entity_id, after_account=after[0], after_no=after[1],
        rows_max=rows_max,
    )  # fmt: skip
    return [_agreement(row) for row in rows]


def add(tx: Transaction, agreement: Agreement) -> None:
    """Write an agreement that is offered; hold the account before."""
    tx.run(
        ADD, account_id=agreement.account_id, agreement_no=agreement.agreement_no,
        legal_entity_id=agreement.legal_entity_id, subject=agreement.subject, reference=agreement.reference,
        regime=agreement.regime.value, on_debits=agreement.on_debits, contest_days=agreement.contest_days,
        term_days=agreement.term_days, sets_off=agreement.sets_off, from_on=agreement.from_on,
        until_on=agreement.until_on, offered_on=agreement.offered_on, offered_by=agreement.offered_by,
    )  # fmt: skip


def add_act(tx: Transaction, agreement: Agreement, kind: str, on: date, who: str, by: str) -> None:
    """Write that an agreement was accepted or revoked; hold the account before."""
    tx.run(
        ADD_ACT, account_id=agreement.account_id, agreement_no=agreement.agreement_no, kind=kind,
        happened_on=on, who=who, recorded_by=by,
    )  # fmt: skip


def series_of(tx: Transaction, account_id: AccountId) -> str | None:
    """Return the name of the supplier's series, or None before its first agreement is accepted."""
    row = tx.one_or_none(SERIES_OF, account_id=account_id)
    return None if row is None else str(row.series_id)


def next_supplier_no(tx: Transaction) -> int:
    """Return the number of a new supplier's series."""
    return int(tx.one(NEXT_SUPPLIER).supplier_no)


def add_supplier(tx: Transaction, account_id: AccountId, series_id: str) -> None:
    """Write which series counts the bills made in the account's name."""
    tx.run(ADD_SUPPLIER, account_id=account_id, series_id=series_id)


def _agreement(row: Any) -> Agreement:
    return Agreement(**row._asdict() | {"regime": Regime(row.regime)})
