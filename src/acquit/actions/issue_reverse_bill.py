"""Bill what an account supplied, in its name; take such a bill back whole.

As with bills, everything is looked for before the number is taken: the agreement, the facts of the supplier,
the lines, the characters, and the official rules run on the very files that the bill will be.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from acquit.actions.agree_self_billing import found_in
from acquit.actions.context import Context
from acquit.actions.defer_papers import defer_papers
from acquit.actions.judging import files_of, judge_files
from acquit.actions.loading import account_in, require_staff
from acquit.actions.pay_refunds import destination_in
from acquit.actions.reverse_booking import book_bill_in, require_roles_in, standing_in
from acquit.actions.settling import Books, books_in, hold_in
from acquit.core.account import Account
from acquit.core.bill import Bill, Issuing
from acquit.core.electronic_rule import buyer_problems, seller_problems
from acquit.core.errors import Invalid
from acquit.core.gate import glyph_problems, printed_texts, seller_texts
from acquit.core.identifiers import AccountId, BillId, OrderId
from acquit.core.numbering import Block, NoSuchSeries, Series
from acquit.core.operator import Right
from acquit.core.printed_text import REASON_MAX, refuse_texts
from acquit.core.problem import Problem
from acquit.core.reverse_bill import (
    NoSuchReverseBill,
    Parties,
    ReverseBillNotThere,
    Supplied,
    credit_of,
    refuse_lines,
    refuse_take_back,
    reverse_bill,
    vat_of,
)
from acquit.core.self_billing import (
    LAW,
    Agreement,
    Regime,
    SupplierIncomplete,
    buyer_of,
    case_of,
    is_at_home,
    refuse_supplier,
    running,
    supplier_of,
)
from acquit.core.snapshot import Buyer, Seller, snapshot
from acquit.core.tax import TAXED_AS, rate_on
from acquit.core.write_off import refuse_without_reason
from acquit.documents.glyphs import missing_glyphs
from acquit.documents.paper import BillPaper
from acquit.store import acts, billables, bills, legal_parties, reverse_bills, self_billing, series
from acquit.store.reverse_bills import Facts
from acquit.store.transaction import Transaction

PLACEHOLDER: Final = OrderId(1)


class ReverseBillRefused(Invalid):
    """A reverse bill cannot be made as it is: every problem is told."""

    code = "reverse-bill-refused"


@dataclass(frozen=True, slots=True)
class _Making:
    """What a reverse bill is made of, before it has a number."""

    account: Account
    agreement: Agreement
    books: Books
    supplier: Seller
    buyer: Buyer
    lines: Sequence[Supplied]
    default_bp: int
    own_rate_bp: int

    @property
    def parties(self) -> Parties:
        """The copies that it names."""
        return Parties(snapshot(self.supplier).hash, snapshot(self.buyer).hash, self.supplier.country)

    def bill(self, issuing: Issuing, number: int, order_id: OrderId, note: str = "") -> Bill:
        """Return the bill under that number."""
        return reverse_bill(
            self.account, self.agreement, self.lines, self.default_bp, self.parties, issuing, number,
            order_id, note,
        )  # fmt: skip


def issue_reverse_bill(
    context: Context, account_id: AccountId, lines: Sequence[Supplied], *, by: str, again: bool = False
) -> Bill:
    """What the account supplied is billed in its name, numbered in its series, booked, and owed to it.

    A line with a reference whose supply of the same days stands on another of its bills, or that is there
    twice as it is, is refused, unless it is to be billed `again`.

    Raises NoSuchAccount, NoAgreement, SupplierIncomplete, BadReverseLines, BadText, ReverseBillRefused,
    CannotJudge, ChartIncomplete, StaffOnly, RoleForbids.
    """
    refuse_texts(_texts(lines), missing_glyphs)
    with context.database.write() as tx:
        require_staff(tx, by, Right.MAKE_REVERSE_BILLS)
        making = _made_of(context, tx, account_id, lines)
        if not again:
            _refuse_doubles(tx, account_id, lines)
        numbers = _series_in(tx, making.agreement)
        _judge(context, making, numbers)
        bills.keep_snapshots(tx, [snapshot(making.supplier), snapshot(making.buyer)])
        (order_id,) = bills.next_order_ids(tx, 1)
        block = series.take(tx, numbers.series_id, 1, making.books.today, or_later=True)
        bill = making.bill(_issuing(context, making.books, block), block.first, OrderId(order_id))
        regime = making.agreement.regime
        vat = vat_of(bill, regime, making.own_rate_bp, on_debits=making.agreement.on_debits)
        until = bill.issued_on + timedelta(days=making.agreement.contest_days)
        facts = Facts(making.agreement.agreement_no, vat, until)
        reverse_bills.write(tx, bill, making.agreement, vat, until, (numbers.series_id, block.first))
        book_bill_in(tx, making.books, bill, facts)
        defer_papers(tx.connection, [bill])
        acts.record(
            tx, by, "issue_reverse_bill", account_id, bill.bill_id, total_minor=bill.total_minor,
            currency=bill.currency,
        )  # fmt: skip
    return bill


def take_back_reverse_bill(
    context: Context, account_id: AccountId, bill_id: BillId, reason: str, *, by: str
) -> Bill:
    """A self-billed credit note takes the whole bill back: nothing is owed to the account for it.

    Raises NoSuchReverseBill, ReverseBillNotThere (something of it is paid or under way), ReasonMissing.
    """
    refuse_texts([("The reason", " ".join(reason.split()))], missing_glyphs, REASON_MAX)
    with context.database.write() as tx:
        require_staff(tx, by, Right.MAKE_REVERSE_BILLS)
        refuse_without_reason(reason)
        account = account_in(tx, account_id)
        hold_in(tx, account_id, [])
        books = books_in(context, tx, account.legal_entity_id)
        taken = reverse_bills.find(tx, account_id, bill_id)
        if taken is None:
            raise NoSuchReverseBill(bill_id)
        if taken.corrects_bill_id is not None:
            raise ReverseBillNotThere(f"{bill_id} is a credit note itself.")
        refuse_take_back(standing_in(tx, account_id, bill_id))
        facts = reverse_bills.facts(tx, account_id, bill_id)
        agreement = found_in(tx, account_id, facts.agreement_no)
        (order_id,) = bills.next_order_ids(tx, 1)
        numbers = _series_in(tx, agreement)
        block = series.take(tx, numbers.series_id, 1, max(books.today, taken.issued_on), or_later=True)
        note = credit_of(
            taken, _issuing(context, books, block), block.first, OrderId(order_id), reason.strip()
        )
        reverse_bills.write(tx, note, agreement, facts.vat, note.issued_on, (numbers.series_id, block.first))
        book_bill_in(tx, books, note, facts)
        defer_papers(tx.connection, [note])
        acts.record(
            tx, by, "take_back_reverse_bill", account_id, bill_id, credit_note=note.bill_id, reason=reason
        )
    return note


def _texts(lines: Sequence[Supplied]) -> list[tuple[str, str]]:
    return [
        (f"The {what} of line {number}", text)
        for number, line in enumerate(lines, 1)
        for what, text in (("description", line.description), ("reference", line.reference))
    ]


def _made_of(context: Context, tx: Transaction, account_id: AccountId, lines: Sequence[Supplied]) -> _Making:
    """Gather everything and refuse what is missing; the account is held."""
    account = account_in(tx, account_id)
    hold_in(tx, account_id, [])
    books = books_in(context, tx, account.legal_entity_id)
    entity, today = books.entity, books.today
    agreement = running(account_id, self_billing.of_account(tx, account_id), today)
    require_roles_in(books, agreement.regime)
    party = legal_parties.of_account(tx, account_id, today)
    if party is None:
        raise SupplierIncomplete(f"{account_id} has no legal party.", source=LAW)
    refuse_supplier(party, entity, agreement.regime)
    if account.currency != entity.currency:
        raise SupplierIncomplete(
            f"{account_id} has its account in {account.currency}; what it supplies is billed in "
            f"{entity.currency}, the currency of the books, whose VAT is deducted."
        )
    rates = billables.rates(tx)
    default_bp = rate_on(rates, TAXED_AS.get(party.country, party.country), today)
    own_bp = rate_on(rates, entity.country, today)
    if agreement.regime is Regime.REVERSE_CHARGE and own_bp is None:
        raise SupplierIncomplete(f"No rate of VAT of {entity.country} is known, which is owed on it.")
    is_french = entity.country == "FR" and is_at_home(party.country, entity)
    refuse_lines(lines, agreement.regime, default_bp, is_french=is_french)
    where = destination_in(tx, account_id, today)
    bank = ("", "") if where is None else (where.iban, where.bic)
    return _Making(
        account, agreement, books, supplier_of(party, agreement, entity, bank), buyer_of(entity), lines,
        default_bp or 0, own_bp or 0,
    )  # fmt: skip


def _refuse_doubles(tx: Transaction, account_id: AccountId, lines: Sequence[Supplied]) -> None:
    twice = [each for each, times in Counter(lines).items() if each.reference and times > 1]
    if twice:
        raise ReverseBillRefused(
            f"{twice[0].reference} is there {lines.count(twice[0])} times with the same days and price. "
            "Take the line out if it slipped in, or say that it is to be billed again (--again)."
        )
    found = reverse_bills.billed_before(
        tx, account_id, [(each.reference, each.period_start, each.period_end) for each in lines]
    )
    if found:
        reference, bill_id = found[0]
        raise ReverseBillRefused(
            f"{bill_id} bills {reference} of these days already ({len(found)} of {len(lines)} lines). Take "
            "it back first if it was wrong, or say that it is to be billed again (--again).",
            bill=bill_id,
        )


def _series_in(tx: Transaction, agreement: Agreement) -> Series:
    found = series.find(tx, agreement.series_id)
    if found is None:
        raise NoSuchSeries(f"{agreement.account_id} has no series of its own yet.")
    return found


def _issuing(context: Context, books: Books, block: Block) -> Issuing:
    return _issuing_on(context, books, block.series, block.issued_on)


def _issuing_on(context: Context, books: Books, numbers: Series, on: date) -> Issuing:
    zone = ZoneInfo(books.entity.zone)
    issued_at = datetime.combine(on, context.clock.now().astimezone(zone).time(), zone)
    return Issuing(books.entity.legal_entity_id, numbers, None, on, issued_at, b"")


def _judge(context: Context, making: _Making, numbers: Series) -> None:
    """Pass when values and official rules find nothing wrong. Raises ReverseBillRefused, CannotJudge."""
    issuing = _issuing_on(context, making.books, numbers, making.books.today)
    draft = making.bill(issuing, 10**numbers.digits - 1, PLACEHOLDER)
    supplier, buyer = making.supplier, making.buyer
    case = case_of(making.agreement.regime, making.default_bp, supplier.country)
    problems: list[Problem] = [*glyph_problems(printed_texts(buyer), missing_glyphs)]
    problems += glyph_problems(seller_texts(supplier), missing_glyphs)
    problems += seller_problems(supplier)
    problems += [each for each in buyer_problems(buyer, supplier, case) if each.code not in SELLERS_OWN]
    if not problems and context.judge is not None:
        paper = BillPaper(
            draft, supplier, buyer, is_test=making.books.entity.sandbox_of is not None,
            contest_until=draft.issued_on + timedelta(days=making.agreement.contest_days),
        )  # fmt: skip
        (found,) = judge_files(context.judge, [files_of(paper)])
        problems += found
    if problems:
        raise ReverseBillRefused(
            " ".join(dict.fromkeys(each.message for each in problems)),
            rules=", ".join(sorted({each.rule for each in problems if each.rule})),
        )


SELLERS_OWN: Final = frozenset({"missing-seller-vat-id", "missing-register"})
"""What a supplier need not have: a small business bears no VAT and may have no VAT id (CGI 286 ter)."""
