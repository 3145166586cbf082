"""How a route that changes something is called so that it succeeds, and which ones refuse everybody.

A route that is in neither table is tried with every real target and the smallest body that the contract
takes: most need no example. What is deleted here was made for it.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from acquit.actions.create_application import create_application
from acquit.actions.redeem_voucher import make_voucher
from acquit.core.identifiers import AccountId, ServiceId
from acquit.store import services

from .families import Customer, Families
from .given_back import voucher
from .peopling import PASSWORD, PLAN, new_cart, new_line, new_order
from .signing import sign_mandate
from .world import ACME, LAB, PETIT, SHOP


class Call(NamedTuple):
    """A call that must succeed."""

    caller: Customer
    target: str
    body: Mapping[str, Any] | None = None


Example = Callable[[Families], Call]


def _plain(target: str, caller: AccountId = ACME, **body: Any) -> Example:
    """The account calls a target that is there already."""
    return lambda families: Call(families.customer(caller), target, body)


def _application(families: Families) -> Call:
    made = create_application(families.world.context, ACME, "second", "to be deleted", by="system")
    return Call(families.customer(), f"/me/api/application/{made.application.application_id}")


def _credential(families: Families) -> Call:
    key = families.customer().get("/auth/currentCredential")["credentialId"]
    return Call(families.customer(), f"/me/api/credential/{key}")


def _voucher(families: Families) -> Call:
    make_voucher(families.world.context, voucher(), "ONCE-MORE", by="cli")
    return Call(families.customer(), "/me/credit/code", {"inputCode": "ONCE-MORE"})


def _order(families: Families) -> Call:
    acme = families.customer()
    (method,) = acme.get("/me/payment/method", paymentType="ENTERPRISE")
    return Call(acme, f"/me/order/{new_order(acme)}/pay", {"paymentMethod": {"id": method}})


def _order_by_mean(families: Families) -> Call:
    acme = families.customer()
    target = f"/me/order/{new_order(acme)}/payWithRegisteredPaymentMean"
    return Call(acme, target, {"paymentMean": "ENTERPRISE"})


def _group(families: Families) -> Call:
    families.customer().post("/me/identity/group", name="passing", role="REGULAR")
    return Call(families.customer(), "/me/identity/group/passing")


def _member(families: Families) -> Call:
    """A login leaves a group that is not its first."""
    acme = families.customer()
    acme.post("/me/identity/group", name="crowd", role="REGULAR")
    acme.post("/me/identity/group/crowd/user", user="user-0")
    return Call(acme, "/me/identity/group/crowd/user/user-0")


def _mandate(path: str) -> Example:
    def example(families: Families) -> Call:
        held = sign_mandate(families.world.context, ACME)
        return Call(families.customer(), f"{path}/{held.mandate.payment_method_id}")

    return example


def _cart(families: Families, below: str, **body: Any) -> Call:
    acme = families.customer()
    cart = new_cart(acme)
    line = new_line(acme, cart)
    said = body | ({"itemId": line} if below == "/eco/options" else {})
    return Call(acme, f"/order/cart/{cart}{below.replace('LINE', str(line))}", said)


def _in_cart(below: str, **body: Any) -> Example:
    return lambda families: _cart(families, below, **body)


def _ending(account_id: AccountId, name: str, confirm: Callable[[dict[str, Any]], str]) -> Example:
    """A service ends with the token of the letter."""

    def example(families: Families) -> Call:
        caller, context = families.customer(account_id), families.world.context
        service = caller.page("/services", Filter=f"resource.name:eq={name}")[0]
        with context.database.read() as tx:
            found = services.find(tx, account_id, ServiceId(service["serviceId"]))
        assert found is not None
        token = context.sealer.token(f"terminate:{found.service_id}:{found.next_renewal_on}")
        return Call(caller, confirm(service), {"token": token})

    return example


RULES: Final = [{"method": "GET", "path": "/me"}]
EXAMPLES: Final[Mapping[tuple[str, str], Example]] = {
    ("POST", "/auth/credential"): _plain("/auth/credential", accessRules=RULES),
    ("DELETE", "/me/api/application/{applicationId}"): _application,
    ("DELETE", "/me/api/credential/{credentialId}"): _credential,
    ("POST", "/me/credit/code"): _voucher,
    ("PUT", "/me/identity/group/{group}"): _plain("/me/identity/group/group-0", description="who reads"),
    ("DELETE", "/me/identity/group/{group}"): _group,
    ("POST", "/me/identity/group/{group}/user"): _plain("/me/identity/group/DEFAULT/user", user="user-0"),
    ("DELETE", "/me/identity/group/{group}/user/{user}"): _member,
    ("POST", "/me/identity/user"): _plain("/me/identity/user", login="eve", password=PASSWORD),
    ("POST", "/me/order/{orderId}/pay"): _order,
    ("POST", "/me/order/{orderId}/payWithRegisteredPaymentMean"): _order_by_mean,
    ("DELETE", "/me/payment/method/{paymentMethodId}"): _mandate("/me/payment/method"),
    ("DELETE", "/me/paymentMean/bankAccount/{id}"): _mandate("/me/paymentMean/bankAccount"),
    ("POST", "/me/tag"): _plain("/me/tag", PETIT, tagName="reseller"),
    ("POST", "/order/cart"): _plain("/order/cart", LAB, ovhSubsidiary="FR"),
    ("POST", "/order/cart/{cartId}/eco"): _in_cart("/eco", **PLAN),
    ("POST", "/order/cart/{cartId}/eco/options"): _in_cart("/eco/options", **PLAN | {"planCode": "disk-1t"}),
    ("POST", "/order/cart/{cartId}/item/{itemId}/configuration"): _in_cart(
        "/item/LINE/configuration", label="place", value="south"
    ),
    ("POST", "/services/{serviceId}/terminate/confirm"): _ending(
        PETIT, "ns-cd67890.example.net", lambda each: f"/services/{each['serviceId']}/terminate/confirm"
    ),
    ("POST", "/{product}/{serviceName}/confirmTermination"): _ending(
        SHOP, "ns-ab20002.example.net", lambda each: f"{each['route']['url']}/confirmTermination"
    ),
}
REFUSED: Final[Mapping[tuple[str, str], tuple[int, str]]] = {
    ("POST", "/me/payment/method"): (403, "No method of type"),
    ("POST", "/me/payment/method/{paymentMethodId}/challenge"): (409, "waits for nothing"),
    ("POST", "/me/payment/method/{paymentMethodId}/details"): (409, "waits for nothing"),
    ("POST", "/me/payment/method/{paymentMethodId}/finalize"): (409, "waits for nothing"),
    ("POST", "/me/paymentMean/bankAccount"): (403, "signed mandate"),
    ("POST", "/me/paymentMean/bankAccount/{id}/challenge"): (409, "no challenge to answer"),
}
"""Routes that refuse every call, with what they say: docs/reference/apiv6-choices.md tells why."""
