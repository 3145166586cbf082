"""Payment terms: due dates, grants over time, who may be granted what."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from acquit.core import terms as law
from acquit.core.account import Account, AccountState, LegalEntity, ResellerTagMissing, SupportLevel
from acquit.core.errors import Refusal, Unlawful
from acquit.core.identifiers import AccountId, GrantId, LegalEntityId
from acquit.core.money import Currency
from acquit.core.terms import (
    AccountNotOpen,
    AlreadyGranted,
    Applicant,
    CreditLimitExceeded,
    Grant,
    Method,
    NobodyNamed,
    NothingToApprove,
    NotThePayer,
    OverrideReasonMissing,
    SamePersonApproves,
    SupportLevelTooLow,
    Term,
    TermNotOffered,
    TermTooLong,
    UsageChoice,
    UsageChoiceMissing,
)

EUR, ACCOUNT = Currency("EUR"), AccountId("ab12345-acq")
NET45, NET60, NET30 = Term(45), Term(60), Term(30)

ENTITY = LegalEntity(
    legal_entity_id=LegalEntityId("FR"),
    name="Acquit Démo SAS",
    street="1 rue de la Paix",
    zip="59000",
    city="Lille",
    country="FR",
    currency=EUR,
    zone="Europe/Paris",
    bill_series_id="FR",
    credit_series_id="FRA",
    deposit_series_id="FRD",
)


def account(**members: object) -> Account:
    given = {
        "account_id": ACCOUNT,
        "legal_entity_id": LegalEntityId("FR"),
        "payer_id": ACCOUNT,
        "currency": EUR,
        "opened_at": datetime(2026, 1, 1, tzinfo=UTC),
        "support_level": SupportLevel.BUSINESS,
    }
    return Account(**(given | members))  # type: ignore[arg-type]


def grant(grant_id: int = 1, **members: object) -> Grant:
    given = {
        "account_id": ACCOUNT,
        "grant_id": GrantId(grant_id),
        "term": NET45,
        "currency": EUR,
        "from_on": date(2026, 1, 1),
        "usage_days": 45,
        "granted_by": "operator:alice",
        "granted_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return Grant(**(given | members))  # type: ignore[arg-type]


# issued, term, due: the table of the accountants
DUE_DATES = """
    2026-01-15  30 net          2026-02-14
    2026-01-15  45 net          2026-03-01
    2026-01-15  60 net          2026-03-16
    2026-01-15  45 days-first   2026-03-31
    2026-01-15  45 month-first  2026-03-17
    2026-01-31  45 days-first   2026-03-31
    2026-01-31  45 month-first  2026-03-17
    2026-02-28  30 days-first   2026-03-31
    2026-02-28  30 month-first  2026-03-30
    2028-02-29  45 month-first  2028-04-14
    2028-01-31  30 net          2028-03-01
    2026-12-17  45 days-first   2027-01-31
    2026-12-18  45 days-first   2027-02-28
    2026-12-31  45 month-first  2027-02-14
    2026-06-15  0 net           2026-06-15
