"""End an account's payment term."""

from datetime import date

from acquit.actions.context import Context
from acquit.actions.enforce_terms import bring_into_step
from acquit.actions.grant_enterprise_terms import GrantBackdated
from acquit.actions.loading import date_of, entity_of, locked_account_in, require_staff
from acquit.actions.tell_accounts import tell_in
from acquit.core.identifiers import AccountId
from acquit.core.message import MessageKind, Telling
from acquit.core.operator import Right
from acquit.core.sales_request import checked_reason
from acquit.core.terms import Grant, NoSuchGrant
from acquit.store import acts, terms


def revoke_enterprise_terms(
    context: Context, account_id: AccountId, *, by: str, reason: str, end_on: date | None = None
) -> list[Grant]:
    """Every grant of the account, waiting ones too, ends on that day (default today); return them.

    From then on its method is canceled and not the default, its services stay automatic but may be switched
    off, and its bills get the legal default; issued bills keep their term. Raises NoSuchAccount,
    NoSuchGrant, GrantBackdated, ReasonMissing.
    """
    why = checked_reason(reason)
    with context.database.write() as tx:
        require_staff(tx, by, Right.GRANT_TERMS)
        account = locked_account_in(tx, account_id)
        entity = entity_of(tx, account)
        today = date_of(context, entity)
        ends_on = end_on or today
        running = [grant for grant in terms.of_account(tx, account_id) if grant.end_on is None]
        if not running:
            raise NoSuchGrant(f"Account {account_id} has no payment term to revoke.", account=account_id)
        if ends_on < today:
            raise GrantBackdated(f"A grant ends today ({today}) or later, not on {ends_on}.")
        for grant in running:
            terms.end(tx, account_id, grant.grant_id, max(ends_on, grant.from_on), by, why)
            acts.record(tx, by, "revoke_enterprise_terms", account_id, str(grant.grant_id), reason=why)
        bring_into_step(tx, account_id, entity, today)
        tell_in(tx, [_ended(grant, max(ends_on, grant.from_on)) for grant in running if grant.is_approved])
        ended = {grant.grant_id for grant in running}
        return [grant for grant in terms.of_account(tx, account_id) if grant.grant_id in ended]


def _ended(grant: Grant, ends_on: date) -> Telling:
    said = {"days": grant.term.days, "ends_on": ends_on.isoformat()}
    return Telling(grant.account_id, MessageKind.TERM_ENDED, str(grant.grant_id), said)
