"""Money: payments and their receipts, how bills are paid, credit in hand, vouchers, what is asked back."""

from acquit.actions.ask_money_back import ask_prepaid_back
from acquit.actions.change_payment_method import change_payment_method, withdraw_payment_method
from acquit.actions.order_prepayment import order_prepayment
from acquit.actions.redeem_voucher import redeem_voucher
from acquit.actions.show_receipt import deposit_page
from acquit.console import typed
from acquit.console.listing import LAST, ROWS, cut, is_number, key_in
from acquit.console.place import own_place, page
from acquit.console.visit import Download, Page, Redirect, Reply, Visit
from acquit.core.credit_balance import NoSuchCredit
from acquit.core.debt import NoSuchDeposit
from acquit.core.errors import Invalid
from acquit.core.identifiers import CreditMovementId, PaymentMethodId
from acquit.core.payment_method import MethodStatus, may_become
from acquit.core.voucher import NoSuchVoucher
from acquit.store import (
    bank_evidence,
    credit_lists,
    mandates,
    payment_methods,
    points,
    prepayments,
    receipt_lists,
    refunds,
    selection,
    terms,
)
from acquit.store.selection import Order

LOTS_MAX = 50


class CodeNotTaken(Invalid):
    """The code is of no voucher that the account can use now."""

    code = "code-not-taken"


def list_payment_methods(visit: Visit) -> Page:
    """GET /manager/payment-methods: those of the payer; a sub-account sees its parent's."""
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        methods = payment_methods.of_account(tx, place.account.payer_id)
        grants = {grant.grant_id: grant for grant in terms.of_account(tx, place.account.payer_id)}
        attributes = terms.attributes(tx, place.account.payer_id)
        signed = mandates.of_payer(tx, place.account.payer_id)
    ranked = sorted(methods, key=lambda method: (not method.is_default, not method.is_usable))
    rows = [(method, grants.get(method.grant_id) if method.grant_id else None) for method in ranked]
    by_method = {held.mandate.payment_method_id: held for held in signed}
    removable = [
        each.payment_method_id
        for each in methods
        if not each.is_granted and may_become(each.status, MethodStatus.CANCELED)
    ]
    return page(
        "payment_methods.html", place, rows=rows, attributes=attributes, mandates=by_method,
        removable=removable if place.account.pays_itself else [],
    )  # fmt: skip


def change_methods(visit: Visit) -> Reply:
    """POST /manager/payment-methods: one becomes the default, or is cancelled."""
    form, account_id = visit.form, visit.account_id
    act = typed.one_of(form.text("act"), ("default", "remove"))
    method_id = PaymentMethodId(typed.whole(form.text("method")))
    if act == "default":
        change_payment_method(visit.context, account_id, method_id, by=visit.actor, default=True)
    else:
        withdraw_payment_method(visit.context, account_id, method_id, by=visit.actor)
    return Redirect(f"/manager/payment-methods?done=method-{act}")


def list_payments(visit: Visit) -> Page:
    """GET /manager/payments: what the account paid, newest first."""
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        paid, newest = receipt_lists.deposits_of(visit.account_id), Order("recorded_at", descending=True)
        before = visit.query.get("before", "")
        after = selection.place(tx, paid, newest, before) if before else None
        names = selection.keys(tx, paid, (), newest, limit=ROWS + 1, after=after)
        found = {each.deposit_id: each for each in receipt_lists.deposits(tx, visit.account_id, names)}
    deposits = [found[name] for name in names]
    return page("payments.html", place, deposits=cut(visit, deposits, "before", lambda each: each.deposit_id))


def show_payment(visit: Visit) -> Page:
    """GET /manager/payments/{deposit_id}: what the money paid, and what of it is still in hand."""
    deposit_id = visit.path_values["deposit_id"]
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        found = receipt_lists.deposits(tx, visit.account_id, [deposit_id])
        if not found:
            raise NoSuchDeposit(deposit_id)
        shares = receipt_lists.shares(tx, visit.account_id, deposit_id)
    left = found[0].amount_minor - sum(each.amount_minor for each in shares)
    return page("payment.html", place, deposit=found[0], shares=shares, left_minor=left)


def show_payment_receipt(visit: Visit) -> Reply:
    """GET /manager/payments/{deposit_id}/receipt: the receipt as a page of its own, to print."""
    content = deposit_page(visit.context, visit.account_id, visit.path_values["deposit_id"])
    return Download(content, "text/html; charset=utf-8", "receipt.html", inline=True)


def show_credit(visit: Visit) -> Page:
    """GET /manager/credit: what is in hand, where it came from and went, what is asked back."""
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        balance = bank_evidence.credit(tx, [visit.account_id], place.today).get(visit.account_id, {})
        moved = credit_lists.page(tx, visit.account_id, key_in(visit, "before", LAST), ROWS + 1)
        lots = credit_lists.money_lots(tx, visit.account_id, LOTS_MAX)
        asked = refunds.of_account(tx, visit.account_id, ROWS)
        ordered = [each for each in prepayments.open_of(tx, visit.account_id, ROWS) if not each.points]
        account = place.account
        gives = points.programme_on(tx, account.legal_entity_id, account.currency, place.today)
    newest = cut(visit, moved, "before", lambda each: each.movement_id)
    return page(
        "credit.html", place, balance=sorted(balance.items()), moved=newest, refunds=asked, lots=lots,
        ordered=ordered, gives_points=gives is not None and account.pays_itself,
    )  # fmt: skip


def change_credit(visit: Visit) -> Reply:
    """POST /manager/credit: a code becomes credit, credit is ordered, or prepaid credit is asked back."""
    if visit.form.text("lot"):
        return _ask_back(visit)
    if visit.form.text("prepay"):
        return _order(visit)
    try:
        redeem_voucher(visit.context, visit.account_id, visit.form.text("code"), by=visit.actor)
    except NoSuchVoucher:
        raise CodeNotTaken("This code is of no voucher, used already, or not valid now.") from None
    return Redirect("/manager/credit?done=redeemed")


def _order(visit: Visit) -> Reply:
    with visit.read() as tx:
        currency = own_place(visit, tx).account.currency
    amount = typed.amount(visit.form.text("prepay"), currency) or 0
    order_prepayment(visit.context, visit.account_id, amount, by=visit.actor)
    return Redirect("/manager/credit?done=prepay-ordered")


def _ask_back(visit: Visit) -> Reply:
    wanted = visit.form.text("lot")
    with visit.read() as tx:
        number = int(wanted) if is_number(wanted) else 0
        lot = next(iter(credit_lists.money_lots(tx, visit.account_id, 1, number)), None)
    if lot is None:
        raise NoSuchCredit(f"There is no prepaid credit {wanted[:20]}.")
    amount = typed.amount(visit.form.text("amount"), lot.currency) or 0
    lot_id = CreditMovementId(lot.movement_id)
    ask_prepaid_back(visit.context, visit.account_id, lot_id, amount, by=visit.actor)
    return Redirect("/manager/credit?done=asked-back")
