"""A provider's customer over time: bills are issued and changed, debts paid, orders replaced, seeded."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from collector.provider import OTHERS, Provider, World, pdf, price

FIRST_DAY = date(2026, 1, 12)
CHANGES_WITHIN = timedelta(days=30)
"""Younger than the weeks that every run looks at anew."""


@dataclass
class Life:
    """All accounts of one provider, and every form that each bill ever had."""

    chance: Random
    provider: Provider
    day: date = FIRST_DAY
    keys: list[str] = field(default_factory=list)
    forms: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """By bill, oldest first."""
    printable: dict[str, list[bytes]] = field(default_factory=dict)
    """The paper of each form."""
    numbers: int = 0

    def begin(self, accounts: int) -> None:
        for _ in range(accounts):
            self.open_account()

    def open_account(self) -> None:
        """A sub-account more: the parent lists it, it has a key and an order of its own."""
        self.keys.append(f"consumer-key-{len(self.keys)}")
        world = self.provider.world(self.keys[-1])
        if len(self.keys) > 1:
            number = len(self.keys) - 1
            self.provider.world(self.keys[0]).sub_accounts[str(number)] = {
                "id": number, "description": f"Team {number}", "creationDate": f"{self.day}T08:00:00+01:00",
            }  # fmt: skip
        world.methods["1"] = {"paymentMethodId": 1, "paymentType": "ENTERPRISE", "paymentSubType": "45_DAYS",
                              "status": "VALID", "default": True, "label": None}  # fmt: skip
        self._order(world)
        for _ in range(self.chance.randrange(0, 6)):
            self.issue(world)

    def pass_days(self, days: int) -> None:
        """Let days pass, with what happens in them."""
        self.day += timedelta(days=days)
        if self.chance.random() < 0.3 and len(self.keys) < 4:
            self.open_account()
        for key in self.keys:
            self.happen(self.provider.world(key))

    def happen(self, world: World) -> None:
        """One day's events of one account."""
        for _ in range(self.chance.choice((0, 0, 1, 3))):
            self.issue(world)
        young = [one for one in world.bills if self._day_of(world.bills[one]) >= self.day - CHANGES_WITHIN]
        for bill_id in young:
            if self.chance.random() < 0.2:
                self.change(world, bill_id)
        if self.chance.random() < 0.4:
            self.issue_other(world)
        for debt_id in list(world.debts):
            if self.chance.random() < 0.2:
                self.pay(world, debt_id)
        if self.chance.random() < 0.2:
            self._order(world)
        if self.chance.random() < 0.2:
            world.methods["1"] = world.methods["1"] | {"label": f"of {self.day}"}

    def issue(self, world: World) -> None:
        self.numbers += 1
        bill_id, day = f"FR{self.numbers:06d}", self.day - timedelta(days=self.chance.randrange(0, 20))
        count = 501 if self.chance.random() < 0.05 else self.chance.randrange(4)
        amounts = [self.chance.randrange(-500, 9000) for _ in range(count)]
        world.bill(bill_id, f"{day}", *amounts, due=f"{day + timedelta(days=45)}")
        order_id = world.bills[bill_id]["orderId"]
        world.operations[str(order_id)] = {}
        domain = f"server-{self.numbers}.example"
        world.services[str(self.numbers)] = {
            "serviceId": self.numbers, "resource": {"name": domain, "displayName": domain, "state": "active"},
        }  # fmt: skip
        self._formed(world, bill_id)

    def issue_other(self, world: World) -> None:
        """Issue what is no bill; a supplier's own numbers may be those of the provider's bills."""
        self.numbers += 1
        route = self.chance.choice(tuple(OTHERS))
        number = f"{route[:2].upper()}{self.numbers:06d}"
        if route == "reverseBill" and world.bills and self.chance.random() < 0.5:
            number = self.chance.choice(sorted(world.bills))
        day = self.day - timedelta(days=self.chance.randrange(0, 200))
        if number not in world.others[route]:
            amounts = [self.chance.randrange(1, 9000) for _ in range(self.chance.randrange(1, 4))]
            world.other(route, number, f"{day}", *amounts)
            self.printable[f"{route}:{number}"] = [world.papers[f"{route}:{number}"]]

    def change(self, world: World, bill_id: str) -> None:
        """Give the bill another content: amounts and lines, or a member that no amount depends on."""
        if self.chance.random() < 0.3:
            world.bills[bill_id]["eInvoicingStatus"] = self.chance.choice(("ok", "rejected", "submitted"))
        else:
            kept = world.bills[bill_id]
            day = str(self._day_of(kept))
            world.bill(bill_id, day, *[self.chance.randrange(1, 9000) for _ in range(2)])
            world.bills[bill_id]["orderId"] = kept["orderId"]
            world.papers[bill_id] = pdf("Invoice", bill_id, f"form {len(self.forms[bill_id]) + 1}")
        self._formed(world, bill_id)

    def pay(self, world: World, debt_id: str) -> None:
        """Settle the debt; some providers list it no longer."""
        debt = world.debts[debt_id]
        if debt["status"] != "PAID":
            amount = debt["amount"]
            world.debts[debt_id] = debt | {"status": "PAID", "dueAmount": price(0),
                                           "unmaturedAmount": price(0)}  # fmt: skip
            number = str(len(world.operations[debt_id]) + int(debt_id) * 10)
            world.operations[debt_id][number] = {
                "operationId": int(number), "date": f"{self.day}T10:00:00+01:00", "amount": amount,
                "type": "ENTERPRISE_MANUAL", "status": "DONE", "depositOrderId": None,
            }  # fmt: skip
        elif self.chance.random() < 0.2:
            del world.debts[debt_id]

    def _order(self, world: World) -> None:
        """Replace the order in force: the former is listed no longer."""
        world.orders.clear()
        self.numbers += 1
        world.orders[str(self.numbers)] = {
            "id": self.numbers, "reference": f"PO-{self.numbers}", "type": "PURCHASE_ORDER",
            "status": "CREATED", "active": True, "startDate": "2026-01-01", "endDate": None,
            "billingGroupId": None, "description": None,
        }  # fmt: skip

    def _formed(self, world: World, bill_id: str) -> None:
        form = {
            name: told
            for name, told in world.bills[bill_id].items()
            if name not in ("pdfUrl", "url", "password")
        }
        self.forms.setdefault(bill_id, []).append(form)
        self.printable.setdefault(bill_id, []).append(world.papers[bill_id])

    @staticmethod
    def _day_of(bill: dict[str, Any]) -> date:
        return date.fromisoformat(bill["date"][:10])
