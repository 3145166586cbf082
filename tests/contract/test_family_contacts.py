"""/me/contact: sheets that an account keeps."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquit.actions.keep_contact import change_contact, drop_contact, keep_contact
from acquit.api.contacts import NAMES
from acquit.api.contract import contract
from acquit.core.contact_sheet import (
    LANGUAGES,
    LEGAL_FORMS,
    PLACES,
    SHEETS_MAX,
    BadContactSheet,
    Member,
    NoSuchContactSheet,
    checked_sheet,
    mandatory,
)

from .families import Customer, Families
from .peopling import CONTACT
from .world import ACME, LAB, PETIT

Make = Callable[..., Customer]
PATH = "/me/contact"
SAID = {
    Member.GIVEN_NAME: "Ada", Member.FAMILY_NAME: "Martin", Member.EMAIL: "ada@example.com",
    Member.LANGUAGE: "fr_FR", Member.LEGAL_FORM: "individual", Member.STREET: "1 rue Neuve",
    Member.ZIP: "59000", Member.CITY: "Lille", Member.COUNTRY: "FR",
}  # fmt: skip


def with_address(**more: Any) -> dict[str, Any]:
    return CONTACT | {"address": CONTACT["address"] | more}


def test_what_core_knows_the_wire_can_say() -> None:
    models = contract().models
    assert set(NAMES) == set(Member)
    assert set(NAMES.values()) == set(models["xander.ContactFieldEnum"].values)
    for name, known in (("Country", PLACES), ("Language", LANGUAGES), ("LegalForm", LEGAL_FORMS)):
        assert set(known) <= set(models[f"nichandle.{name}Enum"].values)


def test_a_sheet_is_kept_and_changed(acme: Customer) -> None:
    made = acme.post(PATH, **CONTACT)
    path = f"{PATH}/{made['id']}"
    assert made == acme.get(path)
    assert (made["firstName"], made["birthDay"], made["vat"]) == ("Ada", "1980-12-31", None)
    assert made["address"]["line2"] is None
    assert made["id"] in acme.get(PATH)
    changed = acme.put(path, lastName="Durand", address={"line2": "porte 3"}, id=7)
    assert changed == made | {"lastName": "Durand", "address": made["address"] | {"line2": "porte 3"}}
    assert acme.client.put(path, phone=None, birthDay=None) == changed | {"phone": None, "birthDay": None}
    assert acme.put(path) == acme.get(path)


def test_what_is_mandatory_cannot_be_taken_away(acme: Customer) -> None:
    path = f"{PATH}/{acme.post(PATH, **CONTACT)['id']}"
    before = acme.get(path)
    status, said = acme.refusal("PUT", path, {"address": {"zip": None}})
    assert (status, "[address.zip]" in said) == (400, True)
    assert acme.refusal("PUT", path, {"firstName": " "})[0] == 400
    assert acme.refusal("PUT", path, {"legalForm": "corporation"})[0] == 400
    assert acme.get(path) == before
    assert acme.put(path, legalForm="corporation", organisationName="Acme")["organisationName"] == "Acme"


def test_fields_say_what_a_sheet_must_say(acme: Customer) -> None:
    def needed(body: dict[str, Any]) -> set[str]:
        told = acme.get(f"{PATH}/{acme.post(PATH, **body)['id']}/fields")
        assert {each["fieldName"] for each in told} == set(NAMES.values())
        assert not any(each["readOnly"] for each in told)
        return {each["fieldName"] for each in told if each["mandatory"]}

    private = needed(CONTACT)
    assert "address.zip" in private
    assert "organisationName" not in private
    firm = needed(CONTACT | {"legalForm": "corporation", "organisationName": "Acme"})
    assert firm - private == {"organisationName"}
    american = needed(with_address(country="US", province="NY"))
    assert american - private == {"address.province"}
    assert private - needed(with_address(country="IE", zip=None)) == {"address.zip"}


@pytest.mark.parametrize(
    "body",
    [
        {}, CONTACT | {"email": "nobody"}, CONTACT | {"email": None}, CONTACT | {"firstName": "x" * 201},
        CONTACT | {"lastName": "a\nb"}, CONTACT | {"legalForm": "other"}, CONTACT | {"phone": "x"},
        CONTACT | {"spareEmail": "a b@example.com"}, CONTACT | {"address": {}},
        with_address(country="UNKNOWN"),
        with_address(country="QQ"), with_address(country="US"), with_address(zip=""), CONTACT | {"age": 7},
        CONTACT | {"birthDay": "1980-13-01"}, CONTACT | {"language": "xx_XX"}, CONTACT | {"address": None},
    ],
)  # fmt: skip
def test_a_sheet_that_cannot_be(acme: Customer, body: dict[str, Any]) -> None:
    before = acme.get(PATH)
    assert acme.refusal("POST", PATH, body)[0] == 400
    assert acme.get(PATH) == before


def test_another_account_finds_nothing(acme: Customer, customer: Make, families: Families) -> None:
    number, stranger, context = acme.post(PATH, **CONTACT)["id"], customer(PETIT), families.world.context
    assert number not in stranger.get(PATH)
    for method, path in (("GET", ""), ("PUT", ""), ("GET", "/fields")):
        body = {"firstName": "Eve"} if method == "PUT" else None
        assert stranger.refusal(method, f"{PATH}/{number}{path}", body)[0] == 404
    with pytest.raises(NoSuchContactSheet):
        drop_contact(context, PETIT, number, by="system")
    assert acme.get(f"{PATH}/{number}")["firstName"] == "Ada"
    drop_contact(context, ACME, number, by="system")
    assert acme.refusal("GET", f"{PATH}/{number}")[0] == 404
    with pytest.raises(NoSuchContactSheet):
        change_contact(context, ACME, number, {}, by="system")


def test_so_many_and_no_more(customer: Make, families: Families) -> None:
    for _ in range(SHEETS_MAX):
        keep_contact(families.world.context, LAB, SAID, by="system")
    assert customer(LAB).refusal("POST", PATH, CONTACT)[0] == 409


def test_a_billing_group_has_no_contact_of_its_own(acme: Customer, customer: Make) -> None:
    number = acme.post(PATH, **CONTACT)["id"]
    status, said = acme.refusal("POST", "/me/billing/group", {"name": "own", "contactId": number})
    assert (status, "leave the contact out" in said) == (403, True)
    wrong = customer(PETIT).refusal("POST", "/me/billing/group", {"name": "own", "contactId": number})
    assert wrong[0] == 404


@given(
    st.dictionaries(
        st.sampled_from(list(Member)),
        st.text(max_size=8) | st.sampled_from(["FR", "US", "individual", "corporation", "a@b.example"]),
    ),
    st.sets(st.sampled_from(list(Member))),
)
def test_what_is_kept_is_whole_and_kept_again(more: dict[Member, str], without: set[Member]) -> None:
    said = {member: text for member, text in ({**SAID, **more}).items() if member not in without}
    try:
        kept = checked_sheet(said)
    except BadContactSheet:
        return
    assert mandatory(kept) <= set(kept)
    assert all(kept.values())
    assert checked_sheet(kept) == kept
