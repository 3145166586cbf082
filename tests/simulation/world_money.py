"""Acts about money, usage, agreements and accounts, each told to the auditor once it succeeded."""

import json
from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from typing import Any

from acquit.actions.accept_usage import Arrived, prepare, write
from acquit.actions.add_credit import Credit, add_credit
from acquit.actions.agree_discount import agree_discount, end_discount
from acquit.actions.agree_minimum_spend import agree_minimum_spend, end_minimum_spend
from acquit.actions.change_purchase_order import close_purchase_order, raise_purchase_order
from acquit.actions.correct_bill import Correction, correct_bill
from acquit.actions.credit_bill import credit_bill
from acquit.actions.grant_enterprise_terms import approve_enterprise_terms, grant_enterprise_terms
from acquit.actions.revoke_enterprise_terms import revoke_enterprise_terms
from acquit.actions.set_purchase_order import set_order_policy, set_purchase_order
from acquit.actions.settle_debt import Receipt, apply_deposit, reopen_debt, return_payment, settle_debt
from acquit.actions.share_bills import share_bills
from acquit.actions.usage_lines import json_reader
from acquit.actions.usage_terms import Terms
from acquit.core.credit import Part
from acquit.core.credit_balance import CreditType
from acquit.core.debt import Allocation
from acquit.core.discount import Discount
from acquit.core.identifiers import (
    AccountId,
    BillId,
    DebtId,
    DiscountId,
    MinimumSpendId,
    PurchaseOrderId,
    ServiceId,
)
from acquit.core.minimum_spend import Interval, MinimumSpend, Whose
from acquit.core.order_change import OrderTerms
from acquit.core.purchase_order import MatchedBy, OrderKind, OrderLine, Policy
from acquit.core.sales_request import AskedTerm
from acquit.core.terms import Term
from founding import SAM
from simulation import auditor_of_agreements as agreements
from simulation.auditor_of_money import Owed
from simulation.world import EUR, PARENT, SUBS, World
from simulation.world_catalogue import METER_CODES

OLDEST_USE = timedelta(days=400)
"""How late an event may come (`usage_past_days`)."""

# ---------------------------------------------------------------- payments


def open_debts(world: World) -> list[tuple[int, Any, int]]:
    """Return the debts that are open: number, row, open amount."""
    rows = world.auditor.rows("debts", "operations")
    effect: dict[int, int] = {}
    for each in rows.operations:
        effect[each.debt_id] = effect.get(each.debt_id, 0) + each.effect_minor
    found = [(each.debt_id, each, each.amount_minor + effect.get(each.debt_id, 0)) for each in rows.debts]
    return [each for each in found if each[2] > 0]


def pay(world: World) -> str | None:
    """Pay some debts of a payer, whole or in part, perhaps more than is owed."""
    owed = open_debts(world)
    if not owed:
        return None
    payer = world.rng.choice(owed)[1].payer_id
    chosen = [each for each in owed if each[1].payer_id == payer][: world.rng.randint(1, 5)]
    parts = {each[0]: world.rng.choice((each[2], each[2], world.rng.randint(1, each[2]))) for each in chosen}
    amount = sum(parts.values()) + world.rng.choice((0, 0, 1, 5_000))
    allocations = [Allocation(each[1].account_id, DebtId(each[0]), parts[each[0]]) for each in chosen]
    settle_debt(world.context, payer, Receipt(world.today, amount, EUR), allocations, by="cli")
    world.auditor.money.paid(payer, amount, parts)
    return f"{payer} {amount}: {parts}"


def unapplied(world: World) -> list[tuple[str, str, int]]:
    """Return deposits with money in hand: payer, number, amount."""
    rows = world.auditor.rows("deposits", "operations", "lots")
    left = {(each.account_id, each.deposit_id): each.amount_minor for each in rows.deposits}
    for each in rows.operations:
        if each.deposit_id is not None and each.kind in ("payment", "reopened"):
            left[each.deposit_payer, each.deposit_id] += each.effect_minor
    for each in rows.lots:
        if each.deposit_id is not None:
            left[each.account_id, each.deposit_id] -= each.amount_minor
    return [(payer, number, amount) for (payer, number), amount in left.items() if amount > 0]


def pay_later(world: World) -> str | None:
    """Let money in hand settle a debt."""
    for payer, deposit, amount in unapplied(world):
        for number, debt, is_open in open_debts(world):
            if debt.payer_id == payer:
                part = min(amount, is_open)
                allocations = [Allocation(debt.account_id, DebtId(number), part)]
                apply_deposit(world.context, AccountId(payer), deposit, allocations, by="cli")
                world.auditor.money.applied({number: part})
                return f"{payer} {deposit} {part} of {number}"
    return None


