"""/me, its support level, certificates, tags and sub-accounts."""

from collections.abc import Callable

import pytest
from ovh.exceptions import BadParametersError, Forbidden, ResourceConflictError, ResourceNotFoundError

from acquit.actions.set_support_level import add_tag, remove_tag, set_support_level
from acquit.core.account import SupportLevel
from acquit.store import acts, legal_parties

from .families import Customer, Families
from .world import ACME, LAB, PETIT, SHOP, TODAY

Make = Callable[..., Customer]


def test_me_is_the_account_of_the_key(acme: Customer, customer: Make) -> None:
    me = acme.get("/me")
    assert (me["nichandle"], me["organisation"], me["ovhSubsidiary"]) == (ACME, "Acme Études SARL", "FR")
    assert me["currency"] == {"code": "EUR", "symbol": "€"}
    lab = customer(LAB).get("/me")
    assert (lab["nichandle"], lab["organisation"]) == (LAB, "Acme Études SARL")


def test_only_what_is_given_changes(customer: Make, families: Families) -> None:
    petit = customer(PETIT)
    before = petit.get("/me")
    assert petit.put("/me", city="Grenoble", sex="male", phone="+33.123456789", spareEmail=None) is None
    after = petit.get("/me")
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"city", "sex", "phone"}
    assert (after["city"], after["sex"], after["phone"]) == ("Grenoble", "male", "+33.123456789")
    with families.world.context.database.read() as tx:
        verbs = [act.details for act in acts.of_account(tx, PETIT) if act.verb == "change_account"]
    assert verbs == [{"members": ["city", "phone", "sex", "spare_email"]}]


def test_the_whole_object_may_come_back_unchanged(acme: Customer) -> None:
    before = acme.get("/me")
    assert acme.put("/me", **before) is None
    assert acme.get("/me") == before


def test_a_sub_account_gets_a_legal_party_of_its_own(customer: Make, families: Families) -> None:
    shop, before = customer(SHOP), customer(ACME).get("/me")
    shop.put("/me", organisation="Acme Boutique SARL", address="5 rue Neuve")
    shop.put("/me", zip="44100")
    assert shop.get("/me")["organisation"] == "Acme Boutique SARL"
    assert (shop.get("/me")["address"], shop.get("/me")["zip"]) == ("5 rue Neuve", "44100")
    assert customer(ACME).get("/me") == before
    with families.world.context.database.read() as tx:
        party = legal_parties.of_account(tx, SHOP, TODAY)
    assert party is not None
    assert (party.from_on, party.siren) == (TODAY, "552081317")


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"vat": "FR00000000000"}, 400, "VAT id"),
        ({"companyNationalIdentificationNumber": "123"}, 400, "SIREN"),
        ({"spareEmail": "nowhere"}, 400, "e-mail"),
        ({"city": "x" * 300}, 400, "255"),
        ({"country": "fr"}, 400, "[country] Given data (fr) does not belong to the CountryEnum enumeration"),
        ({"city": 7}, 400, "[city] Given data (7) is not valid for type string"),
        ({"planet": 3}, 400, "Received not described parameters: (planet) while calling edition handler"),
    ],
)
def test_what_cannot_be_true_is_refused(
    acme: Customer, body: dict[str, object], status: int, words: str
) -> None:
    before = acme.get("/me")
    found, message = acme.refusal("PUT", "/me", body)
    assert (found, words in message) == (status, True), message
    assert acme.get("/me") == before


def test_the_payer_has_the_support_level_and_the_certificates(customer: Make) -> None:
    assert customer(ACME).get("/me/supportLevel") == {"level": "business"}
    assert customer(LAB).get("/me/supportLevel") == {"level": "business"}
    assert customer(SHOP).get("/me/supportLevel") == {"level": "standard"}
    certificates = customer(ACME).get("/me/certificates")
    assert certificates[0] == "enterprise"
    assert {"payment.transfer", "payment.delay_days", "renewal.permanent"} <= set(certificates)
    assert customer(LAB).get("/me/certificates") == certificates
    assert customer(PETIT).get("/me/certificates") == []
    assert customer(ACME).get("/me/certificates", name="enterprise") == ["enterprise"]


# ---------------------------------------------------------------- tags


