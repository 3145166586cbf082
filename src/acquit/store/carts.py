"""Carts: drafts of orders, of an account or of nobody yet."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from acquit.core.cart import Cart, CartLine, Configuration, Told
from acquit.core.identifiers import AccountId, LegalEntityId, OrderId
from acquit.store.selection import Selection
from acquit.store.transaction import Transaction

FIND: Final[LiteralString] = """
    SELECT cart_id, account_id, legal_entity_id, description, expires_at, order_id
      FROM cart
     WHERE cart_id = %(cart_id)s
"""

LOCK: Final[LiteralString] = """
    SELECT cart_id FROM cart WHERE cart_id = %(cart_id)s FOR UPDATE
"""

LINES: Final[LiteralString] = """
    SELECT line_id, plan_code, pricing_mode, renewal_months, quantity, told, parent_line_id
      FROM cart_line
     WHERE cart_id = %(cart_id)s
     ORDER BY line_id
"""

CONFIGURATIONS: Final[LiteralString] = """
    SELECT line_id, configuration_id, label, value
      FROM cart_configuration
     WHERE cart_id = %(cart_id)s
     ORDER BY configuration_id
"""


def find(tx: Transaction, cart_id: str) -> Cart | None:
    """Return the cart with all that is in it, or None."""
    row = tx.one_or_none(FIND, cart_id=cart_id)
    if row is None:
        return None
    configured: dict[int, list[Configuration]] = {}
    for each in tx.all(CONFIGURATIONS, cart_id=cart_id):
        configured.setdefault(each.line_id, []).append(
            Configuration(each.configuration_id, each.label, each.value)
        )
    return Cart(
        cart_id=row.cart_id,
        account_id=None if row.account_id is None else AccountId(row.account_id),
        legal_entity_id=LegalEntityId(row.legal_entity_id),
        description=row.description,
        expires_at=row.expires_at,
        order_id=None if row.order_id is None else OrderId(row.order_id),
        lines=tuple(_line(each, configured) for each in tx.all(LINES, cart_id=cart_id)),
    )


def locked(tx: Transaction, cart_id: str) -> Cart | None:
    """Return the cart and hold it until the transaction ends."""
    tx.all(LOCK, cart_id=cart_id)
    return find(tx, cart_id)


def of_account(account_id: AccountId, description: str | None = None) -> Selection:
    """Select the account's carts, those with that description if one is given."""
    source: LiteralString = "cart WHERE account_id = %(account_id)s"
    if description is None:
        return Selection("cart_id", source, {"account_id": account_id})
    source += " AND description = %(description)s"
    return Selection("cart_id", source, {"account_id": account_id, "description": description})


ADD: Final[LiteralString] = """
    INSERT INTO cart (account_id, cart_id, legal_entity_id, description, expires_at)
    VALUES (%(account_id)s, %(cart_id)s, %(legal_entity_id)s, %(description)s, %(expires_at)s)
"""


def add(tx: Transaction, cart: Cart) -> None:
    """Write a new, empty cart."""
    tx.run(
        ADD,
        account_id=cart.account_id,
        cart_id=cart.cart_id,
        legal_entity_id=cart.legal_entity_id,
        description=cart.description,
        expires_at=cart.expires_at,
    )


FORGET: Final[LiteralString] = """
    DELETE FROM cart
     WHERE cart_id IN (SELECT cart_id FROM cart
                        WHERE account_id IS NULL AND expires_at < %(now)s
                        ORDER BY expires_at
                        LIMIT 100
                          FOR UPDATE SKIP LOCKED)
"""


def forget_left_behind(tx: Transaction, now: datetime) -> int:
    """Take away expired carts of nobody, a hundred at most, and return how many."""
    return tx.run(FORGET, now=now)


CHANGE: Final[LiteralString] = """
    UPDATE cart SET description = %(description)s, expires_at = %(expires_at)s WHERE cart_id = %(cart_id)s
"""

ASSIGN: Final[LiteralString] = """
    UPDATE cart SET account_id = %(account_id)s WHERE cart_id = %(cart_id)s
"""

BECOME: Final[LiteralString] = """
    UPDATE cart SET order_id = %(order_id)s WHERE cart_id = %(cart_id)s
"""

REMOVE: Final[LiteralString] = """
    DELETE FROM cart WHERE cart_id = %(cart_id)s
"""


