"""What the entries of a month's end have in common: the month is over and open; accounts come by pages."""

from collections.abc import Iterator, Sequence
from itertools import islice

from acquit.actions.context import Context
from acquit.actions.loading import date_of
from acquit.core.account import LegalEntity
from acquit.core.bill_run import Period
from acquit.core.identifiers import AccountId
from acquit.core.period import PeriodAct, PeriodClosed, PeriodNotOver, PeriodState, open_from, state_of
from acquit.store import periods
from acquit.store.transaction import Transaction


def open_month_in(
    context: Context, tx: Transaction, entity: LegalEntity, ending: Period
) -> Sequence[PeriodAct]:
    """Return what was done with the months when this one is over and open.

    Raises PeriodNotOver, PeriodClosed.
    """
    acts = periods.acts(tx, entity.legal_entity_id)
    if date_of(context, entity) <= ending.last_on:
        raise PeriodNotOver(f"{ending} is not over.", period=str(ending))
    if state_of(str(ending), acts) is not PeriodState.OPEN:
        raise PeriodClosed(f"{ending} is closed: its revenue is spread.", period=str(ending))
    first = open_from(acts)
    if first is not None and ending.last_on < first:
        raise PeriodClosed(f"{ending} lies before the open months.", period=str(ending))
    return acts


def pages(account_ids: Sequence[AccountId], accounts_max: int) -> Iterator[list[AccountId]]:
    """Yield the accounts in their order, so many at once."""
    rest = iter(account_ids)
    while page := list(islice(rest, accounts_max)):
        yield page
