"""An account with a payment term that orders from the small catalogue through carts."""

from datetime import date
from typing import Any, Final

from acquit.actions.change_cart import Asked, add_line, create_cart
from acquit.actions.check_out import check_out
from acquit.actions.context import Context
from acquit.actions.grant_enterprise_terms import grant_enterprise_terms
from acquit.actions.import_catalogue import import_catalogue
from acquit.core.identifiers import AccountId
from acquit.core.sales_request import AskedTerm
from acquit.core.service_order import ServiceOrder
from acquit.core.terms import Term
from founding import ACME, FR
from selling import catalogue

SERVER: Final = Asked("metal-s", "default", 1)
"""49.00 to install, 89.00 a month; 32 GB that cost nothing go with it."""


def sells(context: Context, account_id: AccountId = ACME, **granted: Any) -> None:
    """The seller sells the small catalogue, and the account has 45 days."""
    import_catalogue(context, catalogue(), by="cli", legal_entity_id=FR, from_on=date(2025, 1, 1))
    grant_enterprise_terms(context, account_id, AskedTerm(Term(45), **granted), by="cli")


def filled(context: Context, *plans: Asked, account_id: AccountId = ACME) -> str:
    """A cart of the account with these plans."""
    cart = create_cart(context, FR, account_id)
    for asked in plans:
        add_line(context, cart.cart_id, account_id, asked)
    return cart.cart_id


def ordered(
    context: Context, *plans: Asked, account_id: AccountId = ACME, pays: bool = False
) -> ServiceOrder:
    """An order of these plans, paid with the term if asked."""
    cart_id = filled(context, *plans, account_id=account_id)
    return check_out(context, cart_id, account_id, by="cli", pays=pays)
