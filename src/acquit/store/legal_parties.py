"""Legal parties: the buyers in law, a row for each day on which something about them changed."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.account import LegalParty, TaxProfile, party_on
from acquit.core.identifiers import AccountId, LegalPartyId
from acquit.store.transaction import Transaction

HISTORY: Final[LiteralString] = """
    SELECT legal_party_id, from_on, name, country, siren, vat_id, e_address, street, street_2, zip, city,
           tax_profile, exemption_reason, buyer_reference
      FROM legal_party
     WHERE legal_party_id = ANY(%(legal_party_ids)s)
     ORDER BY legal_party_id, from_on
"""

OF_ACCOUNT: Final[LiteralString] = """
    SELECT coalesce(a.legal_party_id, p.legal_party_id) AS legal_party_id
      FROM account a
      LEFT JOIN account p ON p.account_id = a.parent_id
     WHERE a.account_id = %(account_id)s
"""

NEXT_ID: Final[LiteralString] = "SELECT nextval('legal_party_id') AS legal_party_id"

INSERT: Final[LiteralString] = """
    INSERT INTO legal_party (legal_party_id, from_on, name, country, siren, vat_id, e_address, street,
           street_2, zip, city, tax_profile, exemption_reason, buyer_reference)
    VALUES (%(legal_party_id)s, %(from_on)s, %(name)s, %(country)s, %(siren)s, %(vat_id)s, %(e_address)s,
           %(street)s, %(street_2)s, %(zip)s, %(city)s, %(tax_profile)s, %(exemption_reason)s,
           %(buyer_reference)s)
"""


def history(tx: Transaction, legal_party_ids: Sequence[LegalPartyId]) -> list[LegalParty]:
    """Return every row of the legal parties, each one's oldest first."""
    return [_party(row) for row in tx.all(HISTORY, legal_party_ids=list(legal_party_ids))]


def id_of_account(tx: Transaction, account_id: AccountId) -> LegalPartyId | None:
    """Return the legal party of the account, its own or its parent's, or None."""
    row = tx.one_or_none(OF_ACCOUNT, account_id=account_id)
    return None if row is None or row.legal_party_id is None else LegalPartyId(row.legal_party_id)


def of_account(tx: Transaction, account_id: AccountId, on: date) -> LegalParty | None:
    """Return the buyer in law of the account as of a day, inherited from its parent if it has none."""
    legal_party_id = id_of_account(tx, account_id)
    return None if legal_party_id is None else party_on(history(tx, [legal_party_id]), on)


def next_id(tx: Transaction) -> LegalPartyId:
    """Return the id of a new legal party."""
    return LegalPartyId(tx.one(NEXT_ID).legal_party_id)


def insert(tx: Transaction, party: LegalParty) -> None:
    """Write a row of a legal party."""
    tx.run(INSERT, **asdict(party))


def _party(row: Any) -> LegalParty:
    members = row._asdict()
    return LegalParty(
        **members
        | {"legal_party_id": LegalPartyId(row.legal_party_id), "tax_profile": TaxProfile(row.tax_profile)}
    )
