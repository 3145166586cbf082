"""What is chased, given up and given back in the audited world, and how each of it is tampered with."""

from datetime import date
from typing import Any

from acquit.actions.arrange_dunning import set_calendar
from acquit.actions.claim_late_charges import claim_late_charges
from acquit.actions.context import Context
from acquit.actions.redeem_voucher import make_voucher, redeem_voucher
from acquit.actions.refund_money import record_refund_paid, refund_money
from acquit.actions.run_dunning import run_dunning
from acquit.actions.settle_debt import Receipt, settle_debt
from acquit.actions.take_acquirer_events import take_event, take_payout
from acquit.actions.write_off_debt import write_off_debt
from acquit.core.acquirer import Event, EventKind, Payout
from acquit.core.dunning import Calendar, Step, StepKind
from acquit.core.late_interest import LateRate
from acquit.core.money import Currency
from acquit.core.voucher import Voucher
from acquit.store import late_rates
from billed import later
from founding import ACME, FR, PETIT

EUR = Currency("EUR")
ON = date(2027, 5, 3)
LADDER = Calendar((Step("reminder", StepKind.REMINDER, 1), Step("notice", StepKind.NOTICE, 30)))

CHASED = (
    ("write-offs", f"{PETIT}/1", "UPDATE debt_operation SET amount_minor = 99 WHERE kind = 'write-off'"),
    ("write-offs", f"{PETIT}/1", "UPDATE legal_entity SET approval_above_minor = 50"),
    ("refunds", f"{PETIT}/1", "UPDATE refund SET amount_minor = amount_minor + 1 WHERE refund_id = 1"),
    ("refunds", f"{PETIT}/2", "DELETE FROM refund_event WHERE refund_id = 2 AND state = 'paid'"),
    ("vouchers", "FR/1", "UPDATE voucher SET amount_minor = 501"),
    ("vouchers", "FR/1", "UPDATE voucher_use SET used_on = '2030-01-01'"),
    ("acquirers", "FR", "UPDATE acquirer_event SET amount_minor = amount_minor + 1 WHERE kind = 'paid'"),
    ("acquirers", "bank-x/po1", "UPDATE acquirer_payout SET fee_minor = 0"),
    ("claims", "FRCL00000001", "UPDATE bill_detail SET part = 'FR0' WHERE kind = 'recovery-fee'"),
    ("claims", "FRCL00000001", "UPDATE posting SET ledger = '706000' WHERE ledger = '758800'"),
    ("dunning", f"{PETIT}/{{step}}", "UPDATE dunning_step_debt SET kind = 'suspension' "
     "WHERE step_id = {step}"),
    ("dunning", f"{PETIT}/{{step}}", "UPDATE dunning_step SET happened_on = happened_on - 300 "
     "WHERE step_id = {step}"),
    ("dunning", f"{PETIT}/{{step}}", "DELETE FROM dunning_step_debt WHERE step_id = {step}"),
)  # fmt: skip


def chase(context: Context) -> dict[str, Any]:
    """Letters, a claim, a write-off, refunds, a voucher, a card, its payout; return Petit's last step."""
    on = later(context, ON)
    with context.database.write() as tx:
        late_rates.add(tx, {"FR": [LateRate(date(2026, 7, 1), 1215)]})
        tx.run("UPDATE legal_entity SET iban = 'FR7630006000011234567890189'")
    set_calendar(on, FR, LADDER, by="cli")
    run_dunning(on, FR, by="cli")
    run_dunning(later(context, date(2027, 5, 12)), FR, by="cli")
    last = later(context, date(2027, 5, 20))
    claim_late_charges(last, PETIT, by="cli")
    with context.database.read() as tx:
        debt = tx.one("SELECT debt_id FROM debt WHERE bill_id = 'FR00000016'")
        step = tx.one("SELECT max(step_id) AS step_id FROM dunning_step WHERE account_id = %(p)s", p=PETIT)
    write_off_debt(last, PETIT, debt.debt_id, "goodwill", 100, by="cli")
    deposit = settle_debt(last, PETIT, Receipt(ON, 500, EUR), by="cli").deposit.deposit_id
    refund_money(last, PETIT, deposit, "over-paid", 200, by="cli")
    paid = refund_money(last, PETIT, deposit, "over-paid", 100, by="cli")
    record_refund_paid(last, PETIT, paid.refund_id, ON, by="cli")
    made = make_voucher(last, Voucher(FR, 0, "", EUR, 500, date(2027, 12, 31), "welcome"), by="cli")
    redeem_voucher(last, ACME, made.code, by="cli")
    take_event(last, Event("bank-x", "e1", EventKind.PAID, "p1", PETIT, EUR, 300, ON), by="cli")
    take_payout(last, Payout("bank-x", "po1", EUR, 290, 10, ON, ("e1",)), by="cli")
    return {"step": step.step_id}
