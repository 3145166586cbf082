"""The bills that accounting takes over: proven to add up, with their VAT by rate, signs as books have them.

A credit note is negative here in all its amounts, whichever way the provider writes it. What does not add up,
or whose VAT nobody can tell, is left out with its reason.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, NamedTuple

import duckdb

from acquit.collector.families import DOWN_PAYMENT
from acquit.collector.fault import Fault
from acquit.collector.hand_over import HandedBill, Name
from acquit.collector.paper_facts import BILL, CREDIT_NOTE, TaxRead
from acquit.collector.payable import provider_of
from acquit.collector.verify import KNOWN
from acquit.core.money import share_minor

BILLS: Final = """
    SELECT b.account, b.bill_id, b.issued_on, b.currency, b.net_minor, b.tax_minor, b.total_minor,
           coalesce(b.kind, ''), coalesce(b.corrects, ''), coalesce(b.purchase_order, ''),
           b.purchase_order_source, b.due_on, b.due_source, coalesce(b.payee, ''),
           coalesce(b.payment_reference, ''), coalesce(a.subsidiary, ''), coalesce(a.base, ''),
           b.details_count, b.versions_count, coalesce(b.paper, ''), b.family
      FROM bill AS b JOIN account AS a USING (account)
     WHERE (? IS NULL OR b.issued_on >= ?) AND (? IS NULL OR b.issued_on <= ?)
     ORDER BY b.issued_on, b.account, b.bill_id"""

DETAILS: Final = """
    SELECT d.account, d.bill_id, d.detail_no, coalesce(d.domain, ''), coalesce(d.description, ''),
           d.quantity_e4, d.unit_price_ucents, d.net_minor, d.period_start_on, d.period_end_on,
           {expense} AS expense, {cost_centre} AS cost_centre
      FROM bill_detail AS d
      JOIN (SELECT unnest(?::VARCHAR[]) AS wanted) ON wanted = d.account || chr(31) || d.bill_id
     ORDER BY d.account, d.bill_id, d.detail_no"""

TAXES: Final = """
    SELECT t.account, t.bill_id, t.category, t.rate_bp, t.net_minor, t.tax_minor
      FROM bill_tax AS t
      JOIN (SELECT unnest(?::VARCHAR[]) AS wanted) ON wanted = t.account || chr(31) || t.bill_id
     ORDER BY t.account, t.bill_id, t.rate_bp DESC, t.category"""

RATES_BP: Final = (2_000, 1_000, 550, 210)
"""VAT rates of France, by which VAT that no paper splits is recognised. Source: CGI 278 to 281."""


class Detail(NamedTuple):
    """One line of a bill; `expense` and `cost_centre` are what rules say of it."""

    detail_no: int
    domain: str
    description: str
    quantity_e4: int | None
    unit_price_ucents: int | None
    net_minor: int
    period_start_on: date | None
    period_end_on: date | None
    expense: str
    cost_centre: str

    @property
    def text(self) -> str:
        """What it is, in a few words."""
        return " ".join(part for part in (self.domain, self.description) if part)


@dataclass(frozen=True, slots=True)
class SelectedBill:
    """A bill as accounting takes it; `taxes_source` is `read` on the paper or `inferred` from the amounts."""

    account: str
    bill_id: str
    issued_on: date
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    kind: str
    corrects: str
    purchase_order: str
    purchase_order_source: str
    due_on: date | None
    due_source: str
    payee: str
    reference: str
    subsidiary: str
    base: str
    details_count: int | None
    versions_count: int | None
    paper: str
    family: str
    taxes: tuple[TaxRead, ...] = ()
    taxes_source: str = ""
    details: tuple[Detail, ...] = ()

    @property
    def name(self) -> Name:
        """Account and number: what identifies it."""
        return self.account, self.bill_id

    @property
    def provider(self) -> str:
        """Whose bill it is."""
        return provider_of(self.subsidiary, self.base)

    @property
    def is_credit_note(self) -> bool:
        """Whether it reduces what is owed."""
        return self.kind == CREDIT_NOTE

    @property
    def is_down_payment(self) -> bool:
        """Whether it asks for money before a supply, which a later bill deducts."""
        return self.family == DOWN_PAYMENT.kind

    @property
    def handed(self) -> HandedBill:
        """The bill as the log of hand-overs has it."""
        return HandedBill(self.account, self.bill_id, self.currency, self.total_minor)


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides about a bill: SQL of expense and cost centre, rates to recognise, what no VAT means."""

    expense_sql: str = "''"
    cost_centre_sql: str = "''"
    rates_bp: Sequence[int] = RATES_BP
    untaxed: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """Which bills are asked for: by date, account and number; `posted` were handed over already."""

    since: date | None = None
    until: date | None = None
    accounts: frozenset[str] = frozenset()
    bills: frozenset[str] = frozenset()
    posted: frozenset[Name] = frozenset()

    def asks_for(self, name: Name) -> bool:
        """Return whether the bill is wanted."""
        return (
            name not in self.posted
            and (not self.accounts or name[0] in self.accounts)
            and (not self.bills or name[1] in self.bills)
        )


