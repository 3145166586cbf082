"""What the renewals of services with planned changes have in common, in a run and before it.

The callers hold the accounts, so that no run renews what an action changes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from acquit.core.agreement import Agreement, first_of
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.planned_change import Planned, PlannedChange, Renewed
from acquit.core.service import Service
from acquit.store import agreements, planned_changes, services
from acquit.store.transaction import Transaction

PlannedOf = Mapping[AccountId, Mapping[ServiceId, Planned]]


def planned_in(tx: Transaction, account_ids: Sequence[AccountId], until_on: date) -> PlannedOf:
    """Return the services of the accounts that a renewal until that day may change; mostly none."""
    due = planned_changes.due(tx, account_ids, until_on)
    if not due:
        return {}
    keys = [(account_id, service_id) for account_id, of_service in due.items() for service_id in of_service]
    found = services.of_accounts(tx, keys)
    histories = agreements.written(tx, found)
    planned: dict[AccountId, dict[ServiceId, Planned]] = {}
    for service in found:
        key = service.account_id, service.service_id
        changes = tuple(due[service.account_id][service.service_id])
        planned.setdefault(service.account_id, {})[service.service_id] = Planned(
            service, histories[key], changes
        )
    return planned


def waiting_in(tx: Transaction, service: Service) -> Planned:
    """Return the service with everything that waits for its renewals."""
    key = service.account_id, service.service_id
    changes = planned_changes.waiting(tx, service.account_id, [service.service_id])
    return Planned(service, agreements.written(tx, [service])[key], tuple(changes[service.service_id]))


def write_taken(tx: Transaction, brought: Iterable[tuple[Planned, Renewed]], by: str) -> None:
    """Write what renewals took: changes, the agreements that they made, services as they are now."""
    changed = [(planned, renewed) for planned, renewed in brought if renewed.taken]
    if not changed:
        return
    agreed: list[tuple[AccountId, ServiceId, Agreement]] = []
    fresh: list[tuple[AccountId, PlannedChange, date | None]] = []
    applied: list[tuple[AccountId, int, date]] = []
    unwritten = sum(
        len(renewed.left) + sum(taken.change.change_no == 0 for taken in renewed.taken)
        for _, renewed in changed
    )
    numbers = iter(planned_changes.next_nos(tx, unwritten))
    for planned, renewed in changed:
        account_id, service_id = planned.service.account_id, planned.service.service_id
        if not planned.history:
            agreed.append((account_id, service_id, first_of(planned.service)))
        for taken in renewed.taken:
            change, on = taken.change, taken.agreement.from_on
            if change.change_no == 0:
                change = replace(change, change_no=next(numbers))
                fresh.append((account_id, change, on))
            else:
                applied.append((account_id, change.change_no, on))
            agreed.append((account_id, service_id, replace(taken.agreement, change_no=change.change_no)))
        fresh += [(account_id, replace(each, change_no=next(numbers)), None) for each in renewed.left]
    dropped = [
        (planned.service.account_id, number) for planned, renewed in changed for number in renewed.dropped
    ]
    planned_changes.withdraw_several(tx, dropped, by, "another plan was taken")
    planned_changes.add(tx, fresh, by)
    planned_changes.apply(tx, applied)
    agreements.add(tx, agreed, by)
    services.set_terms(tx, [renewed.service for _, renewed in changed])
