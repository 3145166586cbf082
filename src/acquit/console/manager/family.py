"""Sub-accounts and services: what belongs to the account."""

from acquit.actions.view_family import view_family
from acquit.console.place import own_place, page
from acquit.console.visit import Page, Visit
from acquit.core.family_view import GroupedBy
from acquit.store import accounts, services


def list_sub_accounts(visit: Visit) -> Page:
    """GET /manager/sub-accounts: the accounts opened under this one, and who pays for each."""
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        sub_accounts = accounts.of_parent(tx, visit.account_id)
    month = f"{place.today:%Y-%m}"
    view = view_family(visit.context, visit.account_id, month, GroupedBy.SUB_ACCOUNT)
    return page("sub_accounts.html", place, sub_accounts=sub_accounts, view=view)


def list_services(visit: Visit) -> Page:
    """GET /manager/services: what renews, when, and whether anybody may stop it."""
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        found = services.of_account(tx, visit.account_id)
    rows = [(service, service.status(place.today).value) for service in found]
    forced = any(service.renewal.forced for service in found)
    return page("services.html", place, rows=rows, forced=forced)
