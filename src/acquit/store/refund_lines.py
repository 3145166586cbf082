"""Refunds as lines of files of transfers, and where payers get money back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.money import Currency
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class RefundAccount:
    """Where a payer gets money back: an account in a bank, with its holder."""

    account_id: AccountId
    iban: str
    bic: str
    holder_name: str
    town: str
    country: str


@dataclass(frozen=True, slots=True)
class RefundLine:
    """A refund, or the payment of a reverse bill, as a line of a file; banks call it by `end_to_end`."""

    account_id: AccountId
    refund_id: int
    line_no: int
    end_to_end: str
    iban: str
    bic: str
    holder_name: str
    currency: Currency
    amount_minor: int
    reverse_bill_id: str = ""

    @property
    def text(self) -> str:
        """What the payer reads on its statement: the reverse bill that is paid, or the refund."""
        return self.reverse_bill_id or f"Refund {self.refund_id} {self.account_id}"


TO_PAY: Final[LiteralString] = """
    SELECT r.account_id, r.refund_id, r.currency, r.amount_minor,
           coalesce(r.reverse_bill_id, '') AS reverse_bill_id
      FROM refund_state r
      JOIN account a ON a.account_id = r.account_id
     WHERE a.legal_entity_id = %(legal_entity_id)s AND r.state = 'approved' AND r.cause <> 'charged-back'
       AND NOT EXISTS (SELECT FROM pending_refund p
                        WHERE p.account_id = r.account_id AND p.refund_id = r.refund_id)
     ORDER BY r.account_id, r.refund_id
"""

ACCOUNTS: Final[LiteralString] = """
    SELECT DISTINCT ON (account_id) account_id, iban, bic, holder_name, town, country
      FROM refund_account
     WHERE account_id = ANY(%(payer_ids)s)
     ORDER BY account_id, account_no DESC
"""

PUT_ACCOUNT: Final[LiteralString] = """
    INSERT INTO refund_account (account_id, account_no, iban, bic, holder_name, town, country, recorded_by)
    SELECT %(account_id)s, coalesce(max(account_no), 0) + 1, %(iban)s, %(bic)s, %(holder_name)s, %(town)s,
           %(country)s, %(recorded_by)s
      FROM refund_account
     WHERE account_id = %(account_id)s
"""

ADD: Final[LiteralString] = """
    INSERT INTO remittance_refund (account_id, refund_id, legal_entity_id, remittance_id, line_no, end_to_end,
           iban, bic, holder_name, currency, amount_minor)
    VALUES (%(account_id)s, %(refund_id)s, %(legal_entity_id)s, %(remittance_id)s, %(line_no)s,
           %(end_to_end)s, %(iban)s, %(bic)s, %(holder_name)s, %(currency)s, %(amount_minor)s)
"""

TAKE_UP: Final[LiteralString] = """
    INSERT INTO pending_refund (account_id, refund_id, legal_entity_id, remittance_id)
    VALUES (%(account_id)s, %(refund_id)s, %(legal_entity_id)s, %(remittance_id)s)
"""

LINES: Final[LiteralString] = """
    SELECT l.account_id, l.refund_id, l.line_no, l.end_to_end, l.iban, l.bic, l.holder_name, l.currency,
           l.amount_minor, coalesce(r.reverse_bill_id, '') AS reverse_bill_id
      FROM remittance_refund l
      JOIN refund r ON r.account_id = l.account_id AND r.refund_id = l.refund_id
     WHERE l.legal_entity_id = %(legal_entity_id)s AND l.remittance_id = %(remittance_id)s
       AND l.line_no > %(after_no)s
     ORDER BY l.line_no
     LIMIT %(rows_max)s
"""

PENDING: Final[LiteralString] = """
    SELECT account_id, refund_id
      FROM pending_refund
     WHERE legal_entity_id = %(legal_entity_id)s AND remittance_id = %(remittance_id)s
"""

RELEASE: Final[LiteralString] = """
    DELETE FROM pending_refund WHERE account_id = %(account_id)s AND refund_id = %(refund_id)s
