"""How the routes of services that change something are called so that they succeed."""

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, Final, LiteralString

from acquit.actions.change_contacts import token_of
from acquit.core.contact_change import Side
from acquit.core.identifiers import AccountId, ServiceId
from acquit.store import contact_changes, services

from .called import Call, Example
from .families import Families
from .peopling import new_service
from .world import ACME, PETIT, SHOP

NUMBERS: Final = count(1)
COMMITTED: Final = "degressivity12"
PLAN: Final[dict[str, Any]] = {"displayName": "out", "offerId": "traffic-1m", "size": 1}


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


def _upgrade(last: str) -> Example:
    """A service of Shop's takes the commitment of its plan."""

    def example(families: Families) -> Call:
        shop = families.customer(SHOP)
        head = next(each for each in shop.page("/services") if each["parentServiceId"] is None)
        path = f"/services/{head['serviceId']}/upgrade"
        offer = shop.get(path)[0]
        body = {
            "duration": offer["prices"][0]["duration"],
            "pricingMode": offer["prices"][0]["pricingMode"],
            "quantity": 1,
        }
        return Call(shop, f"{path}/{offer['planCode']}/{last}", body)

    return example


def _on_a_new_one(
    last: str, *before: tuple[str, dict[str, Any]], body: dict[str, Any] | None = None, **wish: Any
) -> Example:
    """A new server of Shop's goes through the posts before, then through the last call."""

    def example(families: Families) -> Call:
        shop = families.customer(SHOP)
        path = f"/services/{new_service(families, SHOP, f'ns-new-{next(NUMBERS)}.example.net', **wish)}"
        for step, said in before:
            shop.post(step.format(path=path, older=path.replace("services", "service")), **said)
        return Call(shop, last.format(path=path, older=path.replace("services", "service")), body)

    return example


def _detached(last: str) -> Example:
    """The disk of a new server of Shop's becomes a service of its own."""

    def example(families: Families) -> Call:
        shop = families.customer(SHOP)
        name = f"ns-new-{next(NUMBERS)}.example.net"
        head = new_service(families, SHOP, name, options=("disk-1t",))
        (option,) = shop.get(f"/services/{head}/options")
        path = f"/services/{option['serviceId']}/detach/disk-alone/{last}"
        return Call(shop, path, {"duration": "P1M", "pricingMode": "default", "quantity": 1})

    return example


def _saving(last: str, body: dict[str, Any], **begun: Any) -> Example:
    """A new server of Shop's has a savings plan, and something is said about it."""

    def example(families: Families) -> Call:
        shop = families.customer(SHOP)
        name = f"ns-new-{next(NUMBERS)}.example.net"
        path = f"/services/{new_service(families, SHOP, name)}/savingsPlans"
        plan = shop.post(f"{path}/subscribe/execute", **PLAN | begun)
        return Call(shop, f"{path}/subscribed/{plan['id']}{last}", body)

    return example


def _dropped(families: Families) -> Call:
    """A new server of Shop's is to end with its month, and is dropped before."""
    shop, context = families.customer(SHOP), families.world.context
    service_id = new_service(families, SHOP, f"ns-new-{next(NUMBERS)}.example.net")
    with context.database.read() as tx:
        found = services.find(tx, SHOP, service_id)
    assert found is not None
    token = context.sealer.token(f"terminate:{service_id}:{found.next_renewal_on}")
    shop.post(f"/services/{service_id}/terminate/confirm", token=token)
    return Call(shop, f"/services/{service_id}/terminate/skipRetentionPeriod")


def _renewed(families: Families) -> Call:
    """An order that renews a new server of Shop's."""
    number = new_service(families, SHOP, f"ns-new-{next(NUMBERS)}.example.net")
    body = {"duration": "P3M", "services": [number]}
    return Call(families.customer(SHOP), f"/service/{number}/renew", body)


def _contact(last: str) -> Example:
    """Shop answers for itself whether Acme is to be the technical contact of a new server."""

    def example(families: Families) -> Call:
        shop, context = families.customer(SHOP), families.world.context
        name = f"ns-new-{next(NUMBERS)}.example.net"
        new_service(families, SHOP, name)
        (number,) = shop.post(f"/dedicated/server/{name}/changeContact", contactTech=ACME)
        with context.database.write() as tx:
            tx.run(AGE, number=number)
            (asked,) = contact_changes.find(tx, SHOP, [number])
        body = {} if last == "resendEmail" else {"token": token_of(context, asked, Side.GIVER)}
        return Call(shop, f"/me/task/contactChange/{number}/{last}", body)

    return example


