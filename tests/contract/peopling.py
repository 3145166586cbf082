"""The world of the conformance test: something in every list of every family, for those that may have it.

What is made is made as people and programs make it: by calls of the wire, by actions, by runs.
"""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import requests

from acquit.actions.ask_consent import open_campaign
from acquit.actions.change_prices import change_price, withdraw_change
from acquit.actions.deliver import deliver_due
from acquit.actions.import_catalogue import import_catalogue
from acquit.actions.issue_access_token import issue_access_token
from acquit.actions.keep_log_stream import add_log_stream
from acquit.actions.publish_contract import publish_contract
from acquit.actions.set_messages import set_messages
from acquit.actions.set_standing import set_standing
from acquit.actions.subscribe_service import subscribe_service
from acquit.adapters.hand_over import NullHandOver
from acquit.adapters.mail import SmtpServer
from acquit.adapters.null_platform import NullPlatform
from acquit.core.api_call import ApiCall
from acquit.core.consent import CampaignKind
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.log_stream import LogFormat, stream_at
from acquit.core.standing import PartnerLevel, Standing, Universe
from acquit.core.subscription import Wish
from acquit.ports import Ways
from acquit.store import api_calls
from delivering import Mailbox, mail_server
from saml_idp import Idp, Key

from .families import Customer, Families
from .given_back import CODE, ask_some, correct_one, give_back_some, give_some_points, keep_some_methods
from .metered import use_some
from .signing import collect, sign_mandate
from .supplied import agree, supply
from .walking import SSH_KEY
from .world import ACCOUNTS, ACME, CATALOGUE, FR, LAB, PETIT, SHOP, TODAY

PLAN = {"planCode": "metal-s", "duration": "P1M", "pricingMode": "default", "quantity": 1}
DISK: list[dict[str, Any]] = [
    {"capacities": ["renew"], "price": 300_000_000, "interval": 1, "intervalUnit": "month", "phase": 1},
    {"capacities": ["detach"], "price": 500_000_000, "interval": 0, "intervalUnit": "none", "phase": 0},
]
REPORTS = "/me/billing/report/consumption"
CONTACT: dict[str, Any] = {
    "firstName": "Ada", "lastName": "Martin", "email": "ada@example.com", "language": "fr_FR",
    "legalForm": "individual", "phone": "+33.123456789", "birthDay": "1980-12-31",
    "address": {"line1": "1 rue Neuve", "zip": "59000", "city": "Lille", "country": "FR"},
}  # fmt: skip
PASSWORD = "correct-horse-battery-staple"
SIGNING = Key()


def people(families: Families) -> Families:
    """Every account has logins, carts and orders of its own; Acme has something in every list."""
    for number, account_id in enumerate(ACCOUNTS):
        _name_some(families.customer(account_id), number)
    acme = families.customer()
    use_some(families.world.context)
    _publish_some(families)
    _ask_some(families)
    sign_mandate(families.world.context, ACME)
    ordered = new_cart(acme)
    new_line(acme, ordered)
    acme.post(f"/order/cart/{ordered}/checkout", autoPayWithPreferredPaymentMethod=True)
    give_back_some(families.world.context, ACME)
    give_some_points(families.world.context, ACME)
    keep_some_methods(families.world.context, ACME)
    correct_one(families.world.context, ACME, families.world.paid_bill)
    ask_some(families.world.context, ACME)
    _let_in(families)
    _forward_some(families)
    agree(families.world.context, ACME)
    supply(families.world.context, ACME)
    write_to(families)
    acme.post("/me/credit/code", inputCode=CODE)
    _prepay(acme)
    new_order(acme)
    sell_disks_alone(families)
    families.customer(SHOP).post("/me/debtAccount/pay")
    acme.post(f"/me/order/{acme.get('/me/order')[1]}/balance", balanceName="voucher-credit")
    families.customer(SHOP).post(REPORTS, periodStart="2026-09-01", periodEnd="2026-12-31")
    collect(families.world.context, SHOP)
    shop = families.customer(SHOP)
    fresh = new_service(families, SHOP, "ns-asked.example.net")
    shop.post(
        f"/services/{fresh}/savingsPlans/subscribe/execute", displayName="out", offerId="traffic-1m", size=2
    )
    shop.post(f"/services/{fresh}/billing/engagement/request", pricingMode="degressivity12")
    name_contacts(families)
    return families


