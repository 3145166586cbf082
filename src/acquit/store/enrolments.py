"""Accounts, legal parties and services written many at once, by COPY."""

from collections.abc import Iterable
from typing import Final, LiteralString

from acquit.core.account import Account, LegalParty
from acquit.core.identifiers import LegalPartyId
from acquit.store.transaction import Transaction

NEXT_PARTY_IDS: Final[LiteralString] = """
    SELECT nextval('legal_party_id') AS legal_party_id FROM generate_series(1, %(count)s::bigint)
"""

PARTY: Final = {
    "legal_party_id": "int8", "from_on": "date", "name": "text", "siren": "text", "vat_id": "text",
    "e_address": "text", "street": "text", "zip": "text", "city": "text", "country": "text",
}  # fmt: skip

ACCOUNT: Final = {
    "account_id": "text", "legal_entity_id": "text", "payer_id": "text", "legal_party_id": "int8",
    "support_level": "text", "currency": "text", "language": "text", "given_name": "text",
    "family_name": "text", "email": "text", "opened_at": "timestamptz",
}  # fmt: skip


def next_party_ids(tx: Transaction, count: int) -> list[LegalPartyId]:
    """Take that many new legal party ids."""
    return [LegalPartyId(row.legal_party_id) for row in tx.all(NEXT_PARTY_IDS, count=count)]


def insert_parties(tx: Transaction, parties: Iterable[LegalParty]) -> int:
    """Write new legal parties by COPY and return how many."""
    rows = (
        (each.legal_party_id, each.from_on, each.name, each.siren, each.vat_id, each.e_address, each.street,
         each.zip, each.city, each.country)
        for each in parties
    )  # fmt: skip
    return tx.copy("legal_party", tuple(PARTY), rows, tuple(PARTY.values()))


def insert_accounts(tx: Transaction, accounts: Iterable[Account]) -> int:
    """Write new accounts that pay for themselves, without tags, by COPY and return how many."""
    rows = (
        (each.account_id, each.legal_entity_id, each.payer_id, each.legal_party_id, each.support_level.value,
         each.currency, each.language, each.given_name, each.family_name, each.email, each.opened_at)
        for each in accounts
    )  # fmt: skip
    return tx.copy("account", tuple(ACCOUNT), rows, tuple(ACCOUNT.values()))