def _standing(world: World) -> list[Any]:
    rows = world.auditor.rows("operations")
    undone = {each.reverses_id for each in rows.operations}
    return [
        each
        for each in rows.operations
        if each.kind == "payment" and each.deposit_id is not None and each.operation_id not in undone
    ]


def undo(world: World) -> str | None:
    """A payment comes back, or was matched with the wrong debt."""
    found = _standing(world)
    if not found:
        return None
    row, bank = world.rng.choice(found), world.rng.random() < 0.5
    action = return_payment if bank else reopen_debt
    action(world.context, row.account_id, row.debt_id, row.operation_id, "why", by="cli")
    world.auditor.money.undone(row.debt_id, row.amount_minor, bank=bank)
    return f"{row.debt_id} {row.amount_minor} bank {bank}"


def give_credit(world: World) -> str | None:
    """Give a payer credit, or let its money in hand become credit."""
    rng, money = world.rng, world.auditor.money
    in_hand = unapplied(world)
    if in_hand and rng.random() < 0.5:
        payer, deposit, amount = rng.choice(in_hand)
        credit = Credit(amount, EUR, CreditType.PREPAID_ACCOUNT, "prepaid", deposit_id=deposit)
        add_credit(world.context, AccountId(payer), credit, by="cli")
        money.prepaid[payer] += amount
        return f"{payer} prepaid {amount}"
    payer = rng.choice(sorted({world.auditor.sales.payers[each] for each in world.accounts}))
    amount = rng.randint(1, 20_000)
    expires = rng.choice((None, world.today + timedelta(days=rng.randint(5, 60))))
    add_credit(
        world.context, AccountId(payer), Credit(amount, EUR, CreditType.VOUCHER, "sorry", expires_on=expires),
        by="cli",
    )  # fmt: skip
    money.given[payer] += amount
    return f"{payer} voucher {amount} until {expires}"


# ---------------------------------------------------------------- credit notes and corrections


def _bills(world: World) -> list[Any]:
    """Return the bills by what they say: who is numbered first is not the same in each run."""
    bills = [each for each in world.auditor.rows("bills").bills if each.kind != "credit-note"]
    return sorted(bills, key=lambda b: (b.issued_on, b.account_id, b.net_minor, b.total_minor, b.number))


def take_back(world: World) -> str | None:
    """Credit a bill, whole or a part of a line."""
    bills = _bills(world)
    if not bills:
        return None
    bill = world.rng.choice(bills[-40:])
    details = world.auditor.rows("details").details
    lines = [each for each in details if each.bill_id == bill.bill_id and each.net_minor > 0]
    parts: tuple[Part, ...] = ()
    if world.rng.random() < 0.6 and lines:
        line = world.rng.choice(lines)
        parts = (Part(line.detail_no, world.rng.randint(1, line.net_minor)),)
    note = credit_bill(world.context, bill.account_id, BillId(bill.bill_id), "why", parts, by="cli")
    world.auditor.money.noted(bill.order_id, note.total_minor, note.tax_minor)
    world.auditor.noticed()
    return f"{bill.bill_id} by {note.bill_id}: {note.total_minor}"


def correct(world: World) -> str | None:
    """Correct the name on a bill: a credit note and a new bill."""
    bills = _bills(world)
    if not bills:
        return None
    bill, money = world.rng.choice(bills[-40:]), world.auditor.money
    name = Correction(members={"name": f"Works {world.next_serial()}"})
    made = correct_bill(world.context, bill.account_id, BillId(bill.bill_id), "moved", name, by="cli")
    paid = money.owed[bill.order_id].paid
    money.noted(bill.order_id, made.credit_note.total_minor, made.credit_note.tax_minor)
    new = made.bill
    money.owed[int(new.order_id)] = Owed(new.payer_id, new.total_minor, new.tax_minor, paid=paid)
    world.auditor.noticed()
    return f"{bill.bill_id} by {new.bill_id}"


# ---------------------------------------------------------------- usage


