"""Make a file of transfers that pays approved refunds back; tell what the bank did with each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from acquit.actions.bank_days import is_bank_day
from acquit.actions.context import Context
from acquit.actions.create_remittance import seller_party
from acquit.actions.end_collections import accept_in
from acquit.actions.loading import account_in, date_of, entity_in, locked_account_in, require_staff
from acquit.actions.refund_money import fail_refund_in, pay_refund_in
from acquit.actions.register_mandate import checked_bic, checked_iban
from acquit.actions.settling import Books, books_in
from acquit.core.account import LegalEntity
from acquit.core.collection import EURO, LEAD_BANK_DAYS, AmountDiffers, NoCreditor, bank_days_later
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.mandate import SEPA_COUNTRIES, Mandate, MandateState, masked_iban
from acquit.core.money import Currency, plain
from acquit.core.operator import Right
from acquit.core.remittance import (
    NoSuchRemittance,
    NothingToSend,
    Remittance,
    RemittanceKind,
    RemittanceNotThere,
    RemittanceState,
    message_id,
)
from acquit.documents.pain001 import TRANSFERS_MAX, Transfer, TransferFile, render
from acquit.documents.sepa_xml import Address, BankParty
from acquit.store import accounts, acts, mandates, refund_lines, refunds, remittances, retrievals
from acquit.store.refund_lines import RefundAccount, RefundLine
from acquit.store.transaction import Transaction


class BadRefundAccount(Invalid):
    """Money cannot be sent to the account."""

    code = "bad-refund-account"


@dataclass(frozen=True, slots=True)
class NotPaid:
    """A refund that is in no file, and why."""

    account_id: AccountId
    refund_id: int
    amount_minor: int
    currency: Currency
    reason: str


@dataclass(frozen=True, slots=True)
class RefundsMade:
    """What a file pays, what it leaves out, and the file; none when it was a rehearsal."""

    lines: tuple[RefundLine, ...]
    left_out: tuple[NotPaid, ...]
    remittance: Remittance | None = None


def set_refund_account(context: Context, account: RefundAccount, *, by: str) -> RefundAccount:
    """The payer gets money back on this account from now on.

    Without one it is the account of its active mandate. Raises NoSuchAccount, BadMandate for a wrong IBAN or
    BIC, BadRefundAccount outside the SEPA area or without holder, town and country.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.GIVE_UP_MONEY)
        locked_account_in(tx, account.account_id)
        checked = RefundAccount(
            account.account_id, checked_iban(account.iban), checked_bic(account.bic),
            account.holder_name.strip(), account.town.strip(), account.country,
        )  # fmt: skip
        if checked.iban[:2] not in SEPA_COUNTRIES:
            raise BadRefundAccount(
                f"{checked.iban[:2]} is outside the SEPA area: no file of transfers reaches it. Send it at "
                f"your bank, then `acquit refund paid --account {account.account_id}` records it, or "
                "`acquit bank match ENTRY --refund ACCOUNT/NUMBER` when the statement tells it."
            )
        if not (checked.holder_name and checked.town and re.fullmatch("[A-Z]{2}", checked.country)):
            raise BadRefundAccount("The holder's name, town and country (two letters) are needed.")
        refund_lines.put_account(tx, checked, by)
        acts.record(
            tx, by, "set_refund_account", account.account_id, masked_iban(checked.iban),
            holder=checked.holder_name,
        )  # fmt: skip
    return checked


def rehearse_refunds(context: Context, legal_entity_id: LegalEntityId) -> RefundsMade:
    """Return what a file made now would pay back; nothing is written."""
    with context.database.snapshot() as tx:
        return _gathered(tx, entity_in(tx, legal_entity_id), date_of(context, entity_in(tx, legal_entity_id)))


