"""What accounts are to their provider, and whether keys may be made for them."""

from typing import Final, LiteralString

from acquit.core.identifiers import AccountId
from acquit.core.standing import PartnerLevel, PartnerRequirement, Standing, Universe
from acquit.store.transaction import Transaction

FIND: Final[LiteralString] = """
    SELECT vip_in, partner_level, partner_requirement, partner_signed
      FROM standing
     WHERE account_id = %(account_id)s
"""

WRITE: Final[LiteralString] = """
    INSERT INTO standing (account_id, vip_in, partner_level, partner_requirement, partner_signed)
    VALUES (%(account_id)s, %(vip_in)s, %(partner_level)s, %(partner_requirement)s, %(partner_signed)s)
        ON CONFLICT (account_id) DO UPDATE
       SET vip_in = EXCLUDED.vip_in, partner_level = EXCLUDED.partner_level,
           partner_requirement = EXCLUDED.partner_requirement, partner_signed = EXCLUDED.partner_signed
"""

MAKES_KEYS: Final[LiteralString] = "SELECT makes_keys FROM account WHERE account_id = %(account_id)s"

SET_MAKES_KEYS: Final[LiteralString] = """
    UPDATE account SET makes_keys = %(makes_keys)s
     WHERE account_id = %(account_id)s AND makes_keys <> %(makes_keys)s
"""


def find(tx: Transaction, account_id: AccountId) -> Standing:
    """Return what the account is to its provider."""
    row = tx.one_or_none(FIND, account_id=account_id)
    if row is None:
        return Standing()
    return Standing(
        frozenset(map(Universe, row.vip_in)),
        PartnerLevel(row.partner_level),
        PartnerRequirement(row.partner_requirement),
        row.partner_signed,
    )


def write(tx: Transaction, account_id: AccountId, standing: Standing) -> None:
    """Write what the account is from now on."""
    tx.run(
        WRITE, account_id=account_id, vip_in=sorted(each.value for each in standing.vip_in),
        partner_level=standing.partner_level.value, partner_requirement=standing.partner_requirement.value,
        partner_signed=standing.partner_signed,
    )  # fmt: skip


def makes_keys(tx: Transaction, account_id: AccountId) -> bool:
    """Return whether programs, keys and tokens may be made for it; True for one that is not there."""
    row = tx.one_or_none(MAKES_KEYS, account_id=account_id)
    return row is None or bool(row.makes_keys)


def set_makes_keys(tx: Transaction, account_id: AccountId, makes: bool) -> bool:
    """Write whether they may; False when it was so."""
    return tx.run(SET_MAKES_KEYS, account_id=account_id, makes_keys=makes) == 1