def _named_for(families: Families) -> Call:
    """Shop asks that Acme be the technical contact of a new server."""
    name = f"ns-new-{next(NUMBERS)}.example.net"
    new_service(families, SHOP, name)
    return Call(families.customer(SHOP), f"/dedicated/server/{name}/changeContact", {"contactTech": ACME})


AGE: Final[LiteralString] = """
    UPDATE contact_change SET told_at = now() - interval '2 minutes' WHERE contact_change_id = %(number)s
"""
SAVING: Final = "/services/{serviceId}/savingsPlans/subscribed/{savingsPlanId}"
ASKED: Final = ("{path}/billing/engagement/request", {"pricingMode": COMMITTED})
SERVICE_EXAMPLES: Final[Mapping[tuple[str, str], Example]] = {
    ("POST", "/service/{serviceId}/renew"): _renewed,
    ("POST", "/service/{serviceId}/suspend"): _on_a_new_one("{older}/suspend"),
    ("POST", "/service/{serviceId}/reopen"): _on_a_new_one("{older}/reopen", ("{older}/suspend", {})),
    ("POST", "/services/{serviceId}/billing/engagement/request"): _on_a_new_one(ASKED[0], body=ASKED[1]),
    ("DELETE", "/services/{serviceId}/billing/engagement/request"): _on_a_new_one(ASKED[0], ASKED),
    ("POST", "/services/{serviceId}/billing/engagement/flush"): _on_a_new_one(
        "{path}/billing/engagement/flush", mode=COMMITTED
    ),
    ("POST", "/services/{serviceId}/detach/{planCode}/simulate"): _detached("simulate"),
    ("POST", "/services/{serviceId}/detach/{planCode}/execute"): _detached("execute"),
    ("POST", "/services/{serviceId}/form/{formName}/answer"): _on_a_new_one(
        "{path}/form/termination/answer", body={"answers": [{"question": "reason", "value": "NOT_RELIABLE"}]}
    ),
    ("POST", "/services/{serviceId}/savingsPlans/subscribe/simulate"): _on_a_new_one(
        "{path}/savingsPlans/subscribe/simulate", body=PLAN
    ),
    ("POST", "/services/{serviceId}/savingsPlans/subscribe/execute"): _on_a_new_one(
        "{path}/savingsPlans/subscribe/execute", body=PLAN
    ),
    ("PUT", f"{SAVING}"): _saving("", {"displayName": "other"}),
    ("POST", f"{SAVING}/changePeriodEndAction"): _saving(
        "/changePeriodEndAction", {"periodEndAction": "REACTIVATE"}
    ),
    ("POST", f"{SAVING}/changeSize"): _saving("/changeSize", {"size": 3}),
    ("POST", f"{SAVING}/terminate"): _saving("/terminate", {}, startDate="2026-12-24"),
    ("POST", "/services/{serviceId}/terminate/skipRetentionPeriod"): _dropped,
    ("POST", "/{product}/{serviceName}/changeContact"): _named_for,
    ("POST", "/me/task/contactChange/{id}/accept"): _contact("accept"),
    ("POST", "/me/task/contactChange/{id}/refuse"): _contact("refuse"),
    ("POST", "/me/task/contactChange/{id}/resendEmail"): _contact("resendEmail"),
    ("POST", "/services/{serviceId}/terminate/confirm"): _ending(
        PETIT, "ns-cd67890.example.net", lambda each: f"/services/{each['serviceId']}/terminate/confirm"
    ),
    ("POST", "/{product}/{serviceName}/confirmTermination"): _ending(
        SHOP, "ns-ab20002.example.net", lambda each: f"{each['route']['url']}/confirmTermination"
    ),
    ("POST", "/services/{serviceId}/upgrade/{planCode}/simulate"): _upgrade("simulate"),
    ("POST", "/services/{serviceId}/upgrade/{planCode}/execute"): _upgrade("execute"),
}
