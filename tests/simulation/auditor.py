"""An auditor that shares no code with the product: told of every act that succeeded, it judges the books.

It keeps a model of its own (days and their prices, events, agreements, money) and reads rows by plain SQL.
What it finds is a list of sentences; an empty list is a pass.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from simulation.auditor_of_agreements import (
    Agreements,
    Place,
    of_amounts,
    of_discounts,
    of_holds,
    of_minimums,
    of_orders,
    of_placement,
)
from simulation.auditor_of_bills import (
    Buyers,
    of_arithmetic,
    of_credit_notes,
    of_debts,
    of_numbers,
)
from simulation.auditor_of_money import (
    Money,
    of_chains,
    of_credit,
    of_ledgers,
    of_payments,
)
from simulation.auditor_of_services import of_service_rows, of_services, of_usage
from simulation.auditor_rows import Rows, read
from simulation.auditor_sales import Sales
from simulation.auditor_usage import Usage


@dataclass
class Auditor:
    """What was agreed and done, in the auditor's own words."""

    url: str
    sales: Sales
    buyers: Buyers
    usage: Usage = field(default_factory=Usage)
    money: Money = field(default_factory=Money)
    agreed: Agreements = field(default_factory=Agreements)
    broken: set[str] = field(default_factory=set)
    """Accounts whose legal party lacks what a bill needs: they may be parked."""
    seen: set[Place] = field(default_factory=set)
    credit: dict[str, int] = field(default_factory=dict)

    def rows(self, *names: str) -> Rows:
        """Return the books as they are, whole or some of their tables."""
        return read(self.url, names)

    def before_run(self, on: date) -> None:
        """Remember what credit each payer has for the bills of that day."""
        left: dict[tuple[str, int], int] = {}
        gone: set[tuple[str, int]] = set()
        for each in self.rows("lots").lots:
            key = each.account_id, each.lot_id
            left[key] = left.get(key, 0) + each.amount_minor
            if each.expires_on is not None and each.expires_on <= on:
                gone.add(key)
        self.credit = {}
        for key, amount in left.items():
            self.credit[key[0]] = self.credit.get(key[0], 0) + (0 if key in gone else amount)

    def after_run(self, last_on: date) -> list[str]:
        """A run of the month that ends then is complete: return what is not as agreed."""
        rows = self.rows()
        parked = {each.account_id for each in rows.parked}
        self.usage.rate(last_on, self.sales.held)
        self.sales.ran(last_on, parked)
        self.money.opened(rows)
        fresh = {(each.account_id, each.bill_id) for each in rows.bills} - self.seen
        waiting = parked | {each.account_id for each in rows.charges if each.accepted_on <= last_on}
        found = [
            *(
                f"{each.account_id} is parked without cause: {each.problems}"
                for each in rows.parked
                if each.account_id not in self.broken
            ),
            *self._unnamed(rows, parked, last_on),
            *self._credit_used(rows, fresh),
            *of_discounts(rows, self.agreed, fresh),
            *of_amounts(rows, self.agreed, waiting),
            *of_minimums(rows, self.agreed, last_on, waiting),
            *of_placement(rows, self.agreed, fresh),
            *of_holds(rows, self.agreed, last_on),
            *of_debts(rows, self.buyers, fresh),
        ]
        self.seen |= fresh
        return found

    def _unnamed(self, rows: Rows, parked: Collection[str], last_on: date) -> list[str]:
        """Return accounts with something to bill that are neither parked nor held, nor carried."""
        held = {each.account_id for each in rows.holds if each.released_at is None}
        back = {each.account_id for each in rows.charges if each.quantity_e4 < 0}
        due = {
            each.account_id for each in rows.charges if each.accepted_on <= last_on and each.unit_price_ucents
        }
        return [
            f"{account} has open charges and nobody says why" for account in due - held - back - set(parked)
        ]

    def _credit_used(self, rows: Rows, fresh: set[Place]) -> list[str]:
        """Return payers whose credit did not pay as much of their new bills as it could."""
        billed: dict[str, int] = {}
        used: dict[str, int] = {}
        debts = {}
        for each in rows.bills:
            if (each.account_id, each.bill_id) in fresh and each.kind == "bill":
                billed[each.payer_id] = billed.get(each.payer_id, 0) + each.total_minor
                debts[each.order_id] = each.payer_id
        for each in rows.operations:
            if each.debt_id in debts and each.means == "credit-balance":
                payer = debts[each.debt_id]
                used[payer] = used.get(payer, 0) + each.amount_minor
        return [
            f"credit of {payer}: {used.get(payer, 0)} paid new bills, {most} could"
            for payer, amount in billed.items()
            if used.get(payer, 0) != (most := min(amount, self.credit.get(payer, 0)))
        ]

    def judge(self) -> list[str]:
        """Return everything in the books that is not as it was agreed, told and done."""
        rows = self.rows()
        return [
            *of_services(rows, self.sales),
            *of_service_rows(rows, self.sales),
            *of_usage(rows, self.usage),
            *of_arithmetic(rows, self.buyers),
            *of_credit_notes(rows),
            *of_numbers(rows),
            *of_debts(rows, self.buyers, set()),
            *of_orders(rows, self.agreed),
            *of_payments(rows, self.money),
            *of_credit(rows, self.money),
            *of_ledgers(rows, self.money),
            *of_chains(rows),
        ]

    def noticed(self) -> None:
        """Bills that acts made outside of a run are known now."""
        rows = self.rows("bills")
        self.money.opened(rows)
        self.seen |= {(each.account_id, each.bill_id) for each in rows.bills}
