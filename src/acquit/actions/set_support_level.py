"""Set what support an account bought, and put tags on it or take them off.

An account that loses a condition of its payment term keeps the term: the loss is recorded as a warning
and shown with the term until a person ends it.
"""

from datetime import datetime

from acquit.actions.context import Context
from acquit.actions.loading import account_in, applicant_in, locked_account_in, require_staff, today_of
from acquit.core.account import Account, SupportLevel, checked_tag
from acquit.core.errors import NotFound
from acquit.core.identifiers import AccountId
from acquit.core.operator import Right
from acquit.core.terms import grant_on, warnings
from acquit.store import accounts, acts, terms
from acquit.store.transaction import Transaction


class NoSuchTag(NotFound):
    """The account does not bear this tag."""

    code = "no-such-tag"


def set_support_level(context: Context, account_id: AccountId, level: SupportLevel, *, by: str) -> Account:
    """The account has that support level. Raises NoSuchAccount."""
    with context.database.write() as tx:
        require_staff(tx, by, Right.GRANT_TERMS)
        before = locked_account_in(tx, account_id)
        accounts.set_support_level(tx, account_id, level)
        acts.record(
            tx, by, "set_support_level", account_id, before=before.support_level.value, after=level.value
        )
        return after_loss(context, tx, account_id, by)


def add_tag(
    context: Context, account_id: AccountId, tag: str, *, by: str, expires_at: datetime | None = None
) -> Account:
    """The account bears the tag, until it expires if it does. Raises NoSuchAccount, BadTag."""
    with context.database.write() as tx:
        require_staff(tx, by, Right.GRANT_TERMS)
        locked_account_in(tx, account_id)
        accounts.add_tag(tx, account_id, checked_tag(tag), by, expires_at)
        acts.record(tx, by, "add_tag", account_id, tag)
        return account_in(tx, account_id)


def remove_tag(context: Context, account_id: AccountId, tag: str, *, by: str) -> Account:
    """The account does not bear the tag any more. Raises NoSuchAccount, NoSuchTag."""
    with context.database.write() as tx:
        require_staff(tx, by, Right.GRANT_TERMS)
        locked_account_in(tx, account_id)
        if not accounts.remove_tag(tx, account_id, tag):
            raise NoSuchTag(f"Account {account_id} has no tag {tag!r}.", account=account_id, tag=tag)
        acts.record(tx, by, "remove_tag", account_id, tag)
        return after_loss(context, tx, account_id, by)


def after_loss(context: Context, tx: Transaction, account_id: AccountId, by: str) -> Account:
    """Record what the account's term has lost, if it has one, and return the account."""
    account = account_in(tx, account_id)
    today = today_of(context, tx, account)
    grant = grant_on(terms.of_account(tx, account_id), today)
    lost = [] if grant is None else warnings(applicant_in(tx, account))
    for finding in lost:
        acts.record(
            tx, by, "warn_terms", account_id, str(grant and grant.grant_id), code=finding.code,
            reason=finding.reason,
        )  # fmt: skip
    return account