def name_contacts(families: Families) -> None:
    """Acme asks Shop, and Petit asks Lab, to be the technical contact of a server."""
    for asking, asked in ((ACME, SHOP), (PETIT, LAB)):
        caller = families.customer(asking)
        head = next(each for each in caller.page("/services") if each["parentServiceId"] is None)
        caller.post(f"{head['route']['url']}/changeContact", contactTech=asked)


def sell_disks_alone(families: Families) -> None:
    """A newer version of the catalogue sells disks alone, also those that a server has as an option."""
    renewing, fee = ({"mode": "default", "tax": 0, **each} for each in DISK)
    disk = {"planCode": "disk-alone", "product": "disk", "invoiceName": "Disque seul 1 To",
            "pricings": [renewing, fee]}  # fmt: skip
    content = json.dumps({**CATALOGUE, "plans": [*CATALOGUE["plans"], disk]}).encode()  # type: ignore[misc]
    import_catalogue(
        families.world.context, content, by="cli", legal_entity_id=FR, from_on=date(2026, 11, 20)
    )


def new_service(families: Families, account_id: AccountId, name: str, **wish: Any) -> ServiceId:
    """A server that the account has from today on."""
    made = subscribe_service(
        families.world.context, account_id, Wish("metal-s", TODAY, resource_name=name, **wish), by="cli"
    )
    return made.service.service_id


def _prepay(acme: Customer) -> None:
    """Acme orders credit for its prepaid account, and some of what is on it back."""
    (account,) = acme.get("/me/ovhAccount")
    acme.put(f"/me/ovhAccount/{account}", alertThreshold=500)
    acme.post(f"/me/ovhAccount/{account}/creditOrder", amount=50_000)
    bank = acme.get("/me/paymentMean/bankAccount")[0]
    acme.post(f"/me/ovhAccount/{account}/retrieveMoney", amount=100, bankAccountId=bank)


def _let_in(families: Families) -> None:
    """Acme has a robot with a token, rules for addresses, a second factor, keys, and a log of calls."""
    acme, context = families.customer(), families.world.context
    robot = acme.post("/me/api/oauth2/client", name="robot", description="", flow="CLIENT_CREDENTIALS")
    issue_access_token(context, robot["clientId"], robot["clientSecret"])
    acme.post("/me/accessRestriction/ip", ip="192.0.2.0/24", rule="deny", warning=False)
    acme.post("/me/sshKey", keyName="laptop", key=SSH_KEY)
    acme.post("/me/preferences/manager", key="SIDEBAR", value="open")
    acme.post("/me/changeEmail", newEmail="books@example.com")
    acme.post("/me/contact", **CONTACT)
    kept = acme.post("/me/document", name="contract.pdf", tags=[{"key": "kind", "value": "contract"}])
    requests.put(kept["putUrl"], data=b"%PDF-1.7", timeout=30).raise_for_status()
    acme.post("/me/document", name="to come.pdf")
    acme.post("/me/accessRestriction/totp")
    acme.post("/me/accessRestriction/backupCode")
    with context.database.write() as tx:
        called = ApiCall(ACME, datetime.now(UTC), "GET", "/services/{serviceId}", "/services/1", "192.0.2.1")
        api_calls.add(tx, [called])
    group = acme.post("/me/billing/group", name="site A")["groupId"]
    acme.post(f"/me/billing/group/{group}/service", serviceId=acme.get("/services")[0])