def create_refund_remittance(context: Context, legal_entity_id: LegalEntityId, *, by: str) -> RefundsMade:
    """A numbered draft of a file of transfers takes up every approved refund whose account is known.

    Raises NoSuchLegalEntity, NoCreditor, NothingToSend, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.GIVE_UP_MONEY)
        entity = entity_in(tx, legal_entity_id)
        if not entity.iban:
            raise NoCreditor(f"{legal_entity_id} has no IBAN: money could not leave.")
        accounts.lock(tx, *sorted({row.account_id for row in refund_lines.to_pay(tx, legal_entity_id)}))
        gathered = _gathered(tx, entity, date_of(context, entity))
        if not gathered.lines:
            raise NothingToSend(
                f"No approved refund is ready to be paid ({len(gathered.left_out)} left out; --dry-run says "
                "why)."
            )
        remittance = _written(context, tx, entity, gathered.lines, by)
        acts.record(
            tx, by, "create_remittance", None, remittance.message_id, lines=remittance.lines,
            amount_minor=remittance.amount_minor, sha256=remittance.sha256,
        )  # fmt: skip
    return RefundsMade(gathered.lines, gathered.left_out, remittance)


def take_refunds_paid(
    context: Context, reference: str, amount_minor: int, on: date, *, by: str
) -> tuple[RefundLine, ...]:
    """The bank paid refunds out on a value date: they are owed no more.

    `reference` names a transfer (EndToEndId) or a file (MsgId); the amount is the sum of what waits under it.
    Told again, nothing waits: AmountDiffers. Raises NoSuchRemittance, RemittanceNotThere, AmountDiffers.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.SETTLE_DEBTS)
        remittance, lines = _named(tx, reference)
        accounts.lock(tx, *sorted({line.account_id for line in lines}))
        pending = refund_lines.pending(tx, remittance.legal_entity_id, remittance.remittance_id)
        waiting = tuple(line for line in lines if (line.account_id, line.refund_id) in pending)
        expected = sum(line.amount_minor for line in waiting)
        if expected != amount_minor:
            raise AmountDiffers(
                f"The bank tells {plain(amount_minor, EURO)} EUR for {reference}; refunds of "
                f"{plain(expected, EURO)} EUR wait under it.",
                reference=reference,
            )
        for line in waiting:
            books = books_of(context, tx, line.account_id)
            end_refund_line_in(tx, books, line, on, reference, by, paid=True)
        if waiting:
            accept_in(tx, remittance, on, by)
        if waiting and not refund_lines.pending(tx, remittance.legal_entity_id, remittance.remittance_id):
            remittances.tell(tx, remittance, RemittanceState.PAID, on, "", by)
        acts.record(tx, by, "take_refunds_paid", None, reference, amount_minor=amount_minor)
    return waiting


def take_refund_returned(context: Context, reference: str, told: str, on: date, *, by: str) -> RefundLine:
    """The payer's bank sent a paid refund back: its money is unapplied again.

    `reference` is the transfer's EndToEndId. Raises NoSuchRemittance, RefundNotThere.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.SETTLE_DEBTS)
        _, (line,) = _named(tx, reference, files=False)
        locked_account_in(tx, line.account_id)
        end_refund_line_in(tx, books_of(context, tx, line.account_id), line, on, told, by, paid=False)
        acts.record(tx, by, "take_refund_returned", line.account_id, reference, told=told)
    return line


def end_refund_line_in(
    tx: Transaction, books: Books, line: RefundLine, on: date, told: str, by: str, *, paid: bool
) -> None:
    """The bank paid the line's refund, or did not: then its money is unapplied again. Hold the payer."""
    refund = refunds.find(tx, line.account_id, line.refund_id)
    assert refund is not None, "a line has its refund"
    if paid:
        pay_refund_in(tx, books, refund, on, told, by)
    else:
        fail_refund_in(tx, books, refund, told, by)
    refund_lines.release(tx, line.account_id, line.refund_id)


def books_of(context: Context, tx: Transaction, payer_id: AccountId) -> Books:
    """Return the books that the payer's money is in."""
    return books_in(context, tx, account_in(tx, payer_id).legal_entity_id)


def _named(tx: Transaction, reference: str, *, files: bool = True) -> tuple[Remittance, list[RefundLine]]:
    """Return a file and its lines, or the one line, that the reference names."""
    number = refund_lines.file_of(tx, reference)
    remittance = remittances.find(tx, number or (reference if files else ""))
    if remittance is None or remittance.kind is not RemittanceKind.REFUND:
        raise NoSuchRemittance(
            f"No refund of ours bears the reference {reference[:40]!r}.", reference=reference[:40]
        )
    if remittance.state in (RemittanceState.DRAFT, RemittanceState.APPROVED, RemittanceState.CANCELLED):
        raise RemittanceNotThere(
            f"Remittance {remittance.message_id} is {remittance.state.value}: it was never handed over."
        )
    lines = refund_lines.lines(tx, remittance.legal_entity_id, remittance.remittance_id)
    return remittance, [line for line in lines if number is None or line.end_to_end == reference]


