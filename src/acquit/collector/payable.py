"""Which bills are to be paid by transfer on or before a day, and why each of the others is not.

What is owed is what the provider's debts say, less what is already being paid: a credit note that the
provider has settled is in there already and is never taken off twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import duckdb
from stdnum import bic as bics

from acquit.collector.hand_over import HandOver, Name
from acquit.collector.paper_facts import CREDIT_NOTE, TRANSFER
from acquit.collector.payment_settings import compact, wrong_iban

BY_TRANSFER: Final = frozenset(
    {"ENTERPRISE", "DEFERRED_PAYMENT_ACCOUNT", "BANK_TRANSFER", "TRANSFER", "NONE"}
)
BY_ITSELF: Final = frozenset({
    "SEPA_DIRECT_DEBIT", "BANK_ACCOUNT", "CREDIT_CARD", "DOMESTIC_CARD", "RUPAY", "PAYPAL", "CREDIT",
    "CURRENT_ACCOUNT", "INTERNAL_TRUSTED_ACCOUNT",
})  # fmt: skip
"""Kinds of payment method with which the provider takes the money itself."""

OWED: Final = """
    WITH owed AS (
        SELECT account, bill_id, sum(due_minor) AS due_minor, sum(pending_minor) AS pending_minor,
               min(due_on) AS debt_due_on
          FROM debt WHERE bill_id IS NOT NULL GROUP BY ALL HAVING sum(due_minor) <> 0),
    summed AS (
        SELECT account, bill_id, sum(net_minor) AS details_minor, count(*) AS details
          FROM bill_detail WHERE (account, bill_id) IN (SELECT (account, bill_id) FROM owed) GROUP BY ALL),
    paying AS (
        SELECT account, any_value(kind ORDER BY payment_method_id) AS method
          FROM payment_method WHERE is_default AND status = 'VALID' GROUP BY account)
    SELECT b.account, b.bill_id, b.issued_on, b.currency, b.total_minor, o.due_minor,
           coalesce(o.pending_minor, 0) AS pending_minor, b.due_on, b.due_source,
           coalesce(b.kind, '') AS kind,
           coalesce(b.corrects, '') AS corrects, coalesce(b.payment_means, '') AS means,
           coalesce(b.payee, '') AS payee, coalesce(b.payee_iban, '') AS iban,
           coalesce(b.payee_bic, '') AS bic, coalesce(b.payment_reference, '') AS reference,
           coalesce(b.purchase_order, '') AS purchase_order, coalesce(p.method, '') AS method,
           coalesce(a.subsidiary, '') AS subsidiary, coalesce(a.base, '') AS base,
           b.paper IS NOT NULL AS has_paper,
           b.net_minor + b.tax_minor IS NOT DISTINCT FROM b.total_minor
             AND b.details_count IS NOT NULL AND b.details_count = coalesce(s.details, 0)
             AND (b.details_count = 0 OR s.details_minor IS NOT DISTINCT FROM b.net_minor) AS adds_up
      FROM owed AS o JOIN bill AS b USING (account, bill_id) JOIN account AS a USING (account)
      LEFT JOIN summed AS s USING (account, bill_id) LEFT JOIN paying AS p USING (account)
     ORDER BY b.due_on NULLS LAST, b.account, b.bill_id"""

CREDIT: Final = """
    SELECT b.account, b.bill_id, b.issued_on, b.currency, abs(b.total_minor), coalesce(b.corrects, ''),
           coalesce(a.subsidiary, ''), coalesce(a.base, ''),
           coalesce(b.kind, '') = 'credit-note' OR b.total_minor < 0
      FROM bill AS b JOIN account AS a USING (account) WHERE b.bill_id = ?"""

LOOSE: Final = """
    SELECT account, debt_id, currency, due_minor FROM debt
     WHERE bill_id IS NULL AND due_minor <> 0 ORDER BY ALL"""

FRESHNESS: Final = "SELECT account, gathered_at FROM account ORDER BY account"


@dataclass(frozen=True, slots=True)
class Owed:
    """A bill with an open debt: who owes, what is read of how to pay, and whether it adds up."""

    account: str
    bill_id: str
    issued_on: date | None
    currency: str
    total_minor: int
    due_minor: int
    pending_minor: int
    due_on: date | None
    due_source: str
    kind: str
    corrects: str
    means: str
    payee: str
    iban: str
    bic: str
    reference: str
    purchase_order: str
    method: str
    subsidiary: str
    base: str
    has_paper: bool
    adds_up: bool

    @property
    def name(self) -> Name:
        """Account and number: what identifies it."""
        return self.account, self.bill_id

    @property
    def open_minor(self) -> int:
        """What is owed and not yet being paid; negative when the provider owes it."""
        return self.due_minor - self.pending_minor

    @property
    def provider(self) -> str:
        """Whose bill it is: the selling company and the endpoint, `FR@eu.api.ovh.com`."""
        return provider_of(self.subsidiary, self.base)


@dataclass(frozen=True, slots=True)
class Credit:
    """What the provider owes: taken off a transfer. `amount_minor` is positive."""

    account: str
    bill_id: str
    issued_on: date | None
    currency: str
    amount_minor: int
    corrects: str
    provider: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A bill that is due and not paid, and why; `is_fault`: a person has to do something."""

    owed: Owed
    reason: str
    is_fault: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked to be paid."""

    due_by: date
    accounts: frozenset[str] = frozenset()
    bills: frozenset[str] = frozenset()
    include_unknown: bool = False
    again: str = ""

    def asks_for(self, owed: Owed) -> bool:
        """Return whether the bill is among the accounts and bills that were named (none: all)."""
        return (not self.accounts or owed.account in self.accounts) and (
            not self.bills or owed.bill_id in self.bills
        )


@dataclass(frozen=True, slots=True)
class Picked:
    """What is to be paid, what the provider owes, and what is left out."""

    bills: list[Owed]
    credits: list[Credit]
    left_out: list[LeftOut]
    unknown: list[Owed]
    later: int


def owed_in(db: duckdb.DuckDBPyConnection) -> list[Owed]:
    """Return every bill with an open debt, soonest due first."""
    return [Owed(*row) for row in db.execute(OWED).fetchall()]


def loose_debts(db: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """Return open debts without a bill in the archive: account, debt, currency, what is open."""
    return db.execute(LOOSE).fetchall()


def gathered(db: duckdb.DuckDBPyConnection) -> dict[str, datetime | None]:
    """Return when each account was last gathered whole."""
    return dict(db.execute(FRESHNESS).fetchall())


def credit_of(db: duckdb.DuckDBPyConnection, bill_id: str) -> Credit | str:
    """Return a credit note of this number, or why it cannot be taken off."""
    rows = db.execute(CREDIT, [bill_id]).fetchall()
    if len(rows) != 1:
        return (
            f"{bill_id} is {'in several accounts' if rows else 'not in the archive'}; it cannot be taken off."
        )
    account, _, issued_on, currency, amount_minor, corrects, subsidiary, base, is_credit = rows[0]
    if not is_credit:
        return f"{bill_id} is not known to be a credit note; it cannot be taken off."
    provider = provider_of(subsidiary, base)
    return Credit(account, bill_id, issued_on, currency, amount_minor, corrects, provider)


def pick(
    everything: Sequence[Owed], wanted: Wanted, before: Mapping[Name, HandOver], taken: Sequence[Credit]
) -> Picked:
    """Sort what is owed into bills to pay, credits, and what is left out with its reason.

    `before` has what was handed over for payment already, `taken` the credit notes that a person named.
    """
    picked = Picked([], list(taken), [], [], 0)
    later = 0
    for owed in filter(wanted.asks_for, everything):
        if owed.open_minor < 0:
            if owed.name not in before:
                picked.credits.append(_credit(owed))
        elif owed.due_on is None and not wanted.include_unknown:
            picked.unknown.append(owed)
        elif owed.due_on is not None and owed.due_on > wanted.due_by:
            later += 1
        elif (left := why_not(owed, before, wanted)) is not None:
            picked.left_out.append(left)
        else:
            picked.bills.append(owed)
    return Picked(picked.bills, picked.credits, picked.left_out, picked.unknown, later)


def why_not(owed: Owed, before: Mapping[Name, HandOver], wanted: Wanted) -> LeftOut | None:
    """Return why a due bill is not paid by transfer, None when it is.

    In this order: handed over, under way, taken by the provider itself, currency, does not add up, no paper.
    """
    handed = before.get(owed.name)
    if handed is not None and not wanted.again:
        return LeftOut(owed, f"handed over as {handed.number} on {handed.at:%Y-%m-%d}", False)
    if owed.open_minor == 0:
        return LeftOut(owed, "its payment is under way", False)
    if (left := _collected(owed, is_named=owed.bill_id in wanted.bills)) is not None:
        return left
    return next((LeftOut(owed, reason, True) for reason in _faults(owed)), None)


def _collected(owed: Owed, *, is_named: bool) -> LeftOut | None:
    """Return why the provider takes this bill's money itself, None when it waits for a transfer.

    A method that collects by itself wins over a paper with an IBAN on it, which may be the payer's own.
    """
    if owed.means == TRANSFER and (is_named or owed.method not in BY_ITSELF):
        return None
    if owed.means == TRANSFER:
        reason = (
            f"{owed.method} collects by itself, its paper asks for a transfer: to pay it, name it with --bill"
        )
        return LeftOut(owed, reason, True)
    if owed.means:
        return LeftOut(owed, f"the paper says that it is collected by {owed.means}", False)
    if owed.method in BY_ITSELF:
        return LeftOut(owed, f"{owed.method} collects by itself", False)
    if owed.method and owed.method not in BY_TRANSFER:
        return LeftOut(owed, f"whether {owed.method} waits for a transfer is not known: pay it by hand", True)
    return None


def _faults(owed: Owed) -> list[str]:
    found = []
    if owed.currency != "EUR":
        found.append(f"a SEPA transfer carries EUR alone: order {owed.currency} at your bank")
    if not owed.adds_up:
        found.append("it does not add up: see `acquit collect verify`, ask the provider")
    if owed.kind == CREDIT_NOTE:
        found.append("its paper says credit note, its debt says owed: ask the provider")
    if owed.due_minor > owed.total_minor:
        found.append("more is owed on it than it says: ask the provider")
    if not owed.has_paper:
        found.append("its paper is not in the archive: run `acquit collect run`")
    return found


def wrong_account(iban: str, bic: str) -> str:
    """Return what is wrong with where the money should go; an empty text when nothing is."""
    if not iban:
        return "no IBAN on its paper nor in [creditors] of pay.toml"
    if problem := wrong_iban(iban):
        return problem
    return "" if not bic or bics.is_valid(bic) else f"{bic} is no BIC"


def provider_of(subsidiary: str, base: str) -> str:
    """Return the provider's name here: its selling company at its endpoint."""
    return f"{subsidiary or 'unknown'}@{urlsplit(base).hostname or 'unknown'}"


def _credit(owed: Owed) -> Credit:
    return Credit(
        owed.account,
        owed.bill_id,
        owed.issued_on,
        owed.currency,
        -owed.open_minor,
        owed.corrects,
        owed.provider,
    )


def iban_of(owed: Owed) -> str:
    """Return the IBAN that the paper tells, without blanks."""
    return compact(owed.iban)