@dataclass(frozen=True, slots=True)
class Selected:
    """Bills in the order of their dates, and the reason for each that is left out."""

    bills: list[SelectedBill]
    left_out: list[tuple[Name, str]]


def names_in(db: duckdb.DuckDBPyConnection, window: Window) -> list[Name]:
    """Return account and number of each bill that is wanted. Raises Fault (question)."""
    accounts = {row[0] for row in db.execute("SELECT account FROM account").fetchall()}
    for account in sorted(window.accounts - accounts):
        raise Fault("question", f"There is no account {account} in the archive.")
    return [row[:2] for row in _rows(db, window)]


def select(
    db: duckdb.DuckDBPyConnection, window: Window, rules: Rules, *, with_taxes: bool = True
) -> Selected:
    """Return the wanted bills with details and VAT; what cannot be taken over is told apart."""
    rows = _rows(db, window)
    keys = [f"{row[0]}\x1f{row[1]}" for row in rows]
    query = DETAILS.format(expense=rules.expense_sql, cost_centre=rules.cost_centre_sql)
    details, taxes = (
        _grouped(db.execute(query, [keys]).fetchall()),
        _grouped(db.execute(TAXES, [keys]).fetchall()),
    )
    selected = Selected([], [])
    for row in rows:
        bill = replace(SelectedBill(*row), details=tuple(Detail(*one) for one in details.get(row[:2], ())))
        problem = fault_of(bill)
        if problem is None:
            bill = _signed(bill)
            found = _taxed(bill, tuple(TaxRead(*one) for one in taxes.get(bill.name, ())), rules)
            if isinstance(found, SelectedBill):
                bill = found
            elif with_taxes:
                problem = found
        if problem is None:
            selected.bills.append(bill)
        else:
            selected.left_out.append((bill.name, problem))
    return selected


def fault_of(bill: SelectedBill) -> str | None:
    """Return why a bill is not taken over as it is, None when nothing is wrong with it."""
    if bill.currency not in KNOWN:
        return f"its currency {bill.currency} is not known"
    if bill.issued_on is None or None in (bill.net_minor, bill.tax_minor, bill.total_minor):
        return "the provider tells no date or no amount of it"
    if bill.net_minor + bill.tax_minor != bill.total_minor:
        return "net and VAT are not its total; see `acquit collect verify`"
    if bill.details_count is None or bill.details_count != len(bill.details):
        return "its details are not all there; run `acquit collect run`"
    if bill.details and sum(one.net_minor for one in bill.details) != bill.net_minor:
        return "its details do not add up to its net amount; see `acquit collect verify`"
    return None


def _rows(db: duckdb.DuckDBPyConnection, window: Window) -> list[tuple[Any, ...]]:
    given = [window.since, window.since, window.until, window.until]
    return [row for row in db.execute(BILLS, given).fetchall() if window.asks_for(row[:2])]


def _grouped(rows: Iterable[tuple[Any, ...]]) -> dict[Name, list[tuple[Any, ...]]]:
    found: dict[Name, list[tuple[Any, ...]]] = {}
    for account, bill_id, *rest in rows:
        found.setdefault((account, bill_id), []).append(tuple(rest))
    return found


def _signed(bill: SelectedBill) -> SelectedBill:
    """Return the bill with the signs of books: a credit note is negative."""
    if bill.total_minor < 0:
        return replace(bill, kind=CREDIT_NOTE)
    if bill.kind != CREDIT_NOTE:
        return replace(bill, kind=BILL)
    return replace(
        bill,
        net_minor=-bill.net_minor,
        tax_minor=-bill.tax_minor,
        total_minor=-bill.total_minor,
        details=tuple(_reversed(one) for one in bill.details),
    )


def _reversed(detail: Detail) -> Detail:
    quantity_e4 = None if detail.quantity_e4 is None else -detail.quantity_e4
    return detail._replace(net_minor=-detail.net_minor, quantity_e4=quantity_e4)


def _taxed(bill: SelectedBill, read: tuple[TaxRead, ...], rules: Rules) -> SelectedBill | str:
    """Return the bill with its VAT by rate: as read when it adds up, else as its amounts tell; or why not."""
    for sign in (1, -1):
        signed = tuple(
            replace(one, net_minor=sign * one.net_minor, tax_minor=sign * one.tax_minor) for one in read
        )
        sums = sum(one.net_minor for one in signed), sum(one.tax_minor for one in signed)
        if signed and sums == (bill.net_minor, bill.tax_minor):
            return replace(bill, taxes=signed, taxes_source="read")
    if bill.tax_minor == 0:
        if not rules.untaxed:
            return (
                "it has no VAT and its paper does not say why: set [vat] untaxed in the mapping (AE, E, O …)"
            )
        return replace(bill, taxes=(TaxRead(rules.untaxed, 0, bill.net_minor, 0),), taxes_source="inferred")
    for rate_bp in rules.rates_bp:
        if share_minor(bill.net_minor, rate_bp) == bill.tax_minor:
            told = TaxRead("S", rate_bp, bill.net_minor, bill.tax_minor)
            return replace(bill, taxes=(told,), taxes_source="inferred")
    return "its VAT is at no known rate and its paper does not split it: add the rate to [vat] rates_bp"