def test_a_tag_counts_when_a_person_gave_it(customer: Make, families: Families) -> None:
    petit, context = customer(PETIT), families.world.context
    asked = petit.post("/me/tag", tagName="reseller", reason="we resell")
    assert asked["status"] == "WAIT_MODERATION"
    with pytest.raises(Forbidden, match="ask sales for it") as refused:
        petit.post("/me/subAccount")
    assert "acquit account" not in str(refused.value)
    with pytest.raises(ResourceConflictError):
        petit.post("/me/tag", tagName="reseller")
    add_tag(context, PETIT, "reseller", by="cli")
    assert petit.get("/me/tag/reseller")["status"] == "CREATED"
    assert isinstance(petit.post("/me/subAccount", description="first"), int)
    assert petit.delete("/me/tag/reseller")["status"] == "DELETED"
    assert petit.get("/me/tag") == []
    with pytest.raises(ResourceNotFoundError):
        petit.delete("/me/tag/reseller")


def test_a_sub_account_sees_the_tags_of_who_pays(customer: Make) -> None:
    lab = customer(LAB)
    assert lab.get("/me/tag") == ["reseller"]
    assert lab.refusal("DELETE", "/me/tag/reseller")[0] == 403
    assert lab.refusal("POST", "/me/tag", {"tagName": "reseller"})[0] == 403
    assert customer(SHOP).get("/me/tag") == []
    assert lab.refusal("POST", "/me/tag", {"tagName": "gold"})[0] == 400
    assert lab.get("/me/tag/available") == [{"keys": [], "name": "reseller"}]


# ---------------------------------------------------------------- sub-accounts


def test_a_sub_account_and_its_key(customer: Make, families: Families) -> None:
    acme = customer(ACME)
    number = acme.post("/me/subAccount", description="research")
    assert number in acme.get("/me/subAccount")
    assert acme.get(f"/me/subAccount/{number}")["description"] == "research"
    assert acme.put(f"/me/subAccount/{number}", description="research II") is None
    assert acme.get(f"/me/subAccount/{number}")["description"] == "research II"
    key = acme.post(f"/me/subAccount/{number}/createConsumerKey")["consumerKey"]
    new = families.with_key(key)
    assert new.get("/me")["nichandle"] not in (ACME, LAB, SHOP, PETIT)
    assert new.get("/me/bill") == []
    assert new.get("/me/subAccount") == []
    assert new.get("/me/payment/method") == acme.get("/me/payment/method")
    assert new.refusal("POST", "/me/subAccount")[0] == 400


def test_the_key_of_a_sub_account_reads_its_bills(customer: Make, families: Families) -> None:
    acme = customer(ACME)
    (lab_no,) = (
        number for number in acme.get("/me/subAccount")
        if families.with_key(acme.post(f"/me/subAccount/{number}/createConsumerKey")["consumerKey"])
        .get("/me")["nichandle"] == LAB
    )  # fmt: skip
    lab = families.with_key(acme.post(f"/me/subAccount/{lab_no}/createConsumerKey")["consumerKey"])
    assert lab.get("/me/bill") == customer(LAB).get("/me/bill")
    assert not set(lab.get("/me/bill")) & set(acme.get("/me/bill"))
    assert lab.get("/services") != []


def test_keys_of_sub_accounts_need_the_tag(customer: Make, families: Families) -> None:
    acme, context = customer(ACME), families.world.context
    number = acme.get("/me/subAccount")[0]
    remove_tag(context, ACME, "reseller", by="cli")
    try:
        status, message = acme.refusal("POST", f"/me/subAccount/{number}/createConsumerKey")
        assert (status, "reseller" in message) == (403, True)
        assert acme.refusal("POST", "/me/subAccount")[0] == 403
    finally:
        add_tag(context, ACME, "reseller", by="cli")


def test_a_strangers_sub_account_does_not_exist(customer: Make) -> None:
    petit = customer(PETIT)
    for number in customer(ACME).get("/me/subAccount"):
        assert petit.refusal("GET", f"/me/subAccount/{number}")[0] == 404
        assert petit.refusal("PUT", f"/me/subAccount/{number}", {"description": "mine"})[0] == 404
        assert petit.refusal("POST", f"/me/subAccount/{number}/createConsumerKey")[0] == 404
    assert customer(ACME).refusal("GET", "/me/subAccount/x") == (
        400, "[id] Given data (x) is not valid for type long",
    )  # fmt: skip


def test_a_support_level_is_set_by_staff_and_shows_at_once(customer: Make, families: Families) -> None:
    set_support_level(families.world.context, SHOP, SupportLevel.PREMIUM, by="cli")
    assert customer(SHOP).get("/me/supportLevel") == {"level": "premium"}
    with pytest.raises(BadParametersError):
        customer(SHOP).get("/me/supportLevel", level="enterprise")