def _publish_some(families: Families) -> None:
    """The seller asks everybody to accept something; Acme and Petit have special terms, accepted by Acme."""
    context, acme = families.world.context, families.customer()
    publish_contract(context, FR, "Terms of service", "# Price\nWhat is billed.\n\nWhen.", by="cli")
    for account_id in (ACME, PETIT):
        name = f"Special terms of {account_id}"
        made = publish_contract(context, FR, name, f"For {account_id}.", by="cli", account_id=account_id)
        if account_id == ACME:
            acme.post(f"/me/agreements/{made.contract_text_id}/accept")


def write_to(families: Families) -> None:
    """Every account is told of another price, which is withdrawn then: its mail was sent."""
    context = families.world.context
    set_messages(context, FR, is_on=True, sender="", reply_to="", by="cli")
    for account_id in ACCOUNTS:
        service = ServiceId(families.customer(account_id).get("/services")[0])
        told = change_price(context, account_id, service, 10_000_000_000, date(2027, 6, 1), by="cli")
        withdraw_change(context, account_id, service, told.change.change_no, by="cli", reason="a trial")
    with mail_server(Mailbox()) as box:
        server = SmtpServer("127.0.0.1", box.port, "none", "billing@example.com")
        ways = Ways(server, NullPlatform(), NullHandOver())
        assert deliver_due(replace(context, ways=ways)).sent == len(ACCOUNTS)
    set_messages(context, FR, is_on=False, sender="", reply_to="", by="cli")


def _ask_some(families: Families) -> None:
    """The seller asks for a consent that Acme gives; Acme is a VIP and a partner."""
    context, acme = families.world.context, families.customer()
    open_campaign(context, FR, "research", CampaignKind.OPT_IN, "May we ask you about our offer?", by="cli")
    acme.put("/me/consent/research/decision", value=True)
    acme.put("/me/marketing", email={"newsletter": True})
    set_standing(
        context, ACME, lambda _: Standing(frozenset({Universe.CLOUD}), PartnerLevel.ADVANCED), by="cli"
    )


def new_stream(families: Families, account_id: AccountId, name: str = "collector") -> str:
    """A stream of the account, to which nothing goes yet."""
    new = stream_at(name, LogFormat.GELF, "logs.example.com", secret_name="token", secret="s3cret")
    return add_log_stream(families.world.context, account_id, new, by="cli").stream_id


def _forward_some(families: Families) -> None:
    """The logs of every account go to a stream of its own."""
    for account_id in ACCOUNTS:
        stream, caller = new_stream(families, account_id), families.customer(account_id)
        caller.post("/me/api/log/subscription", kind="api", streamId=stream)
        caller.post("/me/logs/audit/log/subscription", kind="audit", streamId=stream)


def _name_some(caller: Customer, number: int) -> None:
    login = f"user-{number}"
    caller.post("/me/identity/user", login=login, password=PASSWORD, group="ADMIN")
    caller.post(f"/me/identity/user/{login}/token", name=f"token-{number}", description="at work")
    caller.post("/me/identity/group", name=f"group-{number}", role="UNPRIVILEGED")
    caller.post(f"/me/identity/group/group-{number}/user", user=login)
    metadata, attribute = provider_metadata(number), f"groups-{number}"
    caller.post("/me/identity/provider", metadata=metadata, groupAttributeName=attribute)
    caller.post(
        "/me/billing/purchaseOrder", reference="R", type="PURCHASE_ORDER", startDate="2030-01-01",
        active=False,
    )  # fmt: skip
    cart = new_cart(caller, description="kept")
    line = new_line(caller, cart)
    caller.post(f"/order/cart/{cart}/eco/options", **PLAN | {"planCode": "disk-1t", "itemId": line})
    caller.post(f"/order/cart/{cart}/item/{line}/configuration", label="place", value="north")


def provider_metadata(number: int) -> str:
    """Metadata of an identity provider with a number."""
    place = f"https://idp-{number}.example.com"
    return Idp(SIGNING, entity_id=place, url=f"{place}/sso").metadata()


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