def change(tx: Transaction, cart_id: str, description: str, expires_at: datetime) -> None:
    """Write what the cart is called and until when it is kept."""
    tx.run(CHANGE, cart_id=cart_id, description=description, expires_at=expires_at)


def assign(tx: Transaction, cart_id: str, account_id: AccountId) -> None:
    """Make it the account's cart."""
    tx.run(ASSIGN, cart_id=cart_id, account_id=account_id)


def become(tx: Transaction, cart_id: str, order_id: OrderId) -> None:
    """Write which order the cart became."""
    tx.run(BECOME, cart_id=cart_id, order_id=order_id)


def remove(tx: Transaction, cart_id: str) -> None:
    """Take the cart away with all that is in it."""
    tx.run(REMOVE, cart_id=cart_id)


ADD_LINE: Final[LiteralString] = """
    INSERT INTO cart_line (cart_id, parent_line_id, plan_code, pricing_mode, renewal_months, quantity, told)
    VALUES (%(cart_id)s, %(parent_line_id)s, %(plan_code)s, %(mode)s, %(months)s, %(quantity)s, %(told)s)
    RETURNING line_id
"""

CHANGE_LINE: Final[LiteralString] = """
    UPDATE cart_line
       SET renewal_months = %(months)s, quantity = %(quantity)s, told = %(told)s
     WHERE cart_id = %(cart_id)s AND line_id = %(line_id)s
"""

REMOVE_LINES: Final[LiteralString] = """
    DELETE FROM cart_line WHERE cart_id = %(cart_id)s AND line_id = ANY(%(line_ids)s)
"""


def add_line(tx: Transaction, cart_id: str, line: CartLine) -> int:
    """Write a new line (its `line_id` is not looked at) and return its id."""
    row = tx.one(
        ADD_LINE,
        cart_id=cart_id,
        parent_line_id=line.parent_line_id,
        plan_code=line.plan_code,
        mode=line.mode,
        months=line.months,
        quantity=line.quantity,
        told=Jsonb(line.told),
    )
    return int(row.line_id)


def change_line(tx: Transaction, cart_id: str, line: CartLine) -> None:
    """Write period, quantity and what was told of a line."""
    tx.run(
        CHANGE_LINE,
        cart_id=cart_id,
        line_id=line.line_id,
        months=line.months,
        quantity=line.quantity,
        told=Jsonb(line.told),
    )


def remove_lines(tx: Transaction, cart_id: str, line_ids: Sequence[int]) -> None:
    """Take lines out with their configurations."""
    tx.run(REMOVE_LINES, cart_id=cart_id, line_ids=list(line_ids))


CONFIGURE: Final[LiteralString] = """
    INSERT INTO cart_configuration (cart_id, line_id, label, value)
    VALUES (%(cart_id)s, %(line_id)s, %(label)s, %(value)s)
        ON CONFLICT (cart_id, line_id, label) DO UPDATE SET value = EXCLUDED.value
    RETURNING configuration_id
"""

UNCONFIGURE: Final[LiteralString] = """
    DELETE FROM cart_configuration
     WHERE cart_id = %(cart_id)s AND line_id = %(line_id)s AND configuration_id = %(configuration_id)s
"""


def configure(tx: Transaction, cart_id: str, line_id: int, label: str, value: str) -> Configuration:
    """Give a line a value under a label, in place of the one it has."""
    row = tx.one(CONFIGURE, cart_id=cart_id, line_id=line_id, label=label, value=value)
    return Configuration(row.configuration_id, label, value)


def unconfigure(tx: Transaction, cart_id: str, line_id: int, configuration_id: int) -> None:
    """Take a configuration of a line away."""
    tx.run(UNCONFIGURE, cart_id=cart_id, line_id=line_id, configuration_id=configuration_id)


def _line(row: Any, configured: dict[int, list[Configuration]]) -> CartLine:
    told: Told = tuple((kind, quantity, ucents) for kind, quantity, ucents in row.told)
    return CartLine(
        line_id=row.line_id,
        plan_code=row.plan_code,
        mode=row.pricing_mode,
        months=row.renewal_months,
        quantity=row.quantity,
        told=told,
        parent_line_id=row.parent_line_id,
        configurations=tuple(configured.get(row.line_id, ())),
    )