"""

PENDING_IN: Final[LiteralString] = """
    SELECT r.message_id
      FROM pending_refund p
      JOIN remittance r ON r.legal_entity_id = p.legal_entity_id AND r.remittance_id = p.remittance_id
     WHERE p.account_id = %(account_id)s AND p.refund_id = %(refund_id)s
"""

FILE_OF: Final[LiteralString] = """
    SELECT r.message_id
      FROM remittance_refund l
      JOIN remittance r ON r.legal_entity_id = l.legal_entity_id AND r.remittance_id = l.remittance_id
     WHERE l.end_to_end = %(end_to_end)s
"""


def to_pay(tx: Transaction, legal_entity_id: LegalEntityId) -> list[Any]:
    """Return the approved refunds in no file: account, id, currency, amount, and the reverse bill paid."""
    return tx.all(TO_PAY, legal_entity_id=legal_entity_id)


def accounts_of(tx: Transaction, payer_ids: Sequence[AccountId]) -> dict[AccountId, RefundAccount]:
    """Return where the payers get money back, for those of whom it is known."""
    rows = tx.all(ACCOUNTS, payer_ids=list(payer_ids))
    return {AccountId(row.account_id): RefundAccount(**row._asdict()) for row in rows}


def put_account(tx: Transaction, account: RefundAccount, by: str) -> None:
    """Write where a payer gets money back from now on; hold the payer before."""
    tx.run(
        PUT_ACCOUNT,
        account_id=account.account_id,
        iban=account.iban,
        bic=account.bic,
        holder_name=account.holder_name,
        town=account.town,
        country=account.country,
        recorded_by=by,
    )


def add(tx: Transaction, legal_entity_id: LegalEntityId, remittance_id: int, line: RefundLine) -> None:
    """Write a line of a file; a refund that another file has taken up breaks a unique key."""
    whose = {
        "account_id": line.account_id, "refund_id": line.refund_id, "legal_entity_id": legal_entity_id,
        "remittance_id": remittance_id,
    }  # fmt: skip
    tx.run(
        ADD,
        **whose,
        line_no=line.line_no,
        end_to_end=line.end_to_end,
        iban=line.iban,
        bic=line.bic,
        holder_name=line.holder_name,
        currency=line.currency,
        amount_minor=line.amount_minor,
    )
    tx.run(TAKE_UP, **whose)


def lines(
    tx: Transaction,
    legal_entity_id: LegalEntityId,
    remittance_id: int,
    after_no: int = 0,
    rows_max: int | None = None,
) -> list[RefundLine]:
    """Return the lines of a file, in its order, those after one."""
    rows = tx.all(
        LINES, legal_entity_id=legal_entity_id, remittance_id=remittance_id, after_no=after_no,
        rows_max=rows_max,
    )  # fmt: skip
    return [RefundLine(**row._asdict()) for row in rows]


def pending(
    tx: Transaction, legal_entity_id: LegalEntityId, remittance_id: int
) -> set[tuple[AccountId, int]]:
    """Return the refunds of a file of which the bank has told nothing final."""
    rows = tx.all(PENDING, legal_entity_id=legal_entity_id, remittance_id=remittance_id)
    return {(AccountId(row.account_id), row.refund_id) for row in rows}


def release(tx: Transaction, payer_id: AccountId, refund_id: int) -> None:
    """Let a refund go: it was paid or rejected, or its file was cancelled."""
    tx.run(RELEASE, account_id=payer_id, refund_id=refund_id)


def file_of(tx: Transaction, end_to_end: str) -> str | None:
    """Return the number of the file whose line banks call so, or None."""
    row = tx.one_or_none(FILE_OF, end_to_end=end_to_end)
    return None if row is None else str(row.message_id)


def pending_in(tx: Transaction, payer_id: AccountId, refund_id: int) -> str | None:
    """Return the number of the file under way that pays the refund, or None."""
    row = tx.one_or_none(PENDING_IN, account_id=payer_id, refund_id=refund_id)
    return None if row is None else str(row.message_id)
