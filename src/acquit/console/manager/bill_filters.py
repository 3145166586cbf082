"""What a page about many bills is asked for: the filters of its address, or boxes that were ticked."""

from dataclasses import replace

from acquit.console.place import Place
from acquit.console.typed import found_amount, found_day
from acquit.console.visit import Visit
from acquit.core.identifiers import AccountId
from acquit.store import accounts
from acquit.store.bill_searches import SORTS, Wanted
from acquit.store.transaction import Transaction

TEXT_MAX = 100


def wanted_of(visit: Visit, tx: Transaction, place: Place) -> Wanted:
    """Return what is looked for; what is no filter filters nothing."""
    query, text = visit.query, visit.query.get("q", "").strip()[:TEXT_MAX]
    family = tuple(each.account_id for each in accounts.of_parent(tx, visit.account_id))
    currency = place.account.currency
    return Wanted(
        text=text,
        amount_minor=found_amount(text, currency),
        state=query.get("state", ""),
        from_on=found_day(query.get("from", "")),
        to_on=found_day(query.get("to", "")),
        accounts=family,
        only=_only(query.get("account", ""), (visit.account_id, *family)),
        order_reference=query.get("order", "").strip()[:TEXT_MAX],
        least_minor=found_amount(query.get("least", ""), currency),
        most_minor=found_amount(query.get("most", ""), currency),
        sort=query.get("sort", "") if query.get("sort", "") in SORTS else "newest",
    )


def chosen_of(visit: Visit, tx: Transaction, place: Place) -> Wanted:
    """Return the ticked bills, or where none is ticked what the filters let through."""
    wanted, ticked = wanted_of(visit, tx, place), visit.ticked("bill")
    return replace(Wanted(accounts=wanted.accounts), bill_ids=tuple(ticked)) if ticked else wanted


def _only(name: str, family: tuple[AccountId, ...]) -> AccountId | None:
    return AccountId(name) if name in family else None
