"""A seller that buys from its accounts: agreements, what was supplied, and who decides."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from acquit.actions.agree_self_billing import Terms, accept_self_billing, agree_self_billing
from acquit.actions.context import Context
from acquit.actions.issue_reverse_bill import issue_reverse_bill
from acquit.actions.set_legal_party import set_legal_party
from acquit.adapters.archive import DirectoryArchive
from acquit.adapters.clock import FixedClock
from acquit.core.account import LegalParty
from acquit.core.bill import Bill
from acquit.core.identifiers import AccountId, LegalPartyId
from acquit.core.reverse_bill import Supplied
from acquit.core.self_billing import Agreement, Regime
from acquit.store.transaction import Database
from founding import ACME, PETIT
from owing import owing

BOB: Final = "operator:bob"
FRENCH: Final = LegalParty(
    LegalPartyId(0), date(2020, 1, 1), "Acme Études SARL", "FR", siren="552081317", vat_id="FR03552081317",
    street="4 rue du Port", zip="44000", city="Nantes",
)  # fmt: skip
SMALL: Final = replace(FRENCH, name="Petit Conseil", siren="552100554", vat_id="")
GERMAN: Final = replace(
    FRENCH, name="Klein GmbH", country="DE", siren="", vat_id="DE136695976", street="Hafenstr. 4",
    zip="20457", city="Hamburg",
)  # fmt: skip
COMMISSION: Final = Supplied(
    "REF-7", "Commission on referred accounts", 10_000, 10_000_000_000, date(2026, 11, 1), date(2026, 11, 30)
)
"""100.00, for November."""

TERMS: Final = Terms("referral commissions", "MAND-2026-014", Regime.STANDARD)


def buying(database: Database, directory: Path, **settings: Any) -> Context:
    """As in owing; Acme and Petit have legal parties that bills can be made of, and papers are kept."""
    context = owing(database, **settings)
    context = replace(context, archive=DirectoryArchive(directory / "archive"))
    set_legal_party(context, ACME, FRENCH, by="cli")
    set_legal_party(context, PETIT, SMALL, by="cli")
    return context


def on(context: Context, day: date) -> Context:
    """The same on another day."""
    return replace(context, clock=FixedClock(day))


def agreed(context: Context, account_id: AccountId = ACME, terms: Terms = TERMS) -> Agreement:
    """An agreement that the account accepted."""
    made = agree_self_billing(context, account_id, terms, by=BOB)
    return accept_self_billing(context, account_id, made.agreement_no, "Alice Martin", by=BOB)


def billed(context: Context, account_id: AccountId = ACME, lines: Sequence[Supplied] = (COMMISSION,)) -> Bill:
    """A reverse bill of what the account supplied."""
    return issue_reverse_bill(context, account_id, lines, by=BOB)