"""


@pytest.mark.parametrize("row", [line.split() for line in DUE_DATES.strip().splitlines()], ids=" ".join)
def test_due_dates(row: list[str]) -> None:
    issued, days, method, due = row
    assert law.due_on(date.fromisoformat(issued), Term(int(days), Method(method))) == date.fromisoformat(due)


def test_terms_read_as_words() -> None:
    assert [str(Term(45, method)) for method in Method] == [
        "45 days",
        "45 days, then to the end of that month",
        "45 days from the end of the month",
    ]


def test_bills_without_a_grant_have_the_legal_default() -> None:
    default = law.default_term(ENTITY)
    assert default == NET30
    assert law.term_for([], date(2026, 5, 1), False, default) == (NET30, None)


def test_grants_hold_from_their_first_day_to_the_day_before_their_end() -> None:
    first = grant(1, term=NET45, from_on=date(2026, 2, 1), end_on=date(2026, 6, 1))
    again = grant(2, term=NET60, from_on=date(2026, 8, 1), usage_days=45)
    said = {
        day: law.term_for([first, again], date.fromisoformat(day), False, NET30)
        for day in ("2026-01-31", "2026-02-01", "2026-05-31", "2026-06-01", "2026-07-31", "2026-08-01")
    }
    assert said == {
        "2026-01-31": (NET30, None),
        "2026-02-01": (NET45, 1),
        "2026-05-31": (NET45, 1),
        "2026-06-01": (NET30, None),
        "2026-07-31": (NET30, None),
        "2026-08-01": (NET60, 2),
    }


def test_of_two_grants_the_newer_holds() -> None:
    assert law.grant_on([grant(2), grant(1)], date(2026, 3, 1)) == grant(2)
    later = grant(3, from_on=date(2026, 2, 1))
    assert law.grant_on([later, grant(4)], date(2026, 3, 1)) == later


def test_a_grant_that_waits_for_approval_does_not_hold() -> None:
    waiting = grant(needs_approval=True)
    assert not waiting.holds_on(date(2026, 3, 1))
    assert replace(waiting, approved_by="operator:bob").holds_on(date(2026, 3, 1))


@pytest.mark.parametrize(
    ("members", "usage"),
    [
        ({"term": NET45}, NET45),
        ({"term": NET30, "usage_days": 30}, NET30),
        ({"term": NET60}, NET45),
        ({"term": NET60, "usage_choice": UsageChoice.OVERRIDE, "override_reason": "hosting only"}, NET60),
        ({"term": Term(45, Method.DAYS_FIRST)}, NET45),
        ({"term": Term(30, Method.MONTH_FIRST), "usage_days": 30}, NET30),
    ],
)
def test_bills_of_usage_may_fall_due_earlier(members: dict[str, object], usage: Term) -> None:
    given = grant(1, **members)
    assert law.term_for([given], date(2026, 3, 1), True, NET30) == (usage, given.grant_id)
    assert law.term_for([given], date(2026, 3, 1), False, NET30) == (given.term, given.grant_id)


def test_usage_days() -> None:
    assert [law.usage_days_for(Term(days), ENTITY) for days in (30, 45, 60)] == [30, 45, 45]


def refused(applicant: Applicant, term: Term, *choice: object) -> str:
    findings = law.legal_check(applicant, term, ENTITY, *choice)  # type: ignore[arg-type]
    bad = [finding for finding in findings if not finding.ok]
    return bad[0].code if bad else "granted"


METERED = Applicant(account(), gathers_usage=True)
WITH_CHILDREN = Applicant(account(), has_sub_accounts=True)


@pytest.mark.parametrize(
    ("applicant", "term", "choice", "outcome"),
    [
        (Applicant(account()), NET45, (), "granted"),
        (Applicant(account(support_level=SupportLevel.ENTERPRISE)), NET60, (), "granted"),
        (Applicant(account(support_level=SupportLevel.STANDARD)), NET45, (), "support-level-too-low"),
        (Applicant(account(support_level=SupportLevel.PREMIUM)), NET45, (), "support-level-too-low"),
        (WITH_CHILDREN, NET45, (), "reseller-tag-missing"),
        (Applicant(account(tags=frozenset({"reseller"})), has_sub_accounts=True), NET45, (), "granted"),
        (Applicant(account(payer_id=AccountId("cd12345-acq"))), NET45, (), "not-the-payer"),
        (Applicant(account(state=AccountState.CLOSED)), NET45, (), "account-not-open"),
        (Applicant(account(state=AccountState.SUSPENDED)), NET45, (), "account-not-open"),
        (Applicant(account()), Term(75), (), "term-too-long"),
        (Applicant(account()), Term(0), (), "term-too-long"),
        (Applicant(account()), Term(60, Method.DAYS_FIRST), (), "term-too-long"),
        (Applicant(account()), Term(60, Method.MONTH_FIRST), (), "term-too-long"),
        (Applicant(account()), Term(45, Method.DAYS_FIRST), (), "granted"),
        (Applicant(account()), Term(45, Method.MONTH_FIRST), (), "granted"),
        (Applicant(account()), Term(50), (), "term-not-offered"),
        (METERED, NET45, (), "granted"),
        (METERED, NET60, (), "usage-choice-missing"),
        (METERED, Term(45, Method.DAYS_FIRST), (), "usage-choice-missing"),
        (METERED, NET60, (UsageChoice.OWN_BILL,), "granted"),
        (METERED, NET60, (UsageChoice.OVERRIDE,), "override-reason-missing"),
        (METERED, NET60, (UsageChoice.OVERRIDE, "  "), "override-reason-missing"),
        (METERED, NET60, (UsageChoice.OVERRIDE, "agreed in contract 12"), "granted"),
        (Applicant(account(support_level=SupportLevel.STANDARD), gathers_usage=True), Term(75), (),
         "support-level-too-low"),
    ],
)  # fmt: skip
def test_who_may_be_granted_what(
    applicant: Applicant, term: Term, choice: tuple[object, ...], outcome: str
) -> None:
    assert refused(applicant, term, *choice) == outcome


def test_the_ladder_of_findings_keeps_its_order() -> None:
    assert [finding.code for finding in law.legal_check(Applicant(account()), NET45, ENTITY)] == [
        "not-the-payer",
        "account-not-open",
        "support-level-too-low",
        "reseller-tag-missing",
        "term-too-long",
        "term-not-offered",
        "usage-choice-missing",
        "override-reason-missing",
    ]


@pytest.mark.parametrize(
    ("applicant", "term", "choice", "refusal"),
    [
        (Applicant(account(payer_id=AccountId("cd12345-acq"))), NET45, (), NotThePayer),
        (Applicant(account(state=AccountState.CLOSED)), NET45, (), AccountNotOpen),
        (Applicant(account(support_level=SupportLevel.STANDARD)), NET45, (), SupportLevelTooLow),
        (WITH_CHILDREN, NET45, (), ResellerTagMissing),
        (Applicant(account()), Term(75), (), TermTooLong),
        (Applicant(account()), Term(50), (), TermNotOffered),
        (METERED, NET60, (), UsageChoiceMissing),
        (METERED, NET60, (UsageChoice.OVERRIDE,), OverrideReasonMissing),
    ],
)
def test_every_finding_has_its_refusal(
    applicant: Applicant, term: Term, choice: tuple[UsageChoice, ...], refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal) as caught:
        law.refuse_unlawful(law.legal_check(applicant, term, ENTITY, *choice))
    assert caught.value.details["source"]


def test_a_lawful_grant_passes() -> None:
    law.refuse_unlawful(law.legal_check(Applicant(account()), NET45, ENTITY))


def test_the_article_is_quoted() -> None:
    with pytest.raises(Unlawful) as caught:
        law.refuse_unlawful(law.legal_check(Applicant(account()), Term(75), ENTITY))
    assert "L441-10" in caught.value.details["source"]
    assert caught.value.message.endswith("75 are not lawful. Source: Code de commerce, article L441-10, I.")
    with pytest.raises(Unlawful) as caught:
        law.refuse_unlawful(law.legal_check(METERED, NET60, ENTITY))
    assert "L441-10" in caught.value.details["source"]
    assert "289" in caught.value.details["source"]
    with pytest.raises(Unlawful, match="at least 1 day, not 0"):
        law.refuse_unlawful(law.legal_check(Applicant(account()), Term(0), ENTITY))
    german = replace(ENTITY, country="DE")
    assert "2011/7/EU" in law.legal_check(Applicant(account()), Term(75), german)[4].source


def test_a_grant_is_warned_of_what_the_account_lost() -> None:
    assert law.warnings(Applicant(account())) == []
    lost = Applicant(account(support_level=SupportLevel.PREMIUM), has_sub_accounts=True)
    assert [finding.code for finding in law.warnings(lost)] == [
        "support-level-too-low",
        "reseller-tag-missing",
    ]


@pytest.mark.parametrize(
    ("above", "limit", "needed"),
    [
        (None, None, False),
        (None, 10**9, False),
        (100_00, 100_00, False),
        (100_00, 100_01, True),
        (100_00, None, True),
    ],
)
def test_large_limits_need_a_second_person(above: int | None, limit: int | None, needed: bool) -> None:
    assert law.needs_approval(limit, replace(ENTITY, approval_above_minor=above)) is needed


def test_approval_is_by_another_person_and_once() -> None:
    waiting = grant(needs_approval=True)
    law.refuse_approval(waiting, "operator:bob")
    with pytest.raises(SamePersonApproves):
        law.refuse_approval(waiting, "operator:alice")
    with pytest.raises(NobodyNamed):
        law.refuse_approval(waiting, "cli")
    for done in (
        grant(),
        replace(waiting, approved_by="operator:bob"),
        replace(waiting, end_on=date(2026, 2, 1)),
    ):
        with pytest.raises(NothingToApprove):
            law.refuse_approval(done, "operator:bob")


def test_credit() -> None:
    assert law.credit_left(None, 500) is None
    assert law.credit_left(1000, 400) == 600
    assert law.credit_left(1000, 1400) == -400
    law.refuse_over_credit(ACCOUNT, None, 10**9)
    law.refuse_over_credit(ACCOUNT, 600, 600)
    for left, adding in ((600, 601), (0, 1), (-1, 0)):
        with pytest.raises(CreditLimitExceeded):
            law.refuse_over_credit(ACCOUNT, left, adding)


def test_the_same_grant_twice_is_noticed() -> None:
    given = grant(credit_limit_minor=500_00)
    assert law.is_same(given, NET45, 500_00, UsageChoice.OWN_BILL)
    assert not law.is_same(given, NET45, None, UsageChoice.OWN_BILL)
    assert not law.is_same(given, NET60, 500_00, UsageChoice.OWN_BILL)
    assert AlreadyGranted("same").code == "already-granted"
