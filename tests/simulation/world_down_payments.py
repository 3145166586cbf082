"""Acts about down payments: asked for, paid whole, in part or never, and taken back."""

from datetime import timedelta

from acquit.actions.ask_down_payment import Wanted, ask_down_payment
from acquit.actions.credit_bill import credit_bill
from acquit.actions.settle_debt import Receipt, settle_debt
from acquit.core.credit import Part
from acquit.core.debt import Allocation
from acquit.core.down_payment import For
from acquit.core.identifiers import AccountId, BillId, DebtId, ServiceId
from simulation.auditor_of_down_payments import Asked
from simulation.world import EUR, World
from simulation.world_money import open_debts


def ask(world: World) -> str:
    """Ask for a down payment: on what an account is billed, or on a service, perhaps a share of it."""
    rng, account_id = world.rng, world.rng.choice(world.accounts)
    own = [each for each in world.auditor.sales.held.values() if each.account == account_id]
    held = rng.choice(own) if own and rng.random() < 0.5 else None
    share = rng.choice((1_000, 3_333, 10_000)) if held is not None and rng.random() < 0.5 else None
    amount = None if share else rng.choice((1, 500, 4_999, 12_000, 60_000))
    days = rng.choice((None, None, 0, 7, 30))
    what = For(service_id=None if held is None else ServiceId(held.number))
    made = ask_down_payment(
        world.context, account_id, Wanted(what, "for what comes", amount, share, days), by="cli"
    )
    net = amount or held.terms.net * (share or 0) // 10_000 if held is not None else amount or 0
    payer = world.auditor.sales.payers[account_id]
    term = days if days is not None else world.auditor.buyers.term_days.get(payer, 30)
    due_on = made.issued_on + timedelta(days=term)
    world.auditor.down_payments.asked[account_id, made.bill_id] = Asked(net, what.service_id, due_on)
    world.auditor.noticed()
    return f"{account_id} {made.bill_id} {net} for {what.service_id}"


def pay(world: World) -> str | None:
    """Pay a down payment, whole, in part, or more than is asked for."""
    rng, asked = world.rng, world.auditor.down_payments.asked
    owed = [each for each in open_debts(world) if (each[1].account_id, each[1].bill_id) in asked]
    if not owed:
        return None
    number, debt, is_open = rng.choice(owed)
    part = rng.choice((is_open, is_open, is_open, rng.randint(1, is_open)))
    amount = part + rng.choice((0, 0, 700))
    allocations = [Allocation(debt.account_id, DebtId(number), part)]
    settle_debt(world.context, debt.payer_id, Receipt(world.today, amount, EUR), allocations, by="cli")
    world.auditor.money.paid(debt.payer_id, amount, {number: part})
    return f"{debt.bill_id} {part} of {is_open}"


def take_back(world: World) -> str | None:
    """Take back what bills did not deduct of a down payment, all of it or some."""
    rng, asked = world.rng, world.auditor.down_payments.asked
    if not asked:
        return None
    account, bill_id = rng.choice(list(asked))
    most = asked[account, bill_id].net
    parts = (Part(1, rng.randint(1, most)),) if rng.random() < 0.5 else ()
    note = credit_bill(world.context, AccountId(account), BillId(bill_id), "not wanted", parts, by="cli")
    bills = world.auditor.rows("bills").bills
    order_id = next(each.order_id for each in bills if (each.account_id, each.bill_id) == (account, bill_id))
    world.auditor.money.noted(order_id, note.total_minor, note.tax_minor)
    world.auditor.noticed()
    return f"{bill_id} by {note.bill_id}: {note.total_minor}"
