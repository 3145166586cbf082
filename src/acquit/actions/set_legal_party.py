"""Say who the buyer in law of an account is, from a day on."""

from dataclasses import replace
from datetime import date
from typing import Final

from stdnum.eu import vat
from stdnum.fr import siren

from acquit.actions.context import Context
from acquit.actions.loading import locked_account_in, require_staff, today_of
from acquit.core.account import Account, LegalParty
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId, LegalPartyId
from acquit.core.operator import Right
from acquit.core.printed_text import text_faults
from acquit.documents.glyphs import missing_glyphs
from acquit.store import accounts, acts, legal_parties
from acquit.store.transaction import Transaction

NEW: Final = LegalPartyId(0)
"""The id of a legal party that has none yet."""

_EU_VAT: Final = frozenset(
    {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT",
        "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    }
)  # fmt: skip


class BadLegalParty(Invalid):
    """The legal party contradicts itself: its country, its SIREN or its VAT id."""

    code = "bad-legal-party"


def set_legal_party(
    context: Context, account_id: AccountId, party: LegalParty, *, by: str, from_on: date | None = None
) -> LegalParty:
    """The account's buyer in law is this one from a day on (default today); the party's own id is ignored.

    A sub-account that inherited its parent's gets a legal party of its own. Accounts that share a legal
    party keep sharing it. Raises BadLegalParty, NoSuchAccount.
    """
    checked_party(party)
    with context.database.write() as tx:
        require_staff(tx, by, Right.GRANT_TERMS)
        account = locked_account_in(tx, account_id)
        today = today_of(context, tx, account)
        written = write_party(tx, account, party, from_on or today)
        acts.record(tx, by, "set_legal_party", account_id, str(written.legal_party_id), name=written.name)
        return written


def share_legal_party(context: Context, account_id: AccountId, other_id: AccountId, *, by: str) -> None:
    """The account refers to the same legal party as another account. Raises BadLegalParty, NoSuchAccount."""
    with context.database.write() as tx:
        require_staff(tx, by, Right.GRANT_TERMS)
        locked_account_in(tx, account_id)
        legal_party_id = legal_parties.id_of_account(tx, other_id)
        if legal_party_id is None:
            raise BadLegalParty(f"Account {other_id} has no legal party to share.", account=other_id)
        accounts.set_legal_party(tx, account_id, legal_party_id)
        acts.record(tx, by, "share_legal_party", account_id, str(legal_party_id), other=other_id)


def checked_party(party: LegalParty) -> LegalParty:
    """Return the party. Raises BadLegalParty when its country, SIREN or VAT id cannot be true."""
    if not party.name.strip():
        raise BadLegalParty("A legal party needs a name.")
    if not (len(party.country) == 2 and party.country.isascii() and party.country.isupper()):
        raise BadLegalParty(f"{party.country!r} is not a country: write two capital letters, as in FR.")
    if party.siren and not siren.is_valid(party.siren):
        raise BadLegalParty(
            f"{party.siren!r} is not a SIREN: nine digits, the last of which checks the others."
        )
    if party.vat_id and party.country in _EU_VAT and not vat.is_valid(party.vat_id):
        raise BadLegalParty(f"{party.vat_id!r} is not a VAT id of the European Union.")
    if party.siren and party.vat_id.startswith("FR") and not party.vat_id.endswith(party.siren):
        raise BadLegalParty(f"The VAT id {party.vat_id} does not end with the SIREN {party.siren}.")
    if party.siren and party.e_address and not party.e_address.startswith(party.siren):
        raise BadLegalParty(
            f"The address for e-invoices {party.e_address!r} does not begin with the SIREN {party.siren}: in "
            "France it is the SIREN, or the SIREN with a routing code behind (scheme 0225)."
        )
    faults = text_faults(_texts(party), missing_glyphs)
    if faults:
        raise BadLegalParty(f"It would be printed on bills: {' '.join(faults)}")
    return party


def _texts(party: LegalParty) -> list[tuple[str, str]]:
    names = ("name", "vat_id", "e_address", "street", "street_2", "zip", "city", "exemption_reason")
    told = [(f"The {name.replace('_', ' ')}", getattr(party, name)) for name in names]
    return [*told, ("The buyer's reference", party.buyer_reference)]


def write_party(tx: Transaction, account: Account, party: LegalParty, from_on: date) -> LegalParty:
    """Write the party as the account's from a day on and return it with its id.

    A second change on one day replaces the first: the party moves to a new id with its earlier rows,
    and every account that referred to the old id follows.
    """
    own = account.legal_party_id
    if own is None:
        fresh = replace(party, legal_party_id=legal_parties.next_id(tx), from_on=from_on)
        legal_parties.insert(tx, fresh)
        accounts.set_legal_party(tx, account.account_id, fresh.legal_party_id)
        return fresh
    rows = legal_parties.history(tx, [own])
    if all(row.from_on != from_on for row in rows):
        dated = replace(party, legal_party_id=own, from_on=from_on)
        legal_parties.insert(tx, dated)
        return dated
    moved = legal_parties.next_id(tx)
    kept = [row for row in rows if row.from_on != from_on]
    corrected = [*kept, replace(party, from_on=from_on)]
    for row in corrected:
        legal_parties.insert(tx, replace(row, legal_party_id=moved))
    accounts.move_legal_party(tx, own, moved)
    return replace(corrected[-1], legal_party_id=moved)
