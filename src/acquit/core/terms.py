"""Payment terms: when a bill falls due, who may be granted which term, and what the law allows.

A grant is a fact with a first day; its end is another fact. Bills keep the term that they were issued
with, so nothing here looks back: `term_for` answers for the day of issue.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final

from acquit.core.account import Account, LegalEntity, ResellerTagMissing
from acquit.core.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, Unlawful
from acquit.core.identifiers import AccountId, GrantId, RequestId
from acquit.core.money import Currency


class SupportLevelTooLow(Forbidden):
    """Enterprise payment needs the support level Business or Enterprise."""

    code = "support-level-too-low"


class NotThePayer(Forbidden):
    """Terms are granted to the account that pays, not to one whose parent pays."""

    code = "not-the-payer"


class AccountNotOpen(Forbidden):
    """A suspended or closed account is granted nothing."""

    code = "account-not-open"


class TermTooLong(Unlawful):
    """The term is longer than the law allows."""

    code = "term-too-long"


class TermNotOffered(Invalid):
    """The legal entity does not grant a term of so many days."""

    code = "term-not-offered"


class UsageChoiceMissing(Unlawful):
    """Bills of metered usage have a shorter cap; the grant has to say how they are billed."""

    code = "usage-choice-missing"


class OverrideReasonMissing(Invalid):
    """To set the cap for metered usage aside a reason has to be recorded."""

    code = "override-reason-missing"


class NoSuchGrant(NotFound):
    """The account has no such grant, or none in force."""

    code = "no-such-grant"


class AlreadyGranted(Conflict):
    """The account already has exactly this term."""

    code = "already-granted"


class SamePersonApproves(Forbidden):
    """Whoever granted a term may not approve it as well."""

    code = "same-person-approves"


class NobodyNamed(Forbidden):
    """An approval is given by an operator with a name, not by a shell."""

    code = "nobody-named"


class NothingToApprove(Conflict):
    """The grant needs no approval, has it, or has ended."""

    code = "nothing-to-approve"


class CreditLimitExceeded(Forbidden):
    """The payer's open debts have reached the credit limit of its grant; new orders wait."""

    code = "credit-limit-exceeded"


class Method(StrEnum):
    """How the days of a term are counted."""

    NET = "net"
    DAYS_FIRST = "days-first"
    MONTH_FIRST = "month-first"


class UsageChoice(StrEnum):
    """What a grant longer than the cap for usage does with bills that gather metered usage."""

    OWN_BILL = "own-bill"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class Term:
    """So many days, counted by a method."""

    days: int
    method: Method = Method.NET

    def __str__(self) -> str:
        return f"{self.days} days{_SPOKEN[self.method]}"


_SPOKEN: Final = {
    Method.NET: "",
    Method.DAYS_FIRST: ", then to the end of that month",
    Method.MONTH_FIRST: " from the end of the month",
}


@dataclass(frozen=True, slots=True)
class Grant:
    """Sales granted a term from a day on; `end_on` is the first day on which it no longer holds."""

    account_id: AccountId
    grant_id: GrantId
    term: Term
    currency: Currency
    from_on: date
    usage_days: int
    granted_by: str
    granted_at: datetime
    usage_choice: UsageChoice = UsageChoice.OWN_BILL
    override_reason: str = ""
    credit_limit_minor: int | None = None
    request_id: RequestId | None = None
    needs_approval: bool = False
    approved_by: str | None = None
    end_on: date | None = None
    ended_by: str | None = None
    end_reason: str = ""

    @property
    def is_approved(self) -> bool:
        """Whether no second operator has still to approve it."""
        return not self.needs_approval or self.approved_by is not None

    def holds_on(self, on: date) -> bool:
        """Whether the grant, approved if it must be, is in force on that day."""
        ended = self.end_on is not None and self.end_on <= on
        return self.is_approved and self.from_on <= on and not ended

    @property
    def usage_term(self) -> Term:
        """The term of bills that gather metered usage."""
        if self.usage_choice is UsageChoice.OVERRIDE:
            return self.term
        return self.term if _within_usage_cap(self.term, self.usage_days) else Term(self.usage_days)


