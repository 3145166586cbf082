"""Accounts: names, support levels, tags, legal parties and payers."""

from datetime import UTC, date, datetime

import pytest

from acquit.core import account as law
from acquit.core.account import (
    Account,
    BadAccountId,
    BadTag,
    LegalParty,
    NoSuchAccount,
    NoSuchLegalEntity,
    NotAPayer,
    PayerChoice,
    ResellerTagMissing,
    SupportLevel,
)
from acquit.core.identifiers import AccountId, LegalEntityId, LegalPartyId
from acquit.core.money import Currency

PARENT, CHILD = AccountId("ab12345-acq"), AccountId("cd12345-acq")


def account(account_id: AccountId = PARENT, **members: object) -> Account:
    given = {
        "account_id": account_id,
        "legal_entity_id": LegalEntityId("FR"),
        "payer_id": account_id,
        "currency": Currency("EUR"),
        "opened_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return Account(**(given | members))  # type: ignore[arg-type]


def party(from_on: date, name: str) -> LegalParty:
    return LegalParty(LegalPartyId(1), from_on, name, "FR")


def test_levels_are_ordered() -> None:
    assert [(level.value, level.rank, level.is_at_least_business) for level in SupportLevel] == [
        ("standard", 0, False),
        ("premium", 1, False),
        ("business", 2, True),
        ("enterprise", 3, True),
    ]


@pytest.mark.parametrize("text", ["ab12345-acq", "zz123-xy", "ab1234567890-acquitxx"])
def test_names_of_accounts(text: str) -> None:
    assert law.is_account_id(text)
    assert law.checked_account_id(text) == text


@pytest.mark.parametrize(
    "text",
    ["", "AB12345-acq", "ab12-acq", "ab12345", "ab12345-acq\n", "../etc", "ab12345-ACQ", "abc12345-acq"],
)
def test_other_texts_are_no_names(text: str) -> None:
    with pytest.raises(BadAccountId):
        law.checked_account_id(text)


def test_a_name_is_made_of_its_parts() -> None:
    assert law.account_id("ab", 123, "acq") == "ab00123-acq"
    with pytest.raises(BadAccountId):
        law.account_id("abc", 123, "acq")


@pytest.mark.parametrize(
    ("names", "letters"),
    [
        (("Élodie", "Brûlé"), "eb"),
        (("Acme",), "ac"),
        (("", ""), "xx"),
        (("X",), "xx"),
        (("Société Générale de Câblage",), "sg"),
        (("株式会社",), "xx"),
    ],
)
def test_initials(names: tuple[str, ...], letters: str) -> None:
    assert law.initials(*names) == letters


def test_tags() -> None:
    assert law.checked_tag("reseller") == "reseller"
    for bad in ("", "Reseller", "a b", "x" * 65, "a\n"):
        with pytest.raises(BadTag):
            law.checked_tag(bad)


def test_the_newest_party_that_is_not_in_the_future_holds() -> None:
    rows = [party(date(2026, 3, 1), "new"), party(date(2025, 1, 1), "old"), party(date(2027, 1, 1), "future")]
    names = {
        on: found.name if (found := law.party_on(rows, on)) else None
        for on in (
            date(2024, 12, 31),
            date(2025, 1, 1),
            date(2026, 2, 28),
            date(2026, 3, 1),
            date(2027, 1, 1),
        )
    }
    assert names == {
        date(2024, 12, 31): None,
        date(2025, 1, 1): "old",
        date(2026, 2, 28): "old",
        date(2026, 3, 1): "new",
        date(2027, 1, 1): "future",
    }


def test_a_sub_account_without_a_party_has_its_parents() -> None:
    parent = account(legal_party_id=LegalPartyId(7))
    assert law.party_id_of(account(CHILD, parent_id=PARENT), parent) == 7
    assert law.party_id_of(account(CHILD, parent_id=PARENT, legal_party_id=LegalPartyId(8)), parent) == 8
    assert law.party_id_of(account(), None) is None


def test_the_payer_is_the_account_or_its_parent() -> None:
    assert law.payer_for(CHILD, PARENT, PayerChoice.ITSELF) == CHILD
    assert law.payer_for(CHILD, PARENT, PayerChoice.PARENT) == PARENT
    with pytest.raises(NotAPayer, match="no parent"):
        law.payer_for(PARENT, None, PayerChoice.PARENT)
    assert account().pays_itself
    assert not account(CHILD, payer_id=PARENT).pays_itself


def test_sub_accounts_need_the_reseller_tag() -> None:
    law.refuse_sub_account(account(tags=frozenset({"reseller"})))
    with pytest.raises(ResellerTagMissing, match="reseller"):
        law.refuse_sub_account(account())
    with pytest.raises(NotAPayer, match=PARENT):
        law.refuse_sub_account(account(CHILD, parent_id=PARENT, tags=frozenset({"reseller"})))


def test_what_is_not_there_is_named() -> None:
    assert NoSuchAccount("ab12345-acq").details == {"account": "ab12345-acq"}
    assert "XX" in NoSuchLegalEntity("XX").message
