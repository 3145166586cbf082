"""A mandate that an account of the world signed."""

from datetime import date
from typing import Final

from acquit.actions.context import Context
from acquit.actions.create_remittance import create_remittance
from acquit.actions.register_mandate import Signed, register_mandate
from acquit.actions.set_creditor import set_creditor
from acquit.core.collection import Creditor
from acquit.core.identifiers import AccountId
from acquit.core.mandate import Held
from acquit.core.remittance import Remittance

from .world import FR

IBAN: Final = "DE89370400440532013000"


def sign_mandate(context: Context, account_id: AccountId, *, default: bool = False) -> Held:
    """The seller has a creditor identifier; the account signs, and may be debited."""
    set_creditor(context, Creditor(FR, "FR72ZZZ123456"), by="cli")
    signed = Signed(IBAN, date(2026, 1, 15), bic="COBADEFFXXX")
    return register_mandate(context, account_id, signed, default=default, by="cli")


def collect(context: Context, payer_id: AccountId) -> Remittance:
    """The payer is debited what it owes: a file is made, and waits for its approval."""
    sign_mandate(context, payer_id, default=True)
    made = create_remittance(context, FR, date(2027, 3, 1), by="cli").remittance
    assert made is not None
    return made
