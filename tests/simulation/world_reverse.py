"""Acts about what accounts supply: agreed, billed in their name, contested, paid, set off, taken back."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from acquit.actions.agree_self_billing import (
    Terms,
    accept_self_billing,
    agree_self_billing,
    revoke_self_billing,
)
from acquit.actions.answer_reverse_bill import accept_reverse_bill, contest_reverse_bill, end_contest
from acquit.actions.issue_reverse_bill import issue_reverse_bill, take_back_reverse_bill
from acquit.actions.pay_reverse_bill import pay_reverse_bill, set_off_reverse_bill
from acquit.actions.refund_money import (
    approve_refund,
    record_refund_failed,
    record_refund_paid,
    refuse_refund_asked,
)
from acquit.actions.settle_debt import reopen_debt
from acquit.core.identifiers import AccountId, BillId, DebtId
from acquit.core.reverse_bill import Supplied
from acquit.core.self_billing import Regime
from simulation.auditor_of_reverse import Agreed, Line, Place, Supply, set_off_standing
from simulation.world import World

TESS: Final = "operator:tess"
TOM: Final = "operator:tom"


def agree(world: World) -> str | None:
    """Agree with an account that its bills are made for it; one accepts at once, another later or never."""
    rng, account_id = world.rng, world.rng.choice(world.accounts)
    country = world.auditor.buyers.countries[account_id]
    regime = Regime.REVERSE_CHARGE if country != "FR" else rng.choice((Regime.STANDARD, Regime.SMALL_EXEMPT))
    terms = Terms(
        "commissions", f"MAND-{world.next_serial()}", regime, on_debits=rng.random() < 0.3,
        contest_days=rng.choice((1, 5, 15)), term_days=rng.choice((0, 30, 60)), sets_off=rng.random() < 0.7,
    )  # fmt: skip
    made = agree_self_billing(world.context, account_id, terms, by="cli")
    agreed = Agreed(
        account_id, regime.value, terms.on_debits, terms.contest_days, terms.term_days, terms.sets_off
    )
    world.auditor.reverse.agreed[account_id, made.agreement_no] = agreed
    if rng.random() < 0.8:
        _accept(world, (account_id, made.agreement_no))
    return f"{account_id} {agreed}"


def _accept(world: World, key: tuple[str, int]) -> None:
    accept_self_billing(world.context, AccountId(key[0]), key[1], "Alice", by="cli")
    world.auditor.reverse.agreed[key].accepted_on = world.today


def accept_or_revoke(world: World) -> str | None:
    """An offered agreement is accepted, or one is revoked."""
    agreed = world.auditor.reverse.agreed
    offered = [key for key, each in agreed.items() if each.accepted_on is None and each.revoked_on is None]
    if offered and world.rng.random() < 0.7:
        key = world.rng.choice(offered)
        _accept(world, key)
        return f"{key} accepted"
    if not agreed:
        return None
    key = world.rng.choice(list(agreed))
    revoke_self_billing(world.context, AccountId(key[0]), key[1], "over", by="cli")
    agreed[key].revoked_on = world.today
    return f"{key} revoked"


def bill(world: World) -> str | None:
    """Bill what an account supplied, some lines at several rates; what was billed before is refused."""
    rng, reverse = world.rng, world.auditor.reverse
    if not reverse.agreed:
        return None
    running = [key for key, each in reverse.agreed.items() if each.runs]
    account, offered = rng.choice(running if running and rng.random() < 0.9 else list(reverse.agreed))
    number = next((number for of, number in running if of == account), offered)
    standard = reverse.agreed[account, number].regime == "standard"
    lines = tuple(_line(world, standard=standard) for _ in range(rng.randint(1, 3)))
    if reverse.made and rng.random() < 0.2:
        lines = rng.choice(list(reverse.made.values())).lines
        lines = tuple(replace(each, rate_bp=2_000 if standard else 0) for each in lines)
    supplied = [_supplied(each) for each in lines]
    made = issue_reverse_bill(world.context, AccountId(account), supplied, by="cli")
    reverse.issued((account, made.bill_id), number, made.issued_on, lines)
    return f"{account} {made.bill_id} {made.net_minor} {made.tax_minor}"


def _line(world: World, *, standard: bool) -> Line:
    rng = world.rng
    start = world.today - timedelta(days=rng.randint(1, 60))
    rate = rng.choice((2_000, 2_000, 1_000, 550)) if standard else 0
    quantity, price = rng.choice((10_000, 25_000, 1)), rng.choice((1_00000000, 33_33333333, 250_00000000))
    return Line(f"R{world.next_serial()}", quantity, price, start, start + timedelta(days=20), rate)


def _supplied(line: Line) -> Supplied:
    return Supplied(
        line.reference, "Commission", line.quantity_e4, line.price_ucents, line.start, line.end,
        line.rate_bp or None,
    )  # fmt: skip


def _made(world: World, *, payable: bool = False) -> tuple[Place, Supply] | None:
    found = list(world.auditor.reverse.made.items())
    ready = [each for each in found if each[1].may_be_paid(world.today)]
    if payable and ready and world.rng.random() < 0.8:
        found = ready
    return world.rng.choice(found[-12:]) if found else None


def answer(world: World) -> str | None:
    """A supplier accepts its bill, contests it, or no longer does."""
    found = _made(world)
    if found is None:
        return None
    place, each = found
    ids = AccountId(place[0]), BillId(place[1])
    if each.contested and world.rng.random() < 0.6:
        end_contest(world.context, *ids, "agreed", by="cli")
        each.contested = False
        return f"{place} is contested no more"
    if not each.contested and world.rng.random() < 0.5:
        contest_reverse_bill(world.context, *ids, "too little", by="cli")
        world.auditor.reverse.contested(place, world.today)
        return f"{place} is contested"
    accept_reverse_bill(world.context, *ids, by="cli")
    each.accepted_on, each.contested = world.today, False
    return f"{place} is accepted"


def pay(world: World) -> str | None:
    """Ask to pay a reverse bill: above an amount somebody else agrees, or refuses."""
    found = _made(world, payable=True)
    if found is None:
        return None
    place, _ = found
    asked = pay_reverse_bill(world.context, AccountId(place[0]), BillId(place[1]), by=TESS)
    world.auditor.reverse.settled(place, world.today)
    rows = world.auditor.rows("operations")
    world.auditor.reverse.asked(place, asked.refund_id, asked.amount_minor, asked.state.value, rows)
    return f"{place} {asked.refund_id} {asked.amount_minor} {asked.state}"


def tell(world: World) -> str | None:
    """A second person or the bank says what becomes of a payment."""
    waiting = [
        (place, each, number)
        for place, each in world.auditor.reverse.made.items()
        for number, (_, state) in each.payments.items()
        if state not in ("failed", "refused")
    ]
    if not waiting:
        return None
    place, each, number = world.rng.choice(waiting)
    amount, state = each.payments[number]
    key = AccountId(place[0]), number
    if state == "asked":
        agrees = world.rng.random() < 0.8
        done = (
            approve_refund(world.context, *key, by=TOM)
            if agrees
            else refuse_refund_asked(world.context, *key, "no", by=TOM)
        )
    elif state == "approved" and world.rng.random() < 0.8:
        done = record_refund_paid(world.context, *key, world.today, by=TESS)
    elif world.rng.random() < 0.3:
        done = record_refund_failed(world.context, *key, "AC04", by=TESS)
    else:
        return None
    each.payments[number] = amount, done.state.value
    return f"{place} {number} {done.state}"


def set_off(world: World) -> str | None:
    """What a reverse bill owes pays what its account owes."""
    found = _made(world, payable=True)
    if found is None:
        return None
    place, each = found
    before = {row.operation_id for row in world.auditor.rows("set_offs").set_offs}
    set_off_reverse_bill(world.context, AccountId(place[0]), BillId(place[1]), by=TESS)
    world.auditor.reverse.settled(place, world.today)
    rows = world.auditor.rows("operations", "set_offs")
    fresh = {row.operation_id for row in rows.set_offs} - before
    for row in rows.operations:
        if row.operation_id in fresh:
            each.set_off[row.operation_id] = row.debt_id, row.amount_minor
    return f"{place}: {[each.set_off[number] for number in sorted(fresh)]}"


def undo(world: World) -> str | None:
    """A set-off was wrong: the debt is owed again, and so is the reverse bill."""
    rows = world.auditor.rows("operations")
    standing = set_off_standing(rows)
    found = [each for each in rows.operations if each.operation_id in standing]
    if not found:
        return None
    row = world.rng.choice(found)
    reopen_debt(world.context, row.account_id, DebtId(row.debt_id), row.operation_id, "why", by="cli")
    world.auditor.reverse.undone.add(row.operation_id)
    return f"{row.debt_id} {row.amount_minor}"


def take_back(world: World) -> str | None:
    """Take a reverse bill back, whole."""
    found = _made(world)
    if found is None:
        return None
    place, each = found
    note = take_back_reverse_bill(world.context, AccountId(place[0]), BillId(place[1]), "wrong", by="cli")
    standing = set_off_standing(world.auditor.rows("operations"))
    world.auditor.reverse.taken_back(place, note.bill_id, each.set_off.keys() - standing.keys())
    return f"{place} by {note.bill_id}"