def _gathered(tx: Transaction, entity: LegalEntity, today: date) -> RefundsMade:
    rows = refund_lines.to_pay(tx, entity.legal_entity_id)
    where = _destinations(tx, [(AccountId(row.account_id), row.refund_id) for row in rows], today)
    lines, left_out = list[RefundLine](), list[NotPaid]()
    for row in rows:
        account = where.get((row.account_id, row.refund_id))
        if row.currency != EURO or account is None or len(lines) == TRANSFERS_MAX:
            why = (
                f"it is of {row.currency}, files of transfers are in EUR: send it at your bank, then "
                f"`acquit refund paid --account {row.account_id} --number {row.refund_id}`."
                if row.currency != EURO
                else "no bank account of the payer is known: set one, or register a mandate."
                if account is None else f"a file has {TRANSFERS_MAX} transfers at most."
            )  # fmt: skip
            left_out.append(NotPaid(row.account_id, row.refund_id, row.amount_minor, row.currency, why))
            continue
        lines.append(
            RefundLine(
                row.account_id, row.refund_id, len(lines) + 1, "", account.iban, account.bic,
                account.holder_name, row.currency, row.amount_minor, row.reverse_bill_id,
            )
        )  # fmt: skip
    return RefundsMade(tuple(lines), tuple(left_out))


def _destinations(
    tx: Transaction, keys: Sequence[tuple[AccountId, int]], today: date
) -> dict[tuple[AccountId, int], RefundAccount]:
    """Return where each refund goes.

    To the bank account that its payer named for it, else to the one that was set for the payer, else to that
    of its newest active mandate.
    """
    payer_ids = sorted({payer_id for payer_id, _ in keys})
    usual, signed = dict[AccountId, RefundAccount](), dict[tuple[AccountId, int], RefundAccount]()
    for payer_id, held_by in mandates.of_payers(tx, payer_ids).items():
        for held in held_by:
            signed[payer_id, held.mandate.payment_method_id] = _of_mandate(held.mandate)
            if held.state(today) is MandateState.ACTIVE:
                usual[payer_id] = _of_mandate(held.mandate)
    usual |= refund_lines.accounts_of(tx, payer_ids)
    named = retrievals.methods(tx, payer_ids)
    return {
        key: found
        for key in keys
        if (found := signed[key[0], named[key]] if key in named else usual.get(key[0])) is not None
    }


def destination_in(tx: Transaction, payer_id: AccountId, today: date) -> RefundAccount | None:
    """Return where money goes to the payer, or None when no bank account of it is known."""
    return _destinations(tx, [(payer_id, 0)], today).get((payer_id, 0))


def _of_mandate(mandate: Mandate) -> RefundAccount:
    address = mandate.address
    return RefundAccount(
        mandate.account_id, mandate.iban, mandate.bic, mandate.debtor_name, address.town, address.country
    )


def _written(
    context: Context, tx: Transaction, entity: LegalEntity, lines: Sequence[RefundLine], by: str
) -> Remittance:
    entity_id, today = entity.legal_entity_id, date_of(context, entity)
    where = _destinations(tx, [(line.account_id, line.refund_id) for line in lines], today)
    remittances.lock(tx, entity_id)
    remittance_id = remittances.next_id(tx, entity_id)
    number = message_id(entity_id, RemittanceKind.REFUND, remittance_id)
    named = [
        RefundLine(
            line.account_id, line.refund_id, line.line_no, f"{number}-{line.line_no}", line.iban, line.bic,
            line.holder_name, line.currency, line.amount_minor, line.reverse_bill_id,
        )
        for line in lines
    ]  # fmt: skip
    transfers = [_transfer(line, where[line.account_id, line.refund_id]) for line in named]
    made_at = context.clock.now().replace(microsecond=0)
    execute_on = bank_days_later(today, LEAD_BANK_DAYS, is_bank_day)
    content = render(TransferFile(number, made_at, execute_on, seller_party(entity), transfers))
    remittance = Remittance(
        entity_id, remittance_id, RemittanceKind.REFUND, number, EURO, len(named),
        sum(line.amount_minor for line in named), context.archive.put(content), len(content), today, by,
        made_at,
    )  # fmt: skip
    remittances.add(tx, remittance)
    for line in named:
        refund_lines.add(tx, entity_id, remittance_id, line)
    return remittance


def _transfer(line: RefundLine, account: RefundAccount) -> Transfer:
    payee = BankParty(line.holder_name, line.iban, line.bic, Address(account.town, account.country))
    return Transfer(line.end_to_end, payee, line.amount_minor, text=line.text)