@dataclass(frozen=True, slots=True)
class Applicant:
    """What the rules look at when a term is asked for an account."""

    account: Account
    has_sub_accounts: bool = False
    gathers_usage: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule and what it says: `ok`, or refused with the reason and its source."""

    code: str
    ok: bool
    reason: str
    source: str


@lru_cache(maxsize=4_096)
def due_on(issued_on: date, term: Term) -> date:
    """Return the calendar date on which a bill issued on that day falls due.

    Source: Code de commerce L441-10 I (both ways of counting to an end of month are lawful).
    """
    days = timedelta(days=term.days)
    if term.method is Method.DAYS_FIRST:
        return end_of_month(issued_on + days)
    if term.method is Method.MONTH_FIRST:
        return end_of_month(issued_on) + days
    return issued_on + days


@lru_cache(maxsize=4_096)
def end_of_month(on: date) -> date:
    """Return the last day of the month of `on`."""
    return (on.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def default_term(entity: LegalEntity) -> Term:
    """Return the term of bills without an agreed one."""
    return Term(entity.default_days)


def grant_on(grants: Iterable[Grant], on: date) -> Grant | None:
    """Return the grant that holds on that day (the newest first day, then the newest grant), or None."""
    holding = (grant for grant in grants if grant.holds_on(on))
    return max(holding, key=lambda grant: (grant.from_on, grant.grant_id), default=None)


def term_for(
    grants: Iterable[Grant], issued_on: date, gathers_usage: bool, default: Term
) -> tuple[Term, GrantId | None]:
    """Return the term of a bill issued on that day and the grant that it comes from, if any.

    `grants` are the payer's. A bill that gathers metered usage may get a shorter term than others.
    """
    grant = grant_on(grants, issued_on)
    if grant is None:
        return default, None
    return (grant.usage_term if gathers_usage else grant.term), grant.grant_id


def usage_days_for(term: Term, entity: LegalEntity) -> int:
    """Return how many net days bills of metered usage get when they are bills of their own."""
    return min(term.days, entity.usage_days_max)


def needs_approval(credit_limit_minor: int | None, entity: LegalEntity) -> bool:
    """Whether a second operator has to approve a grant with this credit limit (None: no limit)."""
    above = entity.approval_above_minor
    return above is not None and (credit_limit_minor is None or credit_limit_minor > above)


def legal_check(
    applicant: Applicant,
    term: Term,
    entity: LegalEntity,
    usage_choice: UsageChoice | None = None,
    override_reason: str = "",
) -> list[Finding]:
    """Return what each rule says about granting the term, in the order in which a grant is refused."""
    return [
        _payer(applicant),
        _open(applicant),
        _support_level(applicant),
        _reseller_tag(applicant),
        _legal_maximum(term, entity),
        _offered(term, entity),
        _usage(applicant, term, entity, usage_choice),
        _override(usage_choice, override_reason),
    ]


def refuse_unlawful(findings: Sequence[Finding]) -> None:
    """Pass when every finding is ok; else raise the refusal of the first that is not, source included."""
    for finding in findings:
        if not finding.ok:
            told = f"{finding.reason} Source: {finding.source}."
            raise _REFUSALS[finding.code](told, source=finding.source)


def warnings(applicant: Applicant) -> list[Finding]:
    """Return the conditions of enterprise payment that the account has lost since it was granted."""
    return [finding for finding in (_support_level(applicant), _reseller_tag(applicant)) if not finding.ok]


def is_same(grant: Grant, term: Term, credit_limit_minor: int | None, usage_choice: UsageChoice) -> bool:
    """Whether a grant already says exactly this."""
    return (grant.term, grant.credit_limit_minor, grant.usage_choice) == (
        term,
        credit_limit_minor,
        usage_choice,
    )


def refuse_approval(grant: Grant, by: str) -> None:
    """Pass when `by` may approve the grant.

    Raises NothingToApprove when it waits for none, NobodyNamed when no operator is named, SamePersonApproves
    for the one who granted it.
    """
    if grant.is_approved or grant.end_on is not None:
        raise NothingToApprove(f"Grant {grant.grant_id} does not wait for an approval.")
    if not by.startswith("operator:"):
        raise NobodyNamed(
            f"Grant {grant.grant_id} is approved by a second person, who has a name: say which operator."
        )
    if grant.granted_by == by:
        raise SamePersonApproves(
            f"Grant {grant.grant_id} was made by {by}; a second person has to approve it.", granted_by=by
        )


def credit_left(limit_minor: int | None, open_minor: int) -> int | None:
    """Return what may still be owed under a credit limit (negative: exceeded), None without a limit."""
    return None if limit_minor is None else limit_minor - open_minor


def refuse_over_credit(account_id: AccountId, left_minor: int | None, adding_minor: int) -> None:
    """Pass when `adding_minor` more may be owed. Raises CreditLimitExceeded."""
    if left_minor is not None and adding_minor > left_minor:
        raise CreditLimitExceeded(
            f"Account {account_id} has reached the credit limit of its payment term; "
            "new orders wait until a bill is paid or sales raises the limit.",
            account=account_id,
        )


_CONDITIONS: Final = "conditions of enterprise payment"
_LAW: Final = {"FR": "Code de commerce, article L441-10, I"}
_LAW_ELSEWHERE: Final = "Directive 2011/7/EU, article 3(5)"
_USAGE_LAW: Final = {"FR": "Code de commerce, article L441-10, I, and CGI, article 289, I, 3"}


def _law(entity: LegalEntity) -> str:
    return _LAW.get(entity.country, _LAW_ELSEWHERE)


def _usage_law(entity: LegalEntity) -> str:
    return _USAGE_LAW.get(entity.country, _LAW_ELSEWHERE)


def _within_usage_cap(term: Term, days_max: int) -> bool:
    return term.method is Method.NET and term.days <= days_max


def _payer(applicant: Applicant) -> Finding:
    account, source = applicant.account, f"{_CONDITIONS}: who pays"
    if account.pays_itself:
        return Finding("not-the-payer", True, f"{account.account_id} pays its own bills.", source)
    reason = (
        f"{account.payer_id} pays the bills of {account.account_id}: grant the term to {account.payer_id}."
    )
    return Finding("not-the-payer", False, reason, source)


def _open(applicant: Applicant) -> Finding:
    account = applicant.account
    ok = account.state in ("complete", "incomplete")
    reason = f"Account {account.account_id} is {'open' if ok else account.state.value}."
    return Finding("account-not-open", ok, reason, f"{_CONDITIONS}: open account")


def _support_level(applicant: Applicant) -> Finding:
    level = applicant.account.support_level
    reason = f"The support level is {level.value}"
    if not level.is_at_least_business:
        reason += "; enterprise payment needs business or enterprise"
    source = f"{_CONDITIONS}: support level"
    return Finding("support-level-too-low", level.is_at_least_business, f"{reason}.", source)


def _reseller_tag(applicant: Applicant) -> Finding:
    source = f"{_CONDITIONS}: reseller tag"
    if not applicant.has_sub_accounts:
        return Finding("reseller-tag-missing", True, "The account has no sub-accounts.", source)
    if applicant.account.is_reseller:
        return Finding("reseller-tag-missing", True, "The account has the reseller tag.", source)
    reason = "The account has sub-accounts and lacks the reseller tag."
    return Finding("reseller-tag-missing", False, reason, source)


def _legal_maximum(term: Term, entity: LegalEntity) -> Finding:
    is_net = term.method is Method.NET
    days_max = entity.net_days_max if is_net else entity.month_end_days_max
    counted = "from the date of the bill" if is_net else "to the end of a month"
    ok = 0 < term.days <= days_max
    reason = f"At most {days_max} days {counted} may be agreed; {term.days} "
    reason += "are within it." if ok else "are not lawful."
    if term.days < 1:
        reason = f"A payment term has at least 1 day, not {term.days}."
    return Finding("term-too-long", ok, reason, _law(entity))


def _offered(term: Term, entity: LegalEntity) -> Finding:
    offered = ", ".join(map(str, entity.granted_days))
    ok = term.days in entity.granted_days
    reason = f"{entity.name} grants {offered} days" + ("." if ok else f", not {term.days}.")
    return Finding("term-not-offered", ok, reason, f"settings of legal entity {entity.legal_entity_id}")


def _usage(applicant: Applicant, term: Term, entity: LegalEntity, choice: UsageChoice | None) -> Finding:
    def says(ok: bool, reason: str) -> Finding:
        return Finding("usage-choice-missing", ok, reason, _usage_law(entity))

    days_max, own_days = entity.usage_days_max, usage_days_for(term, entity)
    if _within_usage_cap(term, days_max):
        return says(
            True,
            f"Bills of metered usage may fall due after at most {days_max} days; this term is within it.",
        )
    if choice is UsageChoice.OVERRIDE:
        return says(
            True, f"The {days_max} days for bills of metered usage are set aside, with a recorded reason."
        )
    if choice is UsageChoice.OWN_BILL:
        return says(True, f"Metered usage is billed apart, at {own_days} days.")
    if not applicant.gathers_usage:
        return says(
            True, f"The account has no metered usage; should it come, it is billed apart, at {own_days} days."
        )
    return says(
        False,
        f"The account has metered usage, whose bills may fall due after at most {days_max} days. Choose: "
        f"a usage bill of its own at {own_days} days (own-bill), or {term} for it too, with a reason "
        "(override).",
    )


def _override(choice: UsageChoice | None, reason: str) -> Finding:
    ok = choice is not UsageChoice.OVERRIDE or bool(reason.strip())
    said = (
        "A reason is recorded where one is needed."
        if ok
        else "An override needs a reason, which is recorded."
    )
    return Finding("override-reason-missing", ok, said, f"{_CONDITIONS}: metered usage")


_REFUSALS: Final[dict[str, type[Refusal]]] = {
    kind.code: kind
    for kind in (
        NotThePayer, AccountNotOpen, SupportLevelTooLow, ResellerTagMissing, TermTooLong, TermNotOffered,
        UsageChoiceMissing, OverrideReasonMissing,
    )
}  # fmt: skip
