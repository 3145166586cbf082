"""The story of the months: subscriptions, purchase orders, bills, payments, a dispute, requests to sales."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Final

from acquit.actions.ask_sales import ask_sales
from acquit.actions.open_dispute import open_dispute
from acquit.actions.run_bills import run_bills
from acquit.actions.set_purchase_order import set_purchase_order
from acquit.actions.settle_debt import Receipt, settle_debt
from acquit.actions.subscribe_service import subscribe_service
from acquit.core.bill_run import RunStatus
from acquit.core.debt import Allocation, Debt
from acquit.core.identifiers import AccountId
from acquit.core.money import amount_minor
from acquit.core.order_change import OrderTerms
from acquit.core.purchase_order import MatchedBy, OrderKind
from acquit.core.sales_request import AskedOrder, AskedTerm, attachment
from acquit.core.service import Service, renewals
from acquit.core.terms import Term, end_of_month
from acquit.demo.cast import (
    BRASSERIE,
    CAST,
    DELMAS,
    FAMILY,
    FR,
    LAC,
    LEAD,
    PETIT,
    PORT,
    VAULT_BACK,
    Habit,
    Want,
)
from acquit.demo.metering import MONTHLY_MINOR, tell_use, weeks
from acquit.demo.shelf import Shelf
from acquit.demo.stage import Stage, Turn
from acquit.store import bills, debts, services

BILLING: Final = "operator:bruno"
TREASURY: Final = "operator:tania"
FAMILY_BACK: Final = 7
FAMILY_SHARE_PERCENT: Final = 80
SPENT_BACK: Final = 4
SPENT_BILLS: Final = 3
FORGOTTEN_BACK: Final = 2
DISPUTED_BACK: Final = 1
ROUND_MINOR: Final = 10_000

SHARING: Final = frozenset({LEAD.account_id, *(sub.account_id for sub in FAMILY if sub.party is None)})
"""The accounts that share the family's purchase orders."""

HABITS: Final[dict[AccountId, Habit]] = {each.account_id: each.habit for each in CAST} | {
    sub.account_id: sub.habit for sub in FAMILY if sub.party is not None
}
"""Who pays, and how."""


