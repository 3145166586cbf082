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
from simulation.auditor_of_down_payments import DownPayments, advances, of_deductions, of_down_payments
from simulation.auditor_of_let_off import of_let_off
from simulation.auditor_of_money import (
    Money,
    of_chains,
    of_credit,
    of_ledgers,
    of_payments,
)
from simulation.auditor_of_moves import of_moves, of_owners_of_use
from simulation.auditor_of_points import Points, of_points, owed_for_points
from simulation.auditor_of_returns import Stand, of_credited, of_parked, of_waiting
from simulation.auditor_of_reverse import Reverse, books, of_reverse
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
    below_zero: str = "carry"
    """What the seller wants of charges that come to less than nothing."""
    usage: Usage = field(default_factory=Usage)
    money: Money = field(default_factory=Money)
    agreed: Agreements = field(default_factory=Agreements)
    down_payments: DownPayments = field(default_factory=DownPayments)
    points: Points = field(default_factory=Points)
    reverse: Reverse = field(default_factory=Reverse)
    broken: set[str] = field(default_factory=set)
    """Accounts whose legal party lacks what a bill needs: they may be parked."""
    seen: set[Place] = field(default_factory=set)
    credit: dict[str, int] = field(default_factory=dict)
    expired: set[tuple[str, int]] = field(default_factory=set)
    last_movement: int = 0
    """Of credit: what each payer has for bills, lots that are gone, and what was written before the run."""

    def rows(self, *names: str) -> Rows:
        """Return the books as they are, whole or some of their tables."""
        return read(self.url, names)

    def before_run(self, on: date) -> None:
        """Remember what credit each payer has for the bills of that day."""
        left: dict[tuple[str, int], int] = {}
        rows = self.rows("lots", "bills", "details", "operations")
        self.down_payments.before_run(rows)
        for each in rows.lots:
            if each.type == "POINTS":
                continue
            key = each.account_id, each.lot_id
            left[key] = left.get(key, 0) + each.amount_minor
            self.last_movement = max(self.last_movement, each.movement_id)
            if each.expires_on is not None and each.expires_on <= on:
                self.expired.add(key)
        self.credit = {}
        for key, amount in left.items():
            self.credit[key[0]] = self.credit.get(key[0], 0) + (0 if key in self.expired else amount)

    def after_run(self, last_on: date) -> list[str]:
        """A run of the month that ends then is complete: return what is not as agreed."""
        rows = self.rows()
        parked = {each.account_id for each in rows.parked}
        self.usage.rate(last_on, self.sales.held)
        self.sales.ran(last_on, parked)
        self.money.opened(rows)
        fresh = {(each.account_id, each.bill_id) for each in rows.bills} - self.seen
        self._noted(rows, fresh)
        waiting = parked | {each.account_id for each in rows.charges if each.accepted_on <= last_on}
        waiting |= {each.account_id for each in rows.holds if each.released_at is None}
        found = [
            *of_parked(rows, self.below_zero, self.broken),
            *of_waiting(rows, self._stand(rows, parked), self.sales.payers, last_on),
            *self._unnamed(rows, parked, last_on),
            *self._credit_used(rows, fresh),
            *of_deductions(rows, self.down_payments, fresh),
            *of_discounts(rows, self.agreed, fresh),
            *of_amounts(rows, self.agreed, waiting),
            *of_minimums(rows, self.agreed, last_on, waiting),
            *of_placement(rows, self.agreed, fresh),
            *of_holds(rows, self.agreed, last_on),
            *of_debts(rows, self.buyers, fresh),
        ]
        self.seen |= fresh
        return found

    def _noted(self, rows: Rows, fresh: set[Place]) -> None:
        """Credit notes of the run took something back; what was paid for it is in hand, or credit.

        Credit that had paid for it is there again for the bills of the run.
        """
        bills = {(each.account_id, each.bill_id): each for each in rows.bills}
        for each in rows.bills:
            if (each.account_id, each.bill_id) in fresh and each.kind == "credit-note":
                bill = bills[each.account_id, each.corrects_bill_id]
                free = self.money.noted(bill.order_id, each.total_minor, each.tax_minor)
                if free and self.below_zero == "credit-balance":
                    self.money.prepaid[bill.payer_id] += free
                    self.credit[bill.payer_id] = self.credit.get(bill.payer_id, 0) + free
        for each in rows.lots:
            came_back = each.amount_minor > 0 and each.lot_id < each.movement_id > self.last_movement
            if came_back and (each.account_id, each.lot_id) not in self.expired:
                self.credit[each.account_id] = self.credit.get(each.account_id, 0) + each.amount_minor

    def _stand(self, rows: Rows, parked: Collection[str]) -> Stand:
        conditions = {each.account for each in self.agreed.discounts.values()}
        conditions |= {each.account for each in self.agreed.minimums.values()}
        for order in self.agreed.orders.values():
            conditions |= order.members
        held = {each.account_id for each in rows.holds if each.released_at is None}
        return Stand(self.below_zero, frozenset(parked), frozenset(held), frozenset(conditions))

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

    def judge(self, today: date) -> list[str]:
        """Return everything in the books that is not as it was agreed, told and done until a day."""
        rows = self.rows()
        return [
            *of_services(rows, self.sales),
            *of_service_rows(rows, self.sales),
            *of_moves(rows, self.sales),
            *of_usage(rows, self.usage),
            *of_owners_of_use(rows, self.sales, self.usage),
            *of_arithmetic(rows, self.buyers),
            *of_credit_notes(rows),
            *of_credited(rows, self.below_zero),
            *of_let_off(rows),
            *of_numbers(rows),
            *of_debts(rows, self.buyers, set()),
            *of_orders(rows, self.agreed),
            *of_payments(rows, self.money),
            *of_credit(rows, self.money),
            *of_down_payments(rows, self.down_payments),
            *of_points(rows, self.points, self.money, self.sales, today),
            *of_reverse(rows, self.reverse),
            *of_ledgers(rows, self.money, self.others(rows)),
            *of_chains(rows),
        ]

    def others(self, rows: Rows) -> dict[str, int]:
        """Return what down payments, points and reverse bills put on the ledgers, by role."""
        asked, points, reverse = advances(rows), owed_for_points(rows), books(rows, self.reverse)
        return {
            "revenue": asked, "down_payment": -asked, "credit_given": points, "points": -points,
            "bank": reverse.bank, "supplier": reverse.supplier, "bought_services": reverse.bought,
            "vat_deductible": reverse.vat_now, "vat_deductible_pending": reverse.vat_later,
            "vat_self_assessed": -reverse.vat_own, "vat_self_deducted": reverse.vat_own,
        }  # fmt: skip

    def noticed(self) -> None:
        """Bills that acts made outside of a run are known now."""
        rows = self.rows("bills")
        self.money.opened(rows)
        self.seen |= {(each.account_id, each.bill_id) for each in rows.bills}
