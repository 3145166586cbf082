"""Take over many accounts with their services at once: from another system, or for trials at size."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from acquit.actions.context import Context
from acquit.actions.loading import require_staff
from acquit.core.account import Account, LegalParty
from acquit.core.operator import Right
from acquit.core.service import Service
from acquit.store import acts, enrolments, services

PAGE: Final = 2_000


@dataclass(frozen=True, slots=True)
class Enrolment:
    """An account that pays for itself, its buyer in law, its services; ids are given when written."""

    account: Account
    party: LegalParty
    services: tuple[Service, ...]


def enrol_accounts(
    context: Context,
    enrolled: Iterable[Enrolment],
    *,
    by: str,
    happened: Callable[[int], None] = lambda _count: None,
) -> int:
    """The accounts are there with their services; return how many. Pages of 2,000 are written whole.

    Raises StaffOnly, RoleForbids.
    """
    left = iter(enrolled)
    count = 0
    while page := list(islice(left, PAGE)):
        _write(context, page, by)
        count += len(page)
        happened(len(page))
    return count


def _write(context: Context, page: Sequence[Enrolment], by: str) -> None:
    with context.database.write() as tx:
        require_staff(tx, by, Right.GRANT_TERMS)
        party_ids = enrolments.next_party_ids(tx, len(page))
        service_ids = iter(services.next_ids(tx, sum(len(each.services) for each in page)))
        pairs = list(zip(page, party_ids, strict=True))
        enrolments.insert_parties(tx, (replace(each.party, legal_party_id=number) for each, number in pairs))
        enrolments.insert_accounts(
            tx, (replace(each.account, legal_party_id=number) for each, number in pairs)
        )
        services.insert(
            tx, (replace(service, service_id=next(service_ids)) for each in page for service in each.services)
        )
        first, last = page[0].account.account_id, page[-1].account.account_id
        acts.record(tx, by, "enrol_accounts", None, f"{first}..{last}", count=len(page))
