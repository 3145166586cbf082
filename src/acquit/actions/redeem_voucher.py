"""Make vouchers, check a code, and make credit of one: once per payer, never past its end."""

import secrets
from dataclasses import dataclass, replace

from acquit.actions.add_credit import Credit, add_lot_in
from acquit.actions.context import Context
from acquit.actions.loading import account_in, date_of, entity_in, require_if_staff, require_staff
from acquit.actions.settling import books_in, hold_in
from acquit.core.account import Account
from acquit.core.credit_balance import CreditLot, CreditType
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.operator import Right
from acquit.core.voucher import (
    CODE_LENGTH,
    SIGNS,
    NoSuchVoucher,
    Voucher,
    VoucherTaken,
    code_hash,
    is_usable,
    normalised,
    refuse_voucher,
)
from acquit.store import acts, vouchers
from acquit.store.transaction import Transaction

HINT_SIGNS = 4


@dataclass(frozen=True, slots=True)
class Made:
    """A voucher and its code, which is told once and kept nowhere."""

    voucher: Voucher
    code: str


def make_voucher(context: Context, voucher: Voucher, code: str | None = None, *, by: str) -> Made:
    """Whoever knows the code (made up here when none is given) can make credit of the voucher.

    Raises NoSuchLegalEntity, BadVoucher, VoucherTaken, StaffOnly, RoleForbids.
    """
    told = (
        normalised(code) if code is not None else "".join(secrets.choice(SIGNS) for _ in range(CODE_LENGTH))
    )
    named = replace(voucher, hint=told[-HINT_SIGNS:])
    with context.database.write() as tx:
        require_staff(tx, by, Right.MAKE_VOUCHERS)
        entity = entity_in(tx, voucher.legal_entity_id)
        refuse_voucher(named, told, date_of(context, entity))
        voucher_id = vouchers.add(tx, named, code_hash(entity.legal_entity_id, told), by)
        if voucher_id is None:
            raise VoucherTaken("There is a voucher of this code already: choose another.")
        acts.record(
            tx, by, "make_voucher", None, f"voucher:{entity.legal_entity_id}/{voucher_id}",
            amount_minor=voucher.amount_minor, currency=voucher.currency, until=str(voucher.until_on),
        )  # fmt: skip
    return Made(replace(named, voucher_id=voucher_id), told)


def list_vouchers(context: Context, legal_entity_id: LegalEntityId) -> list[Voucher]:
    """Return the seller's vouchers, newest first. Raises NoSuchLegalEntity."""
    with context.database.read() as tx:
        entity_in(tx, legal_entity_id)
        return vouchers.every(tx, legal_entity_id)


def is_voucher_usable(context: Context, account_id: AccountId, code: str) -> bool:
    """Whether the account's payer could make credit of the code now. Raises NoSuchAccount."""
    with context.database.read() as tx:
        account = account_in(tx, account_id)
        return _usable(context, tx, account, code) is not None


def redeem_voucher(context: Context, account_id: AccountId, code: str, *, by: str) -> CreditLot:
    """The account's payer has the voucher's credit, once. Raises NoSuchAccount, NoSuchVoucher."""
    with context.database.write() as tx:
        require_if_staff(tx, by, Right.ADD_CREDIT)
        account = account_in(tx, account_id)
        hold_in(tx, account.payer_id, [])
        vouchers.hold(tx, account.legal_entity_id, code_hash(account.legal_entity_id, code))
        voucher = _usable(context, tx, account, code)
        if voucher is None:
            raise NoSuchVoucher
        books = books_in(context, tx, account.legal_entity_id)
        credit = Credit(
            voucher.amount_minor, voucher.currency, CreditType.VOUCHER, voucher.words,
            expires_on=voucher.credit_ends_on(books.today),
        )  # fmt: skip
        lot = add_lot_in(tx, books, account.payer_id, credit, by)
        vouchers.use(tx, account.payer_id, voucher, lot.movement_id, books.today, by)
        acts.record(
            tx, by, "redeem_voucher", account_id, f"voucher:{voucher.legal_entity_id}/{voucher.voucher_id}",
            amount_minor=voucher.amount_minor,
        )  # fmt: skip
    return lot


def _usable(context: Context, tx: Transaction, account: Account, code: str) -> Voucher | None:
    entity = entity_in(tx, account.legal_entity_id)
    found = vouchers.of_code(tx, entity.legal_entity_id, code_hash(entity.legal_entity_id, code))
    used = found is not None and vouchers.is_used(tx, account.payer_id, found)
    return found if is_usable(found, account.currency, date_of(context, entity), used) else None
