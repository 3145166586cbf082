"""Accounts are opened, change their conditions, their payer and their legal party."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from acquit.actions.context import Context
from acquit.actions.grant_enterprise_terms import grant_enterprise_terms
from acquit.actions.loading import StaffOnly
from acquit.actions.open_account import Opening, open_account
from acquit.actions.open_sub_account import open_sub_account
from acquit.actions.set_legal_party import BadLegalParty, set_legal_party, share_legal_party
from acquit.actions.set_payer import GrantInTheWay, set_payer
from acquit.actions.set_support_level import NoSuchTag, add_tag, remove_tag, set_support_level
from acquit.core.account import (
    AccountIdTaken,
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
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.operator import RoleForbids
from acquit.core.sales_request import AskedTerm
from acquit.core.terms import Term
from acquit.store import accounts, legal_parties
from acquit.store.transaction import Database
from founding import (
    ACME,
    FR,
    LAB,
    PARTY,
    PETIT,
    SAM,
    SHOP,
    TODAY,
    add_service,
    context_on,
    count,
    found,
    renewals,
    settle,
    verbs,
)

NOBODY = AccountId("zz99999-acq")


@pytest.fixture
def context(database: Database) -> Context:
    return found(database)


def test_an_account_is_named_after_its_owner(context: Context) -> None:
    first = open_account(context, Opening(FR, given_name="Élodie", family_name="Brûlé"), by=SAM)
    second = open_account(context, Opening(FR, PARTY), by=SAM)
    assert (first.account_id, second.account_id) == ("eb10001-acq", "ae10002-acq")
    assert (first.currency, first.language, first.payer_id) == ("EUR", "fr_FR", first.account_id)


def test_a_name_that_is_taken_is_passed_over(context: Context) -> None:
    open_account(context, Opening(FR, account_id=AccountId("xx10001-acq")), by=SAM)
    assert open_account(context, Opening(FR), by=SAM).account_id == "xx10002-acq"


def test_what_was_opened_is_read_back(context: Context) -> None:
    opened = settle(context)
    with context.database.read() as tx:
        assert accounts.find(tx, ACME) == opened
        assert [child.account_id for child in accounts.of_parent(tx, ACME)] == [LAB, SHOP]
        assert [account.account_id for account in accounts.every(tx)] == [ACME, LAB, SHOP, PETIT]
        assert [account.account_id for account in accounts.every(tx, after=LAB, rows_max=1)] == [SHOP]
        assert [account.account_id for account in accounts.find_several(tx, [PETIT, LAB])] == [LAB, PETIT]
        lab = accounts.find_sub_account(tx, ACME, 1)
        assert lab is not None
        assert (lab.account_id, lab.payer_id, lab.description) == (LAB, ACME, "laboratory")
        assert accounts.find_sub_account(tx, PETIT, 1) is None
        assert accounts.find(tx, NOBODY) is None


@pytest.mark.parametrize(
    ("opening", "refusal"),
    [
        (Opening(LegalEntityId("XX")), NoSuchLegalEntity),
        (Opening(FR, account_id=AccountId("Acme")), BadAccountId),
        (Opening(FR, tags=frozenset({"RESELLER"})), BadTag),
        (Opening(FR, replace(PARTY, siren="123456789")), BadLegalParty),
        (Opening(FR, replace(PARTY, vat_id="FR00000000000")), BadLegalParty),
        (Opening(FR, replace(PARTY, name=" ")), BadLegalParty),
        (Opening(FR, replace(PARTY, country="fr")), BadLegalParty),
    ],
)
def test_a_wrong_opening_leaves_nothing(context: Context, opening: Opening, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        open_account(context, opening, by=SAM)
    assert (count(context, "account"), count(context, "legal_party"), verbs(context)) == (0, 0, [])


def test_a_name_is_given_once(context: Context) -> None:
    settle(context)
    with pytest.raises(AccountIdTaken):
        open_account(context, Opening(FR, account_id=ACME), by=SAM)


def test_only_staff_with_the_right_opens_accounts(context: Context) -> None:
    for by, refusal in (
        ("operator:bob", RoleForbids), ("operator:nobody", StaffOnly), ("account:ab12345-acq", StaffOnly),
    ):  # fmt: skip
        with pytest.raises(refusal):
            open_account(context, Opening(FR), by=by)
    assert open_account(context, Opening(FR), by="cli").account_id


def test_sub_accounts_need_the_reseller_tag(context: Context) -> None:
    settle(context)
    with pytest.raises(ResellerTagMissing):
        open_sub_account(context, PETIT, by=f"account:{PETIT}")
    add_tag(context, PETIT, "reseller", by=SAM)
    child = open_sub_account(context, PETIT, "branch", by=f"account:{PETIT}")
    assert (child.parent_id, child.payer_id, child.account_id[:2]) == (PETIT, PETIT, "cd")
    with pytest.raises(NotAPayer):
        open_sub_account(context, child.account_id, by=SAM)
    with pytest.raises(NoSuchAccount):
        open_sub_account(context, NOBODY, by=SAM)


def test_an_expired_tag_does_not_count(context: Context) -> None:
    settle(context)
    add_tag(context, PETIT, "reseller", by=SAM, expires_at=datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(ResellerTagMissing):
        open_sub_account(context, PETIT, by=SAM)
    with context.database.read() as tx:
        assert [tag.tag for tag in accounts.tags(tx, PETIT)] == ["reseller"]
        assert accounts.find(tx, PETIT).tags == frozenset()  # type: ignore[union-attr]


def test_tags_come_and_go(context: Context) -> None:
    settle(context)
    assert add_tag(context, PETIT, "partner:gold", by=SAM).tags == {"partner:gold"}
    assert add_tag(context, PETIT, "partner:gold", by=SAM).tags == {"partner:gold"}
    assert remove_tag(context, PETIT, "partner:gold", by=SAM).tags == frozenset()
    with pytest.raises(NoSuchTag):
        remove_tag(context, PETIT, "partner:gold", by=SAM)
    with pytest.raises(BadTag):
        add_tag(context, PETIT, "Partner", by=SAM)


def test_a_support_level_changes(context: Context) -> None:
    settle(context)
    assert set_support_level(context, PETIT, SupportLevel.PREMIUM, by=SAM).support_level == "premium"
    assert "warn_terms" not in verbs(context)


def test_a_term_that_lost_a_condition_is_warned_not_ended(context: Context) -> None:
    settle(context)
    grant_enterprise_terms(context, ACME, AskedTerm(Term(45)), by=SAM)
    set_support_level(context, ACME, SupportLevel.PREMIUM, by=SAM)
    remove_tag(context, ACME, "reseller", by=SAM)
    assert verbs(context)[-4:] == ["warn_terms", "remove_tag", "warn_terms", "warn_terms"]
    add_service(context, ACME, "new")
    assert count(context, "terms_end") == 0


def party_of(context: Context, account_id: AccountId, on: date = TODAY) -> str | None:
    with context.database.read() as tx:
        party = legal_parties.of_account(tx, account_id, on)
    return None if party is None else party.name


def test_a_sub_account_inherits_its_parents_party_until_it_has_its_own(context: Context) -> None:
    settle(context)
    assert party_of(context, LAB) == "Acme Études SARL"
    set_legal_party(context, LAB, replace(PARTY, name="Acme Lab SAS"), by=SAM)
    assert (party_of(context, LAB), party_of(context, ACME)) == ("Acme Lab SAS", "Acme Études SARL")
    assert party_of(context, LAB, date(2026, 11, 22)) is None
    assert party_of(context, NOBODY) is None


def test_a_party_changes_from_a_day_on(context: Context) -> None:
    settle(context)
    set_legal_party(context, ACME, replace(PARTY, name="Acme SA"), by=SAM, from_on=date(2027, 1, 1))
    assert party_of(context, ACME) == "Acme Études SARL"
    assert party_of(context, LAB, date(2027, 1, 1)) == "Acme SA"


def test_a_second_change_on_one_day_replaces_the_first(context: Context) -> None:
    settle(context)
    share_legal_party(context, PETIT, ACME, by=SAM)
    set_legal_party(context, ACME, replace(PARTY, name="Acme SA typo"), by=SAM)
    assert party_of(context, PETIT) == "Acme SA typo"
    set_legal_party(context, ACME, replace(PARTY, name="Acme SA"), by=SAM)
    for account_id in (ACME, LAB, PETIT):
        assert party_of(context, account_id) == "Acme SA"
        assert party_of(context, account_id, date(2026, 11, 22)) == "Acme Études SARL"


def test_there_is_nothing_to_share_without_a_party(context: Context) -> None:
    bare = open_account(context, Opening(FR), by=SAM)
    with pytest.raises(BadLegalParty, match="no legal party"):
        share_legal_party(context, bare.account_id, bare.account_id, by=SAM)
    assert party_of(context, bare.account_id) is None


def test_a_foreign_party_is_not_measured_by_european_rules(context: Context) -> None:
    settle(context)
    swiss = LegalParty(PARTY.legal_party_id, TODAY, "Alpen AG", "CH", vat_id="CHE-123.456.789 MWST")
    assert set_legal_party(context, PETIT, swiss, by=SAM).vat_id == "CHE-123.456.789 MWST"


def test_the_payer_decides_about_permanent_renewal(context: Context) -> None:
    settle(context)
    for account_id, name in ((LAB, "lab"), (SHOP, "shop")):
        add_service(context, account_id, name)
    grant_enterprise_terms(context, ACME, AskedTerm(Term(45)), by=SAM)
    assert renewals(context) == {"lab": "permanent", "shop": "ends"}
    assert set_payer(context, SHOP, PayerChoice.PARENT, by=SAM).payer_id == ACME
    assert renewals(context) == {"lab": "permanent", "shop": "permanent"}
    assert set_payer(context, LAB, PayerChoice.ITSELF, by=SAM).payer_id == LAB
    assert renewals(context) == {"lab": "automatic", "shop": "permanent"}


def test_an_account_with_a_term_of_its_own_pays_itself(context: Context) -> None:
    settle(context)
    set_support_level(context, SHOP, SupportLevel.ENTERPRISE, by=SAM)
    grant_enterprise_terms(context, SHOP, AskedTerm(Term(30)), by=SAM)
    with pytest.raises(GrantInTheWay):
        set_payer(context, SHOP, PayerChoice.PARENT, by=SAM)
    with pytest.raises(NotAPayer):
        set_payer(context, ACME, PayerChoice.PARENT, by=SAM)


def test_a_later_day_has_a_later_party(context: Context) -> None:
    settle(context)
    later = context_on(context.database, date(2026, 12, 1))
    set_legal_party(later, ACME, replace(PARTY, name="Acme SA"), by=SAM)
    assert party_of(context, ACME) == "Acme Études SARL"
    assert party_of(context, ACME, date(2026, 12, 1)) == "Acme SA"
