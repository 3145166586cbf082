"""Claim late interest and recovery fees as a numbered paper, owed and booked like a bill, without VAT."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from acquit.actions.bill_page import debt_of
from acquit.actions.context import Context
from acquit.actions.crediting import bill_in, issuing_in
from acquit.actions.defer_papers import defer_papers
from acquit.actions.loading import account_in, require_staff
from acquit.actions.settling import Books, book_in, books_in, hold_in
from acquit.core.bill import Bill, Detail
from acquit.core.claim import Charges, LateBill, claim, late_details, shares
from acquit.core.identifiers import AccountId, OrderId
from acquit.core.journal import EntryKind, Role, claim_postings, require_role
from acquit.core.operator import Right
from acquit.core.set_up import claim_series_of
from acquit.store import acts, bills, debts, late_bills, late_rates, series
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Claimable:
    """What one claim would say: an account's late bills of one currency, and its lines."""

    like: Bill
    details: tuple[Detail, ...]


def claim_late_charges(context: Context, payer_id: AccountId, *, by: str) -> list[Bill]:
    """The payer owes the interest and fees of its late bills that were not claimed before; return the claims.

    One per account and currency, none where nothing is owed. Interest counts up to and with today.
    Raises NoSuchAccount, NoLateRate, ChartIncomplete, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.CHASE)
        account = account_in(tx, payer_id)
        books = books_in(context, tx, account.legal_entity_id)
        require_role(books.chart, account.legal_entity_id, Role.LATE_INTEREST, Role.RECOVERY_FEE)
        hold_in(tx, payer_id, [])
        late = late_bills.of_payer(tx, payer_id, books.today)
        hold_in(tx, payer_id, sorted({each.account_id for each in late}))
        found = _claimable(tx, books, late_bills.of_payer(tx, payer_id, books.today))
        if not found:
            return []
        series.ensure(tx, claim_series_of(books.entity))
        bills.keep_snapshots(tx, [books.seller])
        return [_issue(context, tx, books, each, by) for each in found]


def preview_claims(context: Context, payer_id: AccountId) -> list[Claimable]:
    """Return what could be claimed of the payer today. Raises NoSuchAccount, NoLateRate."""
    with context.database.snapshot() as tx:
        account = account_in(tx, payer_id)
        books = books_in(context, tx, account.legal_entity_id)
        return _claimable(tx, books, late_bills.of_payer(tx, payer_id, books.today))


def _claimable(tx: Transaction, books: Books, late: Sequence[LateBill]) -> list[Claimable]:
    entity = books.entity
    charges = Charges(late_rates.of_country(tx, entity.country), entity.late_fee_minor, entity.currency)
    found = []
    for (account_id, _), group in groupby(late, key=lambda each: (each.account_id, each.currency)):
        members = list(group)
        like = bill_in(tx, account_id, members[-1].bill_id).bill
        details = late_details(members, charges, like.language, books.today)
        if details:
            found.append(Claimable(like, details))
    return found


def _issue(context: Context, tx: Transaction, books: Books, each: Claimable, by: str) -> Bill:
    """Number the claim, write it, open its debt and book it."""
    (order_id,) = bills.next_order_ids(tx, 1)
    block = series.take(tx, claim_series_of(books.entity).series_id, 1, books.today, or_later=True)
    made = claim(
        each.like, each.details, issuing_in(context.clock, books, block), block.first, OrderId(order_id)
    )
    bills.write(tx, [made], block.series.series_id, [block.first])
    debts.write(tx, [debt_of(made)])
    interest_minor, fee_minor = shares(made.details)
    postings = claim_postings(books.chart, interest_minor, fee_minor, made.currency)
    book_in(tx, made.account_id, EntryKind.CLAIM, made.issued_on, made.bill_id, postings)
    defer_papers(tx.connection, [made])
    acts.record(
        tx, by, "claim_late_charges", made.account_id, made.bill_id, interest_minor=interest_minor,
        fee_minor=fee_minor,
    )  # fmt: skip
    return made
