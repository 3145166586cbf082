"""Forms of bills that have passed the official rules of electronic bills."""

from collections.abc import Iterable
from typing import Final, LiteralString

from acquit.store.transaction import Transaction

PROVEN: Final[LiteralString] = """
    SELECT DISTINCT form
      FROM proven_form
     WHERE seller_hash = %(seller_hash)s AND (rules = %(rules)s OR %(rules)s = '')
"""

ADD: Final[LiteralString] = """
    INSERT INTO proven_form (seller_hash, form, rules)
    SELECT %(seller_hash)s, form, %(rules)s
      FROM unnest(%(forms)s::text[]) AS told(form)
     ORDER BY form
        ON CONFLICT DO NOTHING
"""


def proven(tx: Transaction, seller_hash: bytes, rules: str) -> set[str]:
    """Return the forms of the seller that passed the rules of that version; of any when it is empty."""
    return {row.form for row in tx.all(PROVEN, seller_hash=seller_hash, rules=rules)}


def add(tx: Transaction, seller_hash: bytes, rules: str, forms: Iterable[str]) -> None:
    """Write that these forms passed; what was known already stays."""
    tx.run(ADD, seller_hash=seller_hash, rules=rules, forms=sorted(forms))
