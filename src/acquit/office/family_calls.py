"""The calls of the office about holds, parked accounts, families and the clock of a sandbox."""

from datetime import timedelta
from typing import Final

from acquit.actions.move_test_clock import advance_test_clock, show_test_clock
from acquit.actions.retry_parked import parked_accounts, retry_parked
from acquit.actions.view_family import view_family
from acquit.core.errors import Invalid, NotFound
from acquit.core.family_view import GroupedBy
from acquit.core.identifiers import AccountId
from acquit.core.operator import Right
from acquit.office import shapes
from acquit.office.call import Call, Door
from acquit.store import holds

DAYS_AT_ONCE_MAX: Final = 366


class NoSuchGrouping(NotFound):
    """A view is grouped by one of a few things."""

    code = "no-such-grouping"


class TooManyDays(Invalid):
    """A call lets a year pass at most, so that it answers in time."""

    code = "too-many-days"


def list_holds(call: Call) -> object:
    """GET /holds: what is accrued and not billed for its purchase order."""
    with call.context.database.read() as tx:
        return [shapes.hold(each) for each in holds.going_on(tx)]


def list_parked(call: Call) -> object:
    """GET /parked: what runs could not bill, with the rule, what it means, and what to mend."""
    found = parked_accounts(call.context)
    return [shapes.parked(each, run) for run, waiting in found for each in waiting]


def retry(call: Call) -> object:
    """POST /parked/retry: the parked accounts are billed where they can be; what stays parked."""
    accounts = [AccountId(each) for each in call.read(shapes.Retried).accounts]
    found = retry_parked(call.context, accounts, by=call.actor)
    return [
        {
            "run": each.run,
            "legal_entity": each.legal_entity,
            "period": each.period,
            "status": each.status.value,
            "bills": sum(totals.bills for totals in each.posted_now.values()),
            "parked": [one.account_id for one in each.parked],
        }
        for each in found
    ]


def show_view(call: Call) -> object:
    """GET /accounts/{account_id}/family-view/{period}/{grouping}: not a bill, the sum of the bills."""
    grouping = call.path_values["grouping"]
    if grouping not in set(GroupedBy):
        raise NoSuchGrouping(f"A view is grouped by {', '.join(GroupedBy)}.")
    period = call.path_values["period"]
    return shapes.view(view_family(call.context, _account_id(call), period, GroupedBy(grouping)))


def show_clock(call: Call) -> object:
    """GET /accounts/{account_id}/test-clock: where the clock of the account's sandbox stands."""
    return shapes.clock(show_test_clock(call.context, _account_id(call)))


def advance_clock(call: Call) -> object:
    """POST /accounts/{account_id}/test-clock: let the days up to `to_on` pass."""
    to_on, account_id = call.read(shapes.ClockMove).to_on, _account_id(call)
    now_on = show_test_clock(call.context, account_id).today
    if to_on - now_on > timedelta(days=DAYS_AT_ONCE_MAX):
        raise TooManyDays(f"The clock stands at {now_on}; let a year pass at most in one call.")
    return shapes.advanced(advance_test_clock(call.context, account_id, to_on, by=call.actor))


DOORS: Final = (
    Door("GET", "/holds", list_holds),
    Door("GET", "/parked", list_parked),
    Door("POST", "/parked/retry", retry, Right.RUN_BILLS),
    Door("GET", "/accounts/{account_id}/family-view/{period}/{grouping}", show_view),
    Door("GET", "/accounts/{account_id}/test-clock", show_clock),
    Door("POST", "/accounts/{account_id}/test-clock", advance_clock, Right.RUN_BILLS),
)


def _account_id(call: Call) -> AccountId:
    return AccountId(call.path_values["account_id"])
