"""Give up what of a debt will not be paid; above an amount a second person agrees first."""

from acquit.actions.context import Context
from acquit.actions.loading import account_in, require_staff
from acquit.actions.settling import books_in, hold_in, owed_in, write_off_in
from acquit.core.approval import needs_second, refuse_second
from acquit.core.debt import open_minor, refuse_over_open
from acquit.core.identifiers import AccountId, DebtId
from acquit.core.operator import Right
from acquit.core.write_off import Decision, NoSuchWriteOff, WriteOff, refuse_decided, refuse_without_reason
from acquit.store import acts, write_offs
from acquit.store.transaction import Transaction


def write_off_debt(
    context: Context,
    account_id: AccountId,
    debt_id: DebtId,
    reason: str,
    amount_minor: int | None = None,
    *,
    by: str,
) -> WriteOff:
    """So much of the debt (all that is open) is given up, or waits for a second person to agree.

    Raises NoSuchAccount, NoSuchDebt, BadAmount, NotOwed, ReasonMissing, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.GIVE_UP_MONEY)
        refuse_without_reason(reason)
        account = account_in(tx, account_id)
        hold_in(tx, account.payer_id, [account_id])
        owed = owed_in(tx, account_id, debt_id)
        asked = open_minor(owed.debt, owed.operations) if amount_minor is None else amount_minor
        refuse_over_open(owed.debt, owed.operations, asked)
        books = books_in(context, tx, account.legal_entity_id)
        write_off_id = write_offs.ask(tx, account_id, debt_id, asked, reason.strip(), books.today, by)
        acts.record(
            tx, by, "ask_write_off", account_id, owed.debt.bill_id, amount_minor=asked,
            currency=owed.debt.currency, reason=reason,
        )  # fmt: skip
        if not needs_second(asked, books.entity):
            operation_id = write_off_in(tx, books, owed, asked, books.today, reason.strip())
            _decide(tx, account_id, write_off_id, Decision.APPROVED, operation_id, "", by)
        return _found(tx, account_id, write_off_id)


def approve_write_off(context: Context, account_id: AccountId, write_off_id: int, *, by: str) -> WriteOff:
    """A second person agrees: so much of the debt is given up.

    Raises NoSuchWriteOff, WriteOffDecided, NobodyNamed, SamePersonApproves, NotOwed.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.GIVE_UP_MONEY)
        account = account_in(tx, account_id)
        hold_in(tx, account.payer_id, [account_id])
        found = _waiting(tx, account_id, write_off_id)
        refuse_second(f"Write-off {write_off_id}", found.asked_by, by)
        owed = owed_in(tx, account_id, found.debt_id)
        books = books_in(context, tx, account.legal_entity_id)
        operation_id = write_off_in(tx, books, owed, found.amount_minor, books.today, found.reason)
        _decide(tx, account_id, write_off_id, Decision.APPROVED, operation_id, "", by)
        return _found(tx, account_id, write_off_id)


def refuse_write_off(
    context: Context, account_id: AccountId, write_off_id: int, reason: str, *, by: str
) -> WriteOff:
    """The debt stays owed. Raises NoSuchWriteOff, WriteOffDecided, ReasonMissing."""
    with context.database.write() as tx:
        require_staff(tx, by, Right.GIVE_UP_MONEY)
        refuse_without_reason(reason)
        hold_in(tx, account_in(tx, account_id).payer_id, [account_id])
        _waiting(tx, account_id, write_off_id)
        _decide(tx, account_id, write_off_id, Decision.REFUSED, None, reason.strip(), by)
        return _found(tx, account_id, write_off_id)


def list_write_offs(
    context: Context, account_id: AccountId | None = None, after_id: int = 0, rows_max: int | None = None
) -> list[WriteOff]:
    """Return the account's write-offs, newest first.

    Without an account those that wait, oldest first, at most so many after one.
    """
    with context.database.read() as tx:
        if account_id is None:
            return write_offs.waiting(tx, after_id, rows_max)
        account_in(tx, account_id)
        return write_offs.of_account(tx, account_id)


def _waiting(tx: Transaction, account_id: AccountId, write_off_id: int) -> WriteOff:
    found = _found(tx, account_id, write_off_id)
    refuse_decided(found)
    return found


def _found(tx: Transaction, account_id: AccountId, write_off_id: int) -> WriteOff:
    found = write_offs.find(tx, account_id, write_off_id)
    if found is None:
        raise NoSuchWriteOff(f"Account {account_id} has no write-off {write_off_id}.")
    return found


def _decide(
    tx: Transaction,
    account_id: AccountId,
    write_off_id: int,
    decision: Decision,
    operation_id: int | None,
    reason: str,
    by: str,
) -> None:
    write_offs.decide(tx, account_id, write_off_id, decision, operation_id, reason, by)
    acts.record(
        tx, by, f"write_off_{decision.value}", account_id, f"write_off:{write_off_id}",
        operation_id=operation_id, reason=reason,
    )  # fmt: skip
