"""The world of the conformance test: something in every list of every family, for those that may have it.

What is made is made as people and programs make it: by calls of the wire, by actions, by runs.
"""

from .families import Customer, Families
from .given_back import CODE, give_back_some
from .metered import use_some
from .signing import sign_mandate
from .world import ACCOUNTS, ACME

PLAN = {"planCode": "metal-s", "duration": "P1M", "pricingMode": "default", "quantity": 1}
PASSWORD = "correct-horse-battery-staple"


def people(families: Families) -> Families:
    """Every account has logins, carts and orders of its own; Acme has something in every list."""
    for number, account_id in enumerate(ACCOUNTS):
        _name_some(families.customer(account_id), number)
    acme = families.customer()
    use_some(families.world.context)
    sign_mandate(families.world.context, ACME)
    ordered = new_cart(acme)
    new_line(acme, ordered)
    acme.post(f"/order/cart/{ordered}/checkout", autoPayWithPreferredPaymentMethod=True)
    give_back_some(families.world.context, ACME)
    acme.post("/me/credit/code", inputCode=CODE)
    new_order(acme)
    return families


def _name_some(caller: Customer, number: int) -> None:
    login = f"user-{number}"
    caller.post("/me/identity/user", login=login, password=PASSWORD, group="ADMIN")
    caller.post(f"/me/identity/user/{login}/token", name=f"token-{number}", description="at work")
    caller.post("/me/identity/group", name=f"group-{number}", role="UNPRIVILEGED")
    caller.post(f"/me/identity/group/group-{number}/user", user=login)
    caller.post(
        "/me/billing/purchaseOrder", reference="R", type="PURCHASE_ORDER", startDate="2030-01-01",
        active=False,
    )  # fmt: skip
    cart = new_cart(caller, description="kept")
    line = new_line(caller, cart)
    caller.post(f"/order/cart/{cart}/eco/options", **PLAN | {"planCode": "disk-1t", "itemId": line})
    caller.post(f"/order/cart/{cart}/item/{line}/configuration", label="place", value="north")


def new_cart(caller: Customer, **more: object) -> str:
    """A cart of the caller's."""
    return str(caller.post("/order/cart", ovhSubsidiary="FR", **more)["cartId"])


def new_line(caller: Customer, cart: str) -> int:
    """A plan in the cart."""
    return int(caller.post(f"/order/cart/{cart}/eco", **PLAN)["itemId"])


def new_order(caller: Customer) -> int:
    """An order of a plan that nobody paid yet."""
    cart = new_cart(caller)
    new_line(caller, cart)
    return int(caller.post(f"/order/cart/{cart}/checkout")["orderId"])