def use(world: World) -> str | None:
    """Send some events: fresh, late, twice, corrected, or such as are refused."""
    rng = world.rng
    held = [each for each in world.auditor.sales.held.values() if each.head == each.number]
    if not held:
        return None
    told = []
    for _ in range(rng.randint(1, 6)):
        each = rng.choice(held)
        on = world.today - timedelta(days=rng.choice((0, 1, 2, 5, 20, 35, 70)))
        last = each.gone_on - timedelta(days=1) if each.gone_on else on
        on = max(min(on, last), each.started)
        if on > world.today or last < each.started or on < world.today - OLDEST_USE:
            continue
        number = world.next_serial()
        at = datetime.combine(on, time(11, number % 60, number // 60 % 60), UTC)
        quantity = Fraction(rng.randint(1, 900_000), 10_000)
        event_id, meter = f"e{number}", rng.choice(METER_CODES)
        sent = {
            "id": event_id, "account": each.account, "service": each.number, "meter": meter,
            "quantity": f"{float(quantity):.4f}", "at": at.isoformat(),
        }  # fmt: skip
        _send(world, sent)
        world.auditor.usage.came(event_id, (each.account, each.number, meter), at, quantity)
        if rng.random() < 0.3:
            assert _send(world, sent, accepted=False).again == 1, "an event counts once"
        world.sent.append(json.dumps(sent))
        told.append(event_id)
    return f"{told}"


def _send(world: World, *sent: dict[str, Any], accepted: bool = True) -> Any:
    raw = [json.dumps(each).encode() for each in sent]
    read = json_reader("world")
    arrived = [Arrived(number, line, read(line)) for number, line in enumerate(raw, 1)]
    with world.context.database.write() as tx:
        made = write(tx, prepare(tx, Terms(world.context), arrived), "cli")
    assert made.accepted == (len(sent) if accepted else 0), made.told
    return made


def correct_use(world: World) -> str | None:
    """Correct an event that was sent."""
    if not world.sent:
        return None
    sent = json.loads(world.rng.choice(world.sent[-60:]))
    quantity = Fraction(world.rng.randint(0, 900_000), 10_000)
    again = sent | {
        "id": f"c{world.next_serial()}", "corrects": sent["id"], "quantity": f"{float(quantity):.4f}"
    }  # fmt: skip
    _send(world, again)
    world.auditor.usage.corrected(sent["id"], quantity)
    return f"{sent['id']} {sent['quantity']} to {again['quantity']}"


def misuse(world: World) -> str | None:
    """Send what has to be refused."""
    if not world.sent:
        return None
    sent = json.loads(world.rng.choice(world.sent))
    number = world.next_serial()
    wrong = world.rng.choice(
        (
            {"id": f"x{number}", "quantity": "-1"},
            {"id": f"x{number}", "quantity": "0.00001"},
            {"id": f"x{number}", "at": f"{world.today + timedelta(days=3)}T12:00:00Z"},
            {"id": f"x{number}", "service": "nothing"},
            {"quantity": "90000"},
        )
    )
    assert _send(world, sent | wrong, accepted=False).rejected == 1, "it is refused"
    world.auditor.usage.rejected += 1
    return f"{wrong}"


# ---------------------------------------------------------------- agreements


def let_off(world: World) -> str | None:
    """Agree a discount, or end one."""
    rng, agreed = world.rng, world.auditor.agreed
    running = [each for each in agreed.discounts.values() if each.end_on is None]
    if running and rng.random() < 0.4:
        each = rng.choice(running)
        end_discount(
            world.context, AccountId(each.account), DiscountId(each.number), by="cli", end_on=world.today
        )
        each.end_on, each.ended_at = world.today, world.clock.now()
        return f"{each.number} ends"
    account_id = rng.choice(world.accounts)
    has_amount = any(each.account == account_id and each.amount for each in agreed.discounts.values())
    share = rng.choice((500, 1_000, 1_250, 3_333)) if has_amount or rng.random() < 0.6 else None
    amount = None if share else rng.randint(100, 3_000)
    own = [each.number for each in world.auditor.sales.held.values() if each.account == account_id]
    service = rng.choice(own) if own and rng.random() < 0.4 else None
    made = agree_discount(
        world.context,
        Discount(
            account_id, DiscountId(0), "Off", world.today, EUR, share_bp=share, amount_minor=amount,
            service_id=None if service is None else ServiceId(service),
        ),
        by="cli",
    )  # fmt: skip
    number = int(made.discount_id)
    agreed.discounts[number] = agreements.Discount(
        number, account_id, share, amount, service, world.today, world.clock.now()
    )  # fmt: skip
    return f"{account_id} {share} {amount} {service}"


def promise(world: World) -> str | None:
    """Agree a minimum spend per month, or end one."""
    rng, agreed = world.rng, world.auditor.agreed
    running = [each for each in agreed.minimums.values() if each.end_on is None]
    if len(running) > 1:
        each = rng.choice(running)
        end_minimum_spend(
            world.context, AccountId(each.account), MinimumSpendId(each.number), by="cli", end_on=world.today
        )
        each.end_on = world.today
        return f"{each.number} ends"
    account_id, amount = rng.choice(world.accounts), rng.randint(5_000, 40_000)
    least = MinimumSpend(
        account_id, MinimumSpendId(0), "Least", amount, EUR, Interval.MONTH, Whose.ACCOUNT, world.today
    )
    number = int(agree_minimum_spend(world.context, least, by="cli").minimum_spend_id)
    agreed.minimums[number] = agreements.Minimum(number, account_id, amount, world.today)
    return f"{account_id} {amount}"


def order(world: World) -> str:
    """Set a purchase order: open, with a maximum, with lines, of a family, or a successor."""
    rng, agreed = world.rng, world.auditor.agreed
    account_id = rng.choice(world.accounts)
    members = frozenset({PARENT, *rng.sample(SUBS, 2)}) if account_id == PARENT else frozenset()
    kind = rng.choice((OrderKind.OPEN, OrderKind.BLANKET, OrderKind.BLANKET, OrderKind.CLOSED))
    most = rng.randint(5_000, 120_000) if kind is OrderKind.BLANKET else None
    lines = (
        (OrderLine(1, "metal", service_pattern="metal*", amount_max_minor=rng.randint(10_000, 90_000)),
         OrderLine(2, "rest", service_pattern="*", amount_max_minor=rng.randint(5_000, 50_000)))
        if kind is OrderKind.CLOSED else ()
    )  # fmt: skip
    own = [each.number for each in agreed.orders.values() if each.account == account_id]
    succeeds = rng.choice(own) if own and rng.random() < 0.5 else None
    by = rng.choice((MatchedBy.BILL_DATE, MatchedBy.BILL_DATE, MatchedBy.SERVICE_PERIOD))
    ends = world.today + timedelta(days=rng.randint(30, 200))
    terms = OrderTerms(
        f"PO-{world.next_serial()}", world.today, ends, kind=kind, amount_max_minor=most, lines=lines,
        members=members, matched_by=by, succeeds_id=None if succeeds is None else PurchaseOrderId(succeeds),
    )  # fmt: skip
    made = set_purchase_order(world.context, account_id, terms, by="cli")
    number = int(made.purchase_order_id)
    agreed.orders[number] = agreements.Order(
        number, account_id, members or frozenset({account_id}), world.today, ends, most,
        by is MatchedBy.SERVICE_PERIOD, succeeds,
        {each.line_no: (each.service_pattern, each.amount_max_minor or 0) for each in lines},
    )  # fmt: skip
    return f"{account_id} {terms.reference} {kind.value} {most} {by.value} succeeds {succeeds}: {number}"


def amend_order(world: World) -> str | None:
    """Raise an order with a maximum, or close one."""
    rng, orders = world.rng, world.auditor.agreed.orders
    running = [each for each in orders.values() if each.covers(world.today)]
    if not running:
        return None
    each = rng.choice(running)
    number = PurchaseOrderId(each.number)
    if each.most is not None and rng.random() < 0.7:
        most = each.most + rng.randint(1, 50_000)
        raise_purchase_order(world.context, AccountId(each.account), number, most, by="cli")
        each.most = most
        return f"{each.number} raised to {most}"
    ends = world.today + timedelta(days=rng.randint(1, 20))
    close_purchase_order(world.context, AccountId(each.account), number, by="cli", end_on=ends)
    each.end_on = ends
    return f"{each.number} closes on {ends}"


def choose_policy(world: World) -> str:
    """Choose what becomes of bills without an order."""
    account_id, policy = world.rng.choice(world.accounts), world.rng.choice(tuple(Policy))
    set_order_policy(world.context, account_id, policy, by="cli", hold_days_max=20)
    world.auditor.agreed.policies[account_id] = policy.value
    return f"{account_id} {policy.value}"


def agree_term(world: World) -> str:
    """Grant a payer a term, or take it away."""
    payer = AccountId(world.rng.choice(sorted(set(world.auditor.sales.payers.values()))))
    days = world.auditor.buyers.term_days
    if payer in days:
        revoke_enterprise_terms(world.context, payer, by="cli", reason="late payer")
        del days[payer]
        world.auditor.sales.permanent_set(payer, False)
        return f"{payer} revoked"
    grant = grant_enterprise_terms(world.context, payer, AskedTerm(Term(45)), by="cli")
    approve_enterprise_terms(world.context, payer, grant.grant_id, by=SAM)
    days[payer] = 45
    world.auditor.sales.permanent_set(payer, True)
    return f"{payer} 45 days"


def share(world: World) -> str:
    """The family shares one bill, or no longer."""
    world_shares = not world.shared
    share_bills(world.context, PARENT, is_shared=world_shares, by="cli")
    world.shared = world_shares
    return f"{world_shares}"
