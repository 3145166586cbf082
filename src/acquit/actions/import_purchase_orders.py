"""Set many purchase orders at once from a file: all of them, or none and every fault named."""

from collections.abc import Callable
from typing import Final

from acquit.actions.context import Context
from acquit.actions.loading import account_in, require_staff
from acquit.actions.set_purchase_order import set_order_in, set_policy_in
from acquit.core.errors import Invalid, Refusal
from acquit.core.operator import Right
from acquit.core.problem import Problem
from acquit.core.purchase_order import PurchaseOrder
from acquit.documents import purchase_order_file
from acquit.documents.purchase_order_file import OrderRow, account_of, policy_of, terms_of
from acquit.store import accounts
from acquit.store.transaction import Transaction

PROBLEMS_TOLD_MAX: Final = 20

READERS: Final[dict[str, Callable[[bytes], list[OrderRow]]]] = {
    "csv": purchase_order_file.read_csv,
    "json": purchase_order_file.read_json,
}


class ImportRefused(Invalid):
    """Some rows cannot be carried out, so none was; `problems` has one for each of them."""

    code = "import-refused"

    def __init__(self, problems: list[Problem]) -> None:
        told = "\n".join(f"{problem.where}: {problem.message}" for problem in problems[:PROBLEMS_TOLD_MAX])
        rest = len(problems) - PROBLEMS_TOLD_MAX
        more = f"\nand {rest} more." if rest > 0 else ""
        super().__init__(f"Nothing was imported.\n{told}{more}", problems=str(len(problems)))
        self.problems = tuple(problems)


def import_purchase_orders(context: Context, content: bytes, form: str, *, by: str) -> list[PurchaseOrder]:
    """Every order of the file (`csv` or `json`) is set, in its order, and returned.

    Raises BadOrderFile when the file cannot be read, ImportRefused when a row cannot be carried out.
    """
    rows = READERS[form](content)
    with context.database.write() as tx:
        require_staff(tx, by, Right.SET_PURCHASE_ORDERS)
        accounts.lock(tx, *{account_of(row) for row in rows if _names_account(row)})
        orders, problems = [], []
        for row in rows:
            try:
                orders.append(_set(context, tx, row, by))
            except Refusal as refusal:
                problems.append(Problem(refusal.code, refusal.message, row.place))
        if problems:
            raise ImportRefused(problems)
        return orders


def _names_account(row: OrderRow) -> bool:
    try:
        account_of(row)
    except Refusal:
        return False
    return True


def _set(context: Context, tx: Transaction, row: OrderRow, by: str) -> PurchaseOrder:
    account = account_in(tx, account_of(row))
    policy = policy_of(row)
    order = set_order_in(context, tx, account.account_id, terms_of(row, account.currency), by)
    if policy is not None:
        set_policy_in(tx, account.account_id, policy, by)
    return order
