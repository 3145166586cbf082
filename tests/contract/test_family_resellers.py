"""A reseller opens accounts for customers of its own."""

from collections.abc import Callable
from typing import Any

import pytest

from acquit.actions.run_bills import run_bills
from acquit.actions.subscribe_service import subscribe_service
from acquit.core.identifiers import AccountId
from acquit.core.subscription import Wish
from acquit.store import accounts, acts, debts, legal_parties

from .families import Customer, Families
from .world import ACME, FR, LAB, PETIT, TODAY

Make = Callable[..., Customer]
COMPANY: dict[str, Any] = {
    "organisation": "Bois & Fils SARL", "companyNationalIdentificationNumber": "732829320",
    "vat": "FR44732829320", "address": "3 quai Ouest", "zip": "44000", "city": "Nantes", "country": "FR",
    "legalform": "corporation", "email": "compta@bois.example", "firstname": "Élise", "name": "Bois",
    "phone": "+33.123456789", "language": "fr_FR", "area": "Loire", "sex": "female",
}  # fmt: skip


def test_a_customer_has_a_buyer_in_law_of_its_own(acme: Customer, families: Families) -> None:
    before = acme.get("/me")
    made = acme.post("/me/account", **COMPANY)
    assert {name: made[name] for name in COMPANY} == COMPANY
    assert made["nichandle"].startswith("bf")
    assert made["nichandle"] == made["customerCode"]
    assert acme.get("/me") == before
    with families.world.context.database.read() as tx:
        account = accounts.find(tx, AccountId(made["nichandle"]))
        assert account is not None
        party = legal_parties.of_account(tx, account.account_id, TODAY)
        told = acts.of_account(tx, account.account_id)
    assert (account.parent_id, account.payer_id) == (ACME, account.account_id)
    assert party is not None
    assert (party.name, party.siren, party.from_on) == ("Bois & Fils SARL", "732829320", TODAY)
    assert [act.verb for act in told] == ["open_sub_account"]
    key = acme.post(f"/me/subAccount/{account.sub_account_no}/createConsumerKey")["consumerKey"]
    assert families.with_key(key).get("/me") == made


def test_a_person_is_a_buyer_too_and_nothing_of_the_reseller_s_is_copied(acme: Customer) -> None:
    made = acme.post("/me/account", firstname="Noé", name="Roux", country="FR", legalform="individual")
    assert (made["organisation"], made["legalform"], made["email"]) == (None, "individual", "")
    assert (made["vat"], made["companyNationalIdentificationNumber"], made["address"]) == (None, None, None)


def test_who_pays_is_told(acme: Customer, families: Families) -> None:
    """The bill names the customer; its debt is the reseller's."""
    context = families.world.context
    made = acme.post("/me/account", **COMPANY, billingAccount=ACME)
    account_id = AccountId(made["nichandle"])
    wish = Wish("metal-s", TODAY, resource_name="ns-customer.example.net")
    subscribe_service(context, account_id, wish, by="cli")
    assert [report.parked for report in run_bills(context, FR, "2026-11", by="cli")] == [0]
    key = acme.post(f"/me/subAccount/{acme.get('/me/subAccount')[-1]}/createConsumerKey")["consumerKey"]
    (bill_id,) = families.with_key(key).get("/me/bill")
    with context.database.read() as tx:
        owed = [debt.bill_id for debt in debts.of_payer(tx, ACME) if debt.account_id == account_id]
    assert owed == [bill_id]


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        ({"billingAccount": PETIT}, 400, "[billingAccount]"),
        ({"billingAccount": LAB}, 400, "[billingAccount]"),
        ({"billingAccount": "nobody"}, 400, "[billingAccount]"),
        ({"vat": "FR00000000000"}, 400, "VAT id"),
        ({"companyNationalIdentificationNumber": "1"}, 400, "SIREN"),
        ({"email": "nowhere"}, 400, "e-mail"),
        ({"organisation": None, "firstname": "", "name": None}, 400, "[organisation]"),
        ({"organisation": "x" * 256}, 400, "255"),
        ({"organisation": "\u0627\u0644"}, 400, "printed"),
        ({"country": "XX"}, 400, "CountryEnum"),
    ],
)
def test_what_cannot_be_true_opens_nothing(
    acme: Customer, said: dict[str, object], status: int, words: str
) -> None:
    before = acme.get("/me/subAccount")
    found, message = acme.refusal("POST", "/me/account", COMPANY | said)
    assert (found, words in message) == (status, True), message
    assert acme.get("/me/subAccount") == before


def test_only_a_reseller_opens_accounts(customer: Make) -> None:
    status, message = customer(PETIT).refusal("POST", "/me/account", COMPANY)
    assert (status, "reseller" in message) == (403, True)
    assert customer(LAB).refusal("POST", "/me/account", COMPANY)[0] == 400, "it is a sub-account itself"