@dataclass(slots=True)
class Story:
    """What happens, month by month; `seen` are the debts whose payment is planned."""

    stage: Stage
    shelf: Shelf
    seen: set[int] = field(default_factory=set)

    def begin(self) -> None:
        """Plan all that does not follow from something else."""
        for account_id, wants in _wants():
            for want in wants:
                self._plan_service(account_id, want)
        self._plan_orders()
        self._plan_use()
        for first in self.stage.calendar.firsts:
            self.stage.plan(first, Turn.BILLING, partial(self.bill, first))
        self._plan_requests()

    # ------------------------------------------------------------ services

    def _plan_service(self, account_id: AccountId, want: Want) -> None:
        on = self.stage.calendar.day(want.back, want.day)
        self.stage.plan(on, Turn.SUBSCRIBING, lambda: self.subscribe(account_id, want, on))

    def subscribe(self, account_id: AccountId, want: Want, on: date) -> None:
        """The account subscribes what it wants."""
        wish = self.shelf.wish(want, on)
        subscribe_service(self.stage.context, account_id, wish, by=f"account:{account_id}/{account_id}")

    def _plan_use(self) -> None:
        """What the vault gives back is told each week, the rest of a month before the next is billed."""
        begins_on = self.stage.calendar.day(VAULT_BACK, 1)
        for since_on, until_on in weeks(self.stage.calendar, begins_on):
            told = partial(tell_use, self.stage.context, since_on, until_on, BILLING)
            self.stage.plan(until_on, Turn.MEASURING, told)

    # ------------------------------------------------------------ purchase orders

    def _plan_orders(self) -> None:
        calendar = self.stage.calendar
        plan = partial(self.stage.plan, turn=Turn.ORDERING)
        begun, shared = calendar.opening + timedelta(days=1), calendar.month(FAMILY_BACK)
        if begun < shared:
            before = OrderTerms(f"BC-{begun:%y}-0417", begun, shared, members=SHARING)
            plan(begun, scene=lambda: self.order(LEAD.account_id, before))
        plan(shared, scene=self.share_order)
        plan(calendar.month(SPENT_BACK), scene=self.order_too_little)
        self._plan_period_orders()

    def _plan_period_orders(self) -> None:
        """Two orders of a clinic that follow each other in the middle of a month, by the service's period."""
        calendar = self.stage.calendar
        begun, changed = calendar.day(10_000, 1), calendar.day(6, 15)
        terms = [(begun, f"CDL-{begun:%Y}-118", changed), (changed, f"CDL-{changed:%Y}-042", None)]
        for start_on, reference, end_on in terms:
            if end_on is None or start_on < end_on:
                terms_of = OrderTerms(reference, start_on, end_on, matched_by=MatchedBy.SERVICE_PERIOD)
                self.stage.plan(
                    calendar.opening if start_on == begun else calendar.month(6),
                    Turn.ORDERING,
                    partial(self.order, LAC.account_id, terms_of),
                )

    def order(self, account_id: AccountId, terms: OrderTerms) -> None:
        """Billing sets a purchase order that the account sent."""
        set_purchase_order(self.stage.context, account_id, terms, by=BILLING)

    def share_order(self) -> None:
        """The family gets a blanket order of which its bills up to the end of the play take four fifths."""
        start_on = self.stage.calendar.month(FAMILY_BACK)
        expected = self._expected_minor(SHARING, end_of_month(self.stage.calendar.as_of))
        expected += MONTHLY_MINOR * (FAMILY_BACK + 1)
        amount = -(-expected * 100 // FAMILY_SHARE_PERCENT // ROUND_MINOR) * ROUND_MINOR
        terms = OrderTerms(
            f"BC-{start_on:%y}-2206", start_on, kind=OrderKind.BLANKET, members=SHARING,
            amount_max_minor=amount, cost_account="6135", description="Informatique du groupe",
        )  # fmt: skip
        self.order(LEAD.account_id, terms)

    def order_too_little(self) -> None:
        """An order is spent by three bills; those that follow are billed without one, with a warning."""
        calendar = self.stage.calendar
        start_on = calendar.month(SPENT_BACK)
        last = calendar.month(max(SPENT_BACK - SPENT_BILLS + 1, 0))
        amount = self._expected_minor({DELMAS.account_id}, end_of_month(last))
        terms = OrderTerms(
            f"TD/{start_on:%Y}/77", start_on, kind=OrderKind.BLANKET, amount_max_minor=amount or 1
        )
        self.order(DELMAS.account_id, terms)

    def _expected_minor(self, account_ids: Iterable[AccountId], until_on: date) -> int:
        """Return the net of all renewals of these accounts that start up to that day and are not billed."""
        with self.stage.context.database.read() as tx:
            found = [each for account_id in account_ids for each in services.of_account(tx, account_id)]
        return sum(_renewing_minor(each, until_on) for each in found)

    # ------------------------------------------------------------ bills and money

    def bill(self, first: date) -> None:
        """The month is billed on its first day; what follows from the bills is planned."""
        reports = run_bills(self.stage.context, FR, f"{first:%Y-%m}", by="system")
        assert all(report.status is RunStatus.CLOSED for report in reports), (
            "every account of the play is billed"
        )
        for payer_id, habit in HABITS.items():
            for due_on, owed in self._new_debts(payer_id).items():
                self._plan_payment(payer_id, habit, due_on, owed)

    def _new_debts(self, payer_id: AccountId) -> dict[date, list[Debt]]:
        with self.stage.context.database.read() as tx:
            found = [debt for debt in debts.of_payer(tx, payer_id) if debt.debt_id not in self.seen]
        self.seen.update(debt.debt_id for debt in found)
        by_day: dict[date, list[Debt]] = {}
        for debt in found:
            by_day.setdefault(debt.due_on, []).append(debt)
        return by_day

    def _plan_payment(self, payer_id: AccountId, habit: Habit, due_on: date, owed: list[Debt]) -> None:
        calendar, today = self.stage.calendar, self.stage.clock.today("")
        left_days = (calendar.as_of - due_on).days
        if habit.late_days and left_days < habit.late_days:
            return
        if payer_id == LEAD.account_id:
            owed = self._without_trouble(owed, today)
        share = 2 if 0 <= left_days < habit.halves_days else 1
        on = max(due_on + timedelta(days=habit.after_days), today + timedelta(days=1))
        if owed:
            paid = [(debt, debt.amount_minor // share) for debt in owed]
            self.stage.plan(on, Turn.PAYING, partial(self.pay, payer_id, paid))

    def _without_trouble(self, owed: list[Debt], today: date) -> list[Debt]:
        """One of the leading customer's own bills is forgotten, one is disputed."""
        calendar = self.stage.calendar
        own = [debt for debt in owed if debt.account_id == LEAD.account_id]
        others = [debt for debt in owed if debt.account_id != LEAD.account_id]
        if calendar.months > FORGOTTEN_BACK and today == calendar.month(FORGOTTEN_BACK):
            return others
        if calendar.months > DISPUTED_BACK and today == calendar.month(DISPUTED_BACK):
            self.stage.plan(today + timedelta(days=9), Turn.TALKING, partial(self.dispute, own[0]))
            return others
        return owed

    def pay(self, payer_id: AccountId, paid: Sequence[tuple[Debt, int]]) -> None:
        """One transfer settles bills that fell due together, each by so much."""
        on = self.stage.clock.today("")
        allocations = [Allocation(debt.account_id, debt.debt_id, amount) for debt, amount in paid]
        first = paid[0][0]
        receipt = Receipt(
            received_on=on,
            amount_minor=sum(each.amount_minor for each in allocations),
            currency=first.currency,
            bank_reference=f"VIR{on:%Y%m%d}{first.debt_id}",
            label=" ".join(debt.bill_id for debt, _ in paid),
        )
        settle_debt(self.stage.context, payer_id, receipt, allocations, by=TREASURY)

    def dispute(self, debt: Debt) -> None:
        """The customer objects to the dearest line of a bill, and pays the rest when it is due."""
        with self.stage.context.database.read() as tx:
            bill = bills.find(tx, debt.account_id, debt.bill_id)
        assert bill is not None, "the debt is on a bill"
        detail = max(bill.details, key=lambda each: (each.net_minor, -each.detail_no))
        open_dispute(
            self.stage.context, debt.account_id, debt.bill_id, detail.net_minor,
            "Le serveur a été arrêté trois jours pendant cette période : nous demandons un avoir.",
            detail_no=detail.detail_no, by=f"account:{debt.account_id}/{debt.account_id}",
        )  # fmt: skip
        rest = [(debt, debt.amount_minor - detail.net_minor)]
        self.stage.plan(debt.due_on, Turn.PAYING, partial(self.pay, debt.payer_id, rest))

    # ------------------------------------------------------------ requests

    def _plan_requests(self) -> None:
        as_of = self.stage.calendar.as_of
        for back, scene in enumerate((self.ask_order, self.ask_lawful_term, self.ask_unlawful_term)):
            on = max(as_of - timedelta(days=3 - back), self.stage.calendar.opening + timedelta(days=1))
            self.stage.plan(on, Turn.TALKING, scene)

    def ask_order(self) -> None:
        """The printer sends its purchase order, as a file."""
        year = self.stage.calendar.as_of.year
        reference = f"IVP-{year}-7731"
        text = (
            f"Imprimerie du Vieux Port SARL\nBon de commande {reference}\n"
            "Hébergement et services en ligne, à reporter sur vos factures.\n"
            "Montant maximal : 4 800,00 EUR HT\n"
        )
        terms = OrderTerms(
            reference, self.stage.calendar.as_of, kind=OrderKind.BLANKET, amount_max_minor=480_000,
            description="Services en ligne",
        )  # fmt: skip
        ask_sales(
            self.stage.context, PORT.account_id, AskedOrder(terms), by=f"account:{PORT.account_id}",
            message="Merci de reporter ce numéro sur nos prochaines factures.",
            file=attachment(f"{reference}.txt", text.encode()),
        )  # fmt: skip

    def ask_lawful_term(self) -> None:
        """A brewery of the right support level asks for 45 days."""
        ask_sales(
            self.stage.context, BRASSERIE.account_id, AskedTerm(Term(45)),
            by=f"account:{BRASSERIE.account_id}",
            message="Nos propres clients nous paient à 45 jours : pouvons-nous faire de même ?",
        )  # fmt: skip

    def ask_unlawful_term(self) -> None:
        """A small shop of standard support asks for 60 days, which the check refuses."""
        ask_sales(
            self.stage.context, PETIT.account_id, AskedTerm(Term(60)), by=f"account:{PETIT.account_id}",
            message="Un délai de 60 jours nous aiderait.",
        )  # fmt: skip


def _wants() -> list[tuple[AccountId, tuple[Want, ...]]]:
    own = [(each.account_id, each.wants) for each in CAST]
    return own + [(sub.account_id, sub.wants) for sub in FAMILY]


def _renewing_minor(service: Service, until_on: date) -> int:
    net = amount_minor(service.quantity_e4, service.unit_price_ucents, service.currency)
    return net * sum(1 for _ in renewals(service, until_on + timedelta(days=1)))
