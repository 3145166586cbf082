"""A grant is one transaction: attributes, method, default, permanent renewal; and so is its end."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest

from acquit.actions.context import Context
from acquit.actions.enforce_terms import enforce_terms
from acquit.actions.grant_enterprise_terms import (
    GrantBackdated,
    approve_enterprise_terms,
    grant_enterprise_terms,
)
from acquit.actions.list_notices import list_notices, notices_of
from acquit.actions.loading import StaffOnly
from acquit.actions.revoke_enterprise_terms import revoke_enterprise_terms
from acquit.actions.set_support_level import remove_tag, set_support_level
from acquit.core.account import NoSuchAccount, ResellerTagMissing, SupportLevel
from acquit.core.errors import Refusal
from acquit.core.identifiers import AccountId, GrantId
from acquit.core.operator import RoleForbids
from acquit.core.sales_request import AskedTerm, ReasonMissing
from acquit.core.terms import (
    AlreadyGranted,
    Grant,
    Method,
    NoSuchGrant,
    NothingToApprove,
    NotThePayer,
    SamePersonApproves,
    SupportLevelTooLow,
    Term,
    TermTooLong,
    UsageChoice,
    UsageChoiceMissing,
    term_for,
)
from acquit.store import payment_methods, terms
from acquit.store.transaction import Database, Transaction
from founding import (
    ACME,
    BEA,
    FR,
    LAB,
    PETIT,
    SAM,
    SHOP,
    TODAY,
    add_debt,
    add_service,
    add_usage,
    context_on,
    count,
    found,
    renewals,
    settle,
    verbs,
)

NET45 = AskedTerm(Term(45))


@pytest.fixture
def context(database: Database) -> Context:
    made = found(database)
    settle(made)
    return made


def grant(context: Context, asked: AskedTerm = NET45, account_id: AccountId = ACME, by: str = SAM) -> Grant:
    return grant_enterprise_terms(context, account_id, asked, by=by)


def attributes(context: Context, account_id: AccountId = ACME) -> dict[str, str]:
    with context.database.read() as tx:
        return {mark.name: mark.value for mark in terms.attributes(tx, account_id)}


def methods(context: Context) -> list[tuple[str | None, str, bool]]:
    with context.database.read() as tx:
        found = payment_methods.of_account(tx, ACME)
    return [(method.label, method.status.value, method.is_default) for method in found]


def test_a_grant_shows_everywhere_at_once(context: Context) -> None:
    for account_id, name in ((ACME, "acme"), (LAB, "lab"), (SHOP, "shop"), (PETIT, "petit")):
        add_service(context, account_id, name)
    add_service(context, ACME, "gone", state="terminated")
    granted = grant(context, AskedTerm(Term(45), credit_limit_minor=50_000_00))
    assert attributes(context) == {
        "payment.transfer": "sepa-authorised",
        "payment.delay_days": "45",
        "payment.delay_method": "net",
        "renewal.permanent": "true",
    }
    assert methods(context) == [("PaymentEnterprisewith45daysdelays", "VALID", True)]
    with context.database.read() as tx:
        method = payment_methods.of_account(tx, ACME)[0]
        assert (method.payment_type, method.sub_type, method.grant_id) == (
            "ENTERPRISE",
            "45_DAYS",
            granted.grant_id,
        )
        assert terms.renews_permanently(tx, LAB)
        assert not terms.renews_permanently(tx, SHOP)
    assert renewals(context) == {
        "acme": "permanent", "lab": "permanent", "shop": "ends", "petit": "ends", "gone": "ends",
    }  # fmt: skip
    assert (granted.from_on, granted.granted_by, granted.credit_limit_minor) == (TODAY, SAM, 50_000_00)
    assert verbs(context)[-1] == "grant_enterprise_terms"


def test_the_names_are_the_legal_entitys(database: Database) -> None:
    context = found(
        database, method_type="DEFERRED_PAYMENT_ACCOUNT", method_label="PaymentEnterprisewith{days}days"
    )
    settle(context)
    grant(context, AskedTerm(Term(30)))
    assert methods(context) == [("PaymentEnterprisewith30days", "VALID", True)]


def test_the_former_default_loses_it(context: Context) -> None:
    with context.database.write() as tx:
        card = payment_methods.insert(tx, ACME, "CREDIT_CARD", "VISA", "4***")
        payment_methods.set_default(tx, ACME, card)
    grant(context)
    assert methods(context) == [
        ("4***", "VALID", False),
        ("PaymentEnterprisewith45daysdelays", "VALID", True),
    ]


def test_a_revocation_takes_it_all_back(context: Context) -> None:
    add_service(context, LAB, "lab")
    grant(context)
    ended = revoke_enterprise_terms(context, ACME, by=SAM, reason="contract over")
    assert [(each.end_on, each.ended_by, each.end_reason) for each in ended] == [
        (TODAY, SAM, "contract over")
    ]
    assert attributes(context) == {}
    assert methods(context) == [("PaymentEnterprisewith45daysdelays", "CANCELED", False)]
    assert renewals(context) == {"lab": "automatic"}
    with pytest.raises(NoSuchGrant):
        revoke_enterprise_terms(context, ACME, by=SAM, reason="again")


def test_a_revocation_needs_a_reason(context: Context) -> None:
    grant(context)
    with pytest.raises(ReasonMissing):
        revoke_enterprise_terms(context, ACME, by=SAM, reason=" ")
    with pytest.raises(GrantBackdated):
        revoke_enterprise_terms(context, ACME, by=SAM, reason="late", end_on=date(2026, 11, 1))


def history(context: Context) -> list[Grant]:
    with context.database.read() as tx:
        return terms.of_account(tx, ACME)


def said(context: Context, *days: str) -> list[int]:
    """How many days a bill of each day gets."""
    grants = history(context)
    return [term_for(grants, date.fromisoformat(day), False, Term(30))[0].days for day in days]


def test_history_is_kept(context: Context) -> None:
    grant(context)
    later = context_on(context.database, date(2027, 1, 10))
    grant(later, AskedTerm(Term(60)))
    assert methods(context) == [
        ("PaymentEnterprisewith45daysdelays", "CANCELED", False),
        ("PaymentEnterprisewith60daysdelays", "VALID", True),
    ]
    last = context_on(context.database, date(2027, 3, 1))
    revoke_enterprise_terms(last, ACME, by=BEA, reason="left")
    days = ("2026-11-22", "2026-11-23", "2027-01-09", "2027-01-10", "2027-02-28", "2027-03-01")
    assert said(context, *days) == [30, 45, 45, 60, 60, 30]
    grant(last, AskedTerm(Term(30)))
    assert [each.end_reason for each in history(context)] == ["replaced by grant 2", "left", ""]


def test_the_same_term_twice_is_a_conflict(context: Context) -> None:
    grant(context)
    with pytest.raises(AlreadyGranted, match="by grant 1"):
        grant(context)
    grant(context, AskedTerm(Term(45), credit_limit_minor=5))
    assert len(history(context)) == 2


def test_a_grant_may_begin_later(context: Context) -> None:
    add_service(context, ACME, "acme")
    grant(context)
    grant(context, AskedTerm(Term(60), from_on=date(2027, 1, 1)))
    assert said(context, "2026-12-31", "2027-01-01") == [45, 60]
    assert methods(context) == [("PaymentEnterprisewith45daysdelays", "VALID", True)]
    assert enforce_terms(context, FR) == []
    new_year = context_on(context.database, date(2027, 1, 1))
    assert enforce_terms(new_year, FR) == [ACME]
    assert methods(context)[1:] == [("PaymentEnterprisewith60daysdelays", "VALID", True)]
    assert enforce_terms(new_year, FR) == []


def test_a_grant_may_end_later(context: Context) -> None:
    add_service(context, ACME, "acme")
    grant(context)
    revoke_enterprise_terms(context, ACME, by=SAM, reason="notice given", end_on=date(2026, 12, 31))
    assert renewals(context) == {"acme": "permanent"}
    after = context_on(context.database, date(2026, 12, 31))
    assert enforce_terms(after, FR) == [ACME]
    assert (renewals(context), attributes(context)) == ({"acme": "automatic"}, {})


def test_a_grant_is_never_backdated(context: Context) -> None:
    with pytest.raises(GrantBackdated):
        grant(context, AskedTerm(Term(45), from_on=date(2026, 11, 22)))


@pytest.mark.parametrize(
    ("account_id", "asked", "refusal", "source"),
    [
        (PETIT, NET45, SupportLevelTooLow, "support level"),
        (LAB, NET45, NotThePayer, "who pays"),
        (ACME, AskedTerm(Term(75)), TermTooLong, "L441-10"),
        (ACME, AskedTerm(Term(60, Method.DAYS_FIRST)), TermTooLong, "L441-10"),
        (ACME, AskedTerm(Term(60)), UsageChoiceMissing, "L441-10"),
    ],
)
def test_an_unlawful_grant_names_its_reason_and_leaves_nothing(
    context: Context, account_id: AccountId, asked: AskedTerm, refusal: type[Refusal], source: str
) -> None:
    add_usage(context, LAB)
    with pytest.raises(refusal) as caught:
        grant(context, asked, account_id)
    assert source in caught.value.details["source"]
    assert (count(context, "terms_grant"), count(context, "account_attribute"), methods(context)) == (
        0,
        0,
        [],
    )


def test_the_choice_for_usage_is_kept(context: Context) -> None:
    add_usage(context, LAB)
    own = grant(context, AskedTerm(Term(60), usage_choice=UsageChoice.OWN_BILL))
    assert term_for([own], TODAY, True, Term(30)) == (Term(45), own.grant_id)
    override = AskedTerm(Term(60), usage_choice=UsageChoice.OVERRIDE, override_reason=" contract 12 ")
    over = grant(context, override)
    assert over.override_reason == "contract 12"
    assert term_for([over], TODAY, True, Term(30)) == (Term(60), over.grant_id)


def test_a_parent_without_the_reseller_tag_is_granted_nothing(context: Context) -> None:
    remove_tag(context, ACME, "reseller", by=SAM)
    with pytest.raises(ResellerTagMissing):
        grant(context)


def test_only_sales_grants(context: Context) -> None:
    for by, refusal in (("operator:bob", RoleForbids), (f"account:{ACME}", StaffOnly)):
        with pytest.raises(refusal):
            grant(context, by=by)
        with pytest.raises(refusal):
            revoke_enterprise_terms(context, ACME, by=by, reason="x")
    with pytest.raises(NoSuchAccount):
        grant(context, account_id=AccountId("zz99999-acq"))


@pytest.fixture
def careful(database: Database) -> Context:
    made = found(database, approval_above_minor=10_000_00)
    settle(made)
    return made


def test_a_large_limit_waits_for_a_second_person(careful: Context) -> None:
    granted = grant(careful, AskedTerm(Term(45), credit_limit_minor=10_000_01))
    assert granted.needs_approval
    assert (attributes(careful), methods(careful), said(careful, "2026-11-23")) == ({}, [], [30])
    with careful.database.read() as tx:
        assert [each.grant_id for each in terms.waiting(tx)] == [granted.grant_id]
    with pytest.raises(SamePersonApproves):
        approve_enterprise_terms(careful, ACME, granted.grant_id, by=SAM)
    with pytest.raises(NoSuchGrant):
        approve_enterprise_terms(careful, PETIT, granted.grant_id, by=BEA)
    approved = approve_enterprise_terms(careful, ACME, granted.grant_id, by=BEA)
    assert (approved.approved_by, approved.is_approved) == (BEA, True)
    assert (len(methods(careful)), said(careful, "2026-11-23")) == (1, [45])
    with pytest.raises(NothingToApprove):
        approve_enterprise_terms(careful, ACME, granted.grant_id, by=BEA)


def test_small_limits_do_not_wait(careful: Context) -> None:
    assert grant(careful, AskedTerm(Term(45), credit_limit_minor=10_000_00)).is_approved
    assert grant(careful, AskedTerm(Term(60))).needs_approval
    with pytest.raises(AlreadyGranted, match="waits for its approval"):
        grant(careful, AskedTerm(Term(60)))
    assert methods(careful) == [("PaymentEnterprisewith45daysdelays", "VALID", True)]


def test_an_approval_looks_at_the_account_as_it_is_then(careful: Context) -> None:
    granted = grant(careful)
    set_support_level(careful, ACME, SupportLevel.STANDARD, by=SAM)
    with pytest.raises(SupportLevelTooLow):
        approve_enterprise_terms(careful, ACME, granted.grant_id, by=BEA)


def test_a_waiting_grant_can_be_revoked(careful: Context) -> None:
    granted = grant(careful)
    revoke_enterprise_terms(careful, ACME, by=BEA, reason="no")
    with pytest.raises(NothingToApprove):
        approve_enterprise_terms(careful, ACME, granted.grant_id, by=BEA)


def test_a_missing_grant_is_not_found(context: Context) -> None:
    with context.database.read() as tx:
        assert terms.find(tx, ACME, GrantId(99)) is None


def test_two_grants_at_once_follow_each_other(context: Context) -> None:
    barrier = Barrier(2)

    def attempt(days: int) -> Grant:
        barrier.wait()
        return grant(context, AskedTerm(Term(days)))

    with ThreadPoolExecutor(2) as pool:
        granted = list(pool.map(attempt, (45, 60)))
    valid = [label for label, status, default in methods(context) if status == "VALID" and default]
    last = max(granted, key=lambda each: each.grant_id)
    assert valid == [f"PaymentEnterprisewith{last.term.days}daysdelays"]
    assert [each.grant_id for each in history(context) if each.end_on is None] == [last.grant_id]


def test_the_same_grant_at_once_is_made_once(context: Context) -> None:
    barrier = Barrier(2)

    def attempt(_: int) -> str:
        barrier.wait()
        try:
            grant(context)
        except AlreadyGranted as refusal:
            return refusal.code
        return "granted"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(attempt, range(2)))
    assert outcomes == ["already-granted", "granted"]
    assert len(methods(context)) == 1


@pytest.mark.parametrize("step", ["put_attribute", "force_renewal"])
def test_a_crash_in_the_middle_leaves_nothing(
    context: Context, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    add_service(context, ACME, "acme")
    written = verbs(context)

    def crash(tx: Transaction, *_: object, **__: object) -> None:
        raise RuntimeError("the power failed")

    monkeypatch.setattr(terms, step, crash)
    with pytest.raises(RuntimeError):
        grant(context)
    monkeypatch.undo()
    assert (attributes(context), methods(context), history(context)) == ({}, [], [])
    assert (renewals(context), verbs(context)) == ({"acme": "ends"}, written)
    assert grant(context).grant_id


def test_credit(context: Context) -> None:
    with context.database.read() as tx:
        assert terms.credit_left_on(tx, ACME, TODAY) is None
    grant(context, AskedTerm(Term(45), credit_limit_minor=1000_00))
    add_debt(context, ACME, 1, 900_00, paid=300_00)
    with context.database.read() as tx:
        assert terms.open_debts_minor(tx, ACME) == 600_00
        assert terms.credit_left_on(tx, ACME, TODAY) == 400_00
        assert terms.credit_left_on(tx, PETIT, TODAY) is None
    assert notices_of(context, ACME) == []
    add_debt(context, ACME, 2, 500_00)
    assert [(notice.code, notice.text) for notice in notices_of(context, ACME)] == [
        ("credit-limit-exceeded",
         "The credit limit is exceeded by 100.00 EUR: renewals are billed, new orders wait."),
    ]  # fmt: skip


def test_what_sales_should_look_at(context: Context) -> None:
    assert list_notices(context) == []
    grant(context)
    set_support_level(context, ACME, SupportLevel.PREMIUM, by=SAM)
    remove_tag(context, ACME, "reseller", by=SAM)
    assert [(notice.account_id, notice.code) for notice in list_notices(context)] == [
        (ACME, "support-level-too-low"),
        (ACME, "reseller-tag-missing"),
    ]
    assert notices_of(context, PETIT) == []
