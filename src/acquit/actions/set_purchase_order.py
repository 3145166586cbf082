"""Set a purchase order: for an account, a billing group of it, or a family of it and its sub-accounts."""

from dataclasses import replace

from acquit.actions.context import Context
from acquit.actions.loading import locked_account_in, require_staff
from acquit.core.account import Account
from acquit.core.billing_group import NoSuchBillingGroup
from acquit.core.identifiers import AccountId
from acquit.core.operator import Right
from acquit.core.order_change import (
    BadPurchaseOrder,
    OrderTerms,
    checked,
    provisional,
    refuse_overlap,
    refuse_strange_successor,
)
from acquit.core.printed_text import refuse_texts
from acquit.core.purchase_order import Policy, PurchaseOrder
from acquit.documents.glyphs import missing_glyphs
from acquit.store import accounts, acts, purchase_orders
from acquit.store.transaction import Transaction


def set_purchase_order(
    context: Context,
    account_id: AccountId,
    terms: OrderTerms,
    *,
    by: str,
    policy: Policy | None = None,
    hold_days_max: int | None = None,
) -> PurchaseOrder:
    """The account has the order; with `policy` its bills without an order follow that from now on.

    Raises NoSuchAccount, BadPurchaseOrder, BadText, NoSuchBillingGroup, OrderOverlaps.
    """
    with context.database.write() as tx:
        require_orders_right(tx, by, account_id)
        order = set_order_in(context, tx, account_id, terms, by)
        if policy is not None:
            set_policy_in(tx, account_id, policy, by, hold_days_max)
        return order


def set_order_policy(
    context: Context, account_id: AccountId, policy: Policy, *, by: str, hold_days_max: int | None = None
) -> None:
    """Bills of the account without an order follow the policy from now on. Raises NoSuchAccount."""
    with context.database.write() as tx:
        require_orders_right(tx, by, account_id)
        locked_account_in(tx, account_id)
        set_policy_in(tx, account_id, policy, by, hold_days_max)


def set_order_in(
    context: Context, tx: Transaction, account_id: AccountId, terms: OrderTerms, by: str
) -> PurchaseOrder:
    """Set an order inside a transaction that is the caller's."""
    account = locked_account_in(tx, account_id)
    whole = checked_order_in(context, tx, account, terms, by)
    purchase_order_id = purchase_orders.insert(tx, account_id, account.currency, whole, by)
    acts.record(
        tx, by, "set_purchase_order", account_id, str(purchase_order_id), reference=whole.reference,
        start_on=whole.start_on.isoformat(), end_on=whole.end_on and whole.end_on.isoformat(),
        amount_max_minor=whole.amount_max_minor,
    )  # fmt: skip
    written = purchase_orders.find(tx, account_id, purchase_order_id)
    assert written is not None, "the order was written in this transaction"
    return written


def checked_order_in(
    context: Context, tx: Transaction, account: Account, terms: OrderTerms, by: str
) -> OrderTerms:
    """Return the order's terms, complete; refuse what `set_order_in` would refuse."""
    whole = checked(_with_owner(terms, account), account.currency)
    refuse_order_texts(whole)
    _refuse_strangers(tx, account, whole)
    if whole.billing_group_id is not None and not purchase_orders.has_group(
        tx, account.account_id, whole.billing_group_id
    ):
        raise NoSuchBillingGroup(account.account_id, whole.billing_group_id)
    others = purchase_orders.of_account(tx, account.account_id)
    order = provisional(whole, account.account_id, account.currency, by, context.clock.now())
    refuse_strange_successor(order, others)
    refuse_overlap(order, others)
    return whole


def refuse_order_texts(terms: OrderTerms) -> None:
    """Pass when what an order puts on bills can be printed. Raises BadText."""
    refuse_texts(
        [
            ("The reference", terms.reference),
            ("The cost account", terms.cost_account),
            *((f"The item number of line {line.line_no}", line.item_number) for line in terms.lines),
            *((f"The cost account of line {line.line_no}", line.cost_account) for line in terms.lines),
        ],
        missing_glyphs,
    )


def set_policy_in(
    tx: Transaction, account_id: AccountId, policy: Policy, by: str, hold_days_max: int | None = None
) -> None:
    """Write the policy of an account, which is held, inside a transaction that is the caller's."""
    if hold_days_max is not None and not 0 <= hold_days_max <= 366:
        raise BadPurchaseOrder("A hold lasts at most 366 days.")
    accounts.set_order_policy(tx, account_id, policy, hold_days_max)
    acts.record(tx, by, "set_order_policy", account_id, policy.value, hold_days_max=hold_days_max)


def require_orders_right(tx: Transaction, by: str, account_id: AccountId) -> None:
    """Pass for the account itself and for staff who may set orders. Raises StaffOnly, RoleForbids."""
    if by.partition("/")[0] != f"account:{account_id}":
        require_staff(tx, by, Right.SET_PURCHASE_ORDERS)


def _with_owner(terms: OrderTerms, account: Account) -> OrderTerms:
    return replace(terms, members=terms.members | {account.account_id}) if terms.is_family else terms


def _refuse_strangers(tx: Transaction, account: Account, terms: OrderTerms) -> None:
    """Members of a family are the account and its own sub-accounts."""
    if not terms.is_family:
        return
    children = {child.account_id for child in accounts.of_parent(tx, account.account_id)}
    strangers = sorted(terms.members - children - {account.account_id})
    if strangers:
        raise BadPurchaseOrder(
            f"{', '.join(strangers)} is no sub-account of {account.account_id} and cannot share its order.",
            account=account.account_id,
        )
