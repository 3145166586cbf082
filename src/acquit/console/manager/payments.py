"""Payment methods: how the account's bills are paid, and what the granted one means."""

from acquit.console.place import own_place, page
from acquit.console.visit import Page, Visit
from acquit.store import payment_methods, terms


def list_payment_methods(visit: Visit) -> Page:
    """GET /manager/payment-methods: those of the payer; a sub-account sees its parent's."""
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        methods = payment_methods.of_account(tx, place.account.payer_id)
        grants = {grant.grant_id: grant for grant in terms.of_account(tx, place.account.payer_id)}
        attributes = terms.attributes(tx, place.account.payer_id)
    ranked = sorted(methods, key=lambda method: (not method.is_default, not method.is_usable))
    rows = [(method, grants.get(method.grant_id) if method.grant_id else None) for method in ranked]
    return page("payment_methods.html", place, rows=rows, attributes=attributes)
