"""From where accounts may be reached."""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

from acquit.core.access import Block, read_block
from acquit.core.address_rule import AddressRule, AddressRules, Verdict
from acquit.core.identifiers import AccountId
from acquit.store.selection import Selection
from acquit.store.transaction import Transaction


def of_account(account_id: AccountId) -> Selection:
    """Select the account's rules."""
    source: LiteralString = "address_rule WHERE account_id = %(account_id)s"
    return Selection("address_rule_id", source, {"account_id": account_id})


FIND_MANY: Final[LiteralString] = """
    SELECT address_rule_id, block::text AS block, accepts, warns
      FROM address_rule
     WHERE account_id = %(account_id)s AND address_rule_id = ANY(%(ids)s)
"""

FIND_ALL: Final[LiteralString] = """
    SELECT address_rule_id, block::text AS block, accepts, warns
      FROM address_rule
     WHERE account_id = %(account_id)s
     ORDER BY address_rule_id
"""

FIND_OTHERS: Final[LiteralString] = (
    "SELECT accepts, warns FROM address_default WHERE account_id = %(account_id)s"
)


def find_many(tx: Transaction, account_id: AccountId, ids: Sequence[int]) -> list[AddressRule]:
    """Return the account's rules of these ids; the others are left out."""
    return [_rule(row) for row in tx.all(FIND_MANY, account_id=account_id, ids=list(ids))]


def find(tx: Transaction, account_id: AccountId) -> AddressRules:
    """Return all that restricts from where the account is reached."""
    row = tx.one_or_none(FIND_OTHERS, account_id=account_id)
    rules = tuple(_rule(each) for each in tx.all(FIND_ALL, account_id=account_id))
    return AddressRules(rules, Verdict() if row is None else Verdict(row.accepts, row.warns))


ADD: Final[LiteralString] = """
    INSERT INTO address_rule (account_id, block, accepts, warns)
    VALUES (%(account_id)s, %(block)s::cidr, %(accepts)s, %(warns)s)
        ON CONFLICT DO NOTHING
"""

CHANGE: Final[LiteralString] = """
    UPDATE address_rule SET accepts = %(accepts)s, warns = %(warns)s
     WHERE account_id = %(account_id)s AND address_rule_id = %(address_rule_id)s
"""

REMOVE: Final[LiteralString] = """
    DELETE FROM address_rule
     WHERE account_id = %(account_id)s AND address_rule_id = %(address_rule_id)s
"""

SET_OTHERS: Final[LiteralString] = """
    INSERT INTO address_default (account_id, accepts, warns)
    VALUES (%(account_id)s, %(accepts)s, %(warns)s)
        ON CONFLICT (account_id) DO UPDATE SET accepts = excluded.accepts, warns = excluded.warns
"""

REMOVE_ALL: Final[LiteralString] = """
    WITH others AS (DELETE FROM address_default WHERE account_id = %(account_id)s)
    DELETE FROM address_rule WHERE account_id = %(account_id)s
"""


def add(tx: Transaction, account_id: AccountId, block: Block, verdict: Verdict) -> bool:
    """Keep a rule; False when the account has one for the block."""
    kept = tx.run(ADD, account_id=account_id, block=str(block), accepts=verdict.accepts, warns=verdict.warns)
    return kept == 1


def change(tx: Transaction, account_id: AccountId, address_rule_id: int, verdict: Verdict) -> None:
    """Write what holds for the block of a rule."""
    tx.run(
        CHANGE,
        account_id=account_id,
        address_rule_id=address_rule_id,
        accepts=verdict.accepts,
        warns=verdict.warns,
    )


def remove(tx: Transaction, account_id: AccountId, address_rule_id: int) -> bool:
    """Remove a rule; False when the account has none such."""
    return tx.run(REMOVE, account_id=account_id, address_rule_id=address_rule_id) == 1


def set_others(tx: Transaction, account_id: AccountId, verdict: Verdict) -> None:
    """Write what holds for addresses in no block."""
    tx.run(SET_OTHERS, account_id=account_id, accepts=verdict.accepts, warns=verdict.warns)


def remove_all(tx: Transaction, account_id: AccountId) -> None:
    """Restrict nothing any more."""
    tx.run(REMOVE_ALL, account_id=account_id)


def _rule(row: Any) -> AddressRule:
    return AddressRule(int(row.address_rule_id), read_block(row.block), Verdict(row.accepts, row.warns))
