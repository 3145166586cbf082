"""Copies of who sells and buys, named by their content."""

import hashlib
import json
from datetime import date

from acquit.core.account import LegalParty, TaxProfile
from acquit.core.identifiers import LegalPartyId
from acquit.core.snapshot import Buyer, Seller, buyer, seller, snapshot
from founding import ENTITY, PARTY


def test_the_name_is_the_hash_of_canonical_json() -> None:
    copy = snapshot(Buyer("Société « Ω »", "FR", city="Nîmes"))
    assert copy.hash == hashlib.sha256(copy.body.encode()).digest()
    members = json.loads(copy.body)
    assert list(members) == sorted(members)
    assert members["name"] == "Société « Ω »"
    assert " :" not in copy.body
    assert '", "' not in copy.body


def test_equal_copies_have_one_name_and_others_another() -> None:
    assert snapshot(Buyer("A", "FR")) == snapshot(Buyer("A", "FR"))
    assert snapshot(Buyer("A", "FR")) != snapshot(Buyer("A", "FR", sub_account="lab"))
    assert snapshot(Seller("A", "FR")) != snapshot(Buyer("A", "FR"))


def test_a_buyer_is_copied_member_by_member() -> None:
    party = LegalParty(
        LegalPartyId(1), date(2026, 1, 1), "N", "FR", "S", "V", "E", "st", "st2", "z", "c",
        TaxProfile.EXEMPT, "why", "ref",
    )  # fmt: skip
    assert buyer(party, "lab") == Buyer(
        "N", "FR", "S", "V", "E", "st", "st2", "z", "c", "exempt", "why", "ref", "lab"
    )
    assert buyer(PARTY).tax_profile == "business"


def test_a_seller_is_copied_member_by_member() -> None:
    copied = seller(ENTITY)
    assert (copied.name, copied.siren, copied.late_fee_minor) == (ENTITY.name, ENTITY.siren, 4_000)
