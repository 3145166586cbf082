"""Grant an account a payment term: one transaction, seen at once on the account, its methods and services."""

from dataclasses import replace
from datetime import date

from acquit.actions.context import Context
from acquit.actions.enforce_terms import bring_into_step
from acquit.actions.loading import (
    applicant_in,
    date_of,
    entity_of,
    locked_account_in,
    require_staff,
    today_of,
)
from acquit.actions.tell_accounts import tell_in
from acquit.core import terms as law
from acquit.core.account import LegalEntity
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId, GrantId, RequestId
from acquit.core.message import MessageKind, Telling
from acquit.core.operator import Right
from acquit.core.sales_request import AskedTerm
from acquit.core.terms import AlreadyGranted, Applicant, Grant, NoSuchGrant, UsageChoice
from acquit.store import acts, terms
from acquit.store.transaction import Transaction


class GrantBackdated(Invalid):
    """A grant begins today or later: bills keep the term that they were issued with."""

    code = "grant-backdated"


def grant_enterprise_terms(context: Context, account_id: AccountId, asked: AskedTerm, *, by: str) -> Grant:
    """The account has the term from a day on (default today); an earlier grant ends that day.

    A credit limit above the legal entity's threshold, or none at all, waits for a second operator.
    Raises NoSuchAccount, the refusals of `core.terms.legal_check`, AlreadyGranted, GrantBackdated.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.GRANT_TERMS)
        account = locked_account_in(tx, account_id)
        today = today_of(context, tx, account)
        return grant_in(tx, account_id, asked, today, by)


def grant_in(
    tx: Transaction,
    account_id: AccountId,
    asked: AskedTerm,
    today: date,
    by: str,
    request_id: RequestId | None = None,
) -> Grant:
    """Grant a term inside a transaction that is the caller's."""
    account = locked_account_in(tx, account_id)
    entity, applicant = entity_of(tx, account), applicant_in(tx, account)
    history = terms.of_account(tx, account_id)
    grant = _decided(applicant, asked, entity, today, by, request_id)
    _refuse_twice(history, grant)
    grant = replace(grant, grant_id=terms.insert(tx, grant))
    acts.record(
        tx, by, "grant_enterprise_terms", account_id, str(grant.grant_id), term=str(grant.term),
        from_on=grant.from_on.isoformat(), usage=grant.usage_choice.value, override=grant.override_reason,
        needs_approval=grant.needs_approval,
    )  # fmt: skip
    if grant.is_approved:
        _begin(tx, history, grant, entity, today, by)
    return _written(tx, grant)


def approve_enterprise_terms(context: Context, account_id: AccountId, grant_id: GrantId, *, by: str) -> Grant:
    """A second person approved the grant, which now holds.

    Raises NoSuchAccount, NoSuchGrant, NothingToApprove, SamePersonApproves, and the refusals of the legal
    check when the account has changed since.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.GRANT_TERMS)
        account = locked_account_in(tx, account_id)
        entity = entity_of(tx, account)
        today = date_of(context, entity)
        history = terms.of_account(tx, account_id)
        grant = next((each for each in history if each.grant_id == grant_id), None)
        if grant is None:
            raise NoSuchGrant(f"Account {account_id} has no grant {grant_id}.", grant=str(grant_id))
        law.refuse_approval(grant, by)
        _refuse_unlawful(applicant_in(tx, account), grant, entity)
        terms.approve(tx, account_id, grant_id, by)
        acts.record(
            tx, by, "approve_enterprise_terms", account_id, str(grant_id), granted_by=grant.granted_by
        )
        _begin(tx, history, grant, entity, today, by)
        return _written(tx, grant)


def _decided(
    applicant: Applicant,
    asked: AskedTerm,
    entity: LegalEntity,
    today: date,
    by: str,
    request_id: RequestId | None,
) -> Grant:
    law.refuse_unlawful(
        law.legal_check(applicant, asked.term, entity, asked.usage_choice, asked.override_reason)
    )
    from_on = asked.from_on or today
    if from_on < today:
        raise GrantBackdated(f"A grant begins today ({today}) or later, not on {from_on}.")
    return Grant(
        account_id=applicant.account.account_id,
        grant_id=GrantId(0),
        term=asked.term,
        currency=applicant.account.currency,
        from_on=from_on,
        usage_days=law.usage_days_for(asked.term, entity),
        granted_by=by,
        granted_at=applicant.account.opened_at,
        usage_choice=asked.usage_choice or UsageChoice.OWN_BILL,
        override_reason=asked.override_reason.strip(),
        credit_limit_minor=asked.credit_limit_minor,
        request_id=request_id,
        needs_approval=law.needs_approval(asked.credit_limit_minor, entity),
    )


def _refuse_unlawful(applicant: Applicant, grant: Grant, entity: LegalEntity) -> None:
    law.refuse_unlawful(
        law.legal_check(applicant, grant.term, entity, grant.usage_choice, grant.override_reason)
    )


def _refuse_twice(history: list[Grant], grant: Grant) -> None:
    for other in history:
        ended = other.end_on is not None
        if not ended and law.is_same(other, grant.term, grant.credit_limit_minor, grant.usage_choice):
            waits = "" if other.is_approved else ", which waits for its approval"
            raise AlreadyGranted(
                f"Account {grant.account_id} has {grant.term} already, by grant {other.grant_id}{waits}.",
                grant=str(other.grant_id),
            )


def _begin(
    tx: Transaction, history: list[Grant], grant: Grant, entity: LegalEntity, today: date, by: str
) -> None:
    """The grant holds, the earlier ones end, the account shows it and is told."""
    _replace_earlier(tx, history, grant, today, by)
    bring_into_step(tx, grant.account_id, entity, today)
    said = {
        "days": grant.term.days,
        "method": grant.term.method.value,
        "from_on": max(grant.from_on, today).isoformat(),
    }
    tell_in(tx, [Telling(grant.account_id, MessageKind.TERM_GRANTED, str(grant.grant_id), said)])


def _replace_earlier(tx: Transaction, history: list[Grant], grant: Grant, today: date, by: str) -> None:
    """End every other grant on the day on which this one begins to hold."""
    begins_on = max(grant.from_on, today)
    for other in history:
        if other.grant_id != grant.grant_id and other.end_on is None:
            end_on = max(begins_on, other.from_on)
            terms.end(tx, grant.account_id, other.grant_id, end_on, by, f"replaced by grant {grant.grant_id}")


def _written(tx: Transaction, grant: Grant) -> Grant:
    written = terms.find(tx, grant.account_id, grant.grant_id)
    assert written is not None, "the grant was written in this transaction"
    return written
