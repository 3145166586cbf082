"""How a route that changes something is called so that it succeeds, and which ones refuse everybody.

A route that is in neither table is tried with every real target and the smallest body that the contract
takes: most need no example. What is deleted here was made for it.
"""

import base64
import time
from collections.abc import Mapping
from typing import Any, Final, LiteralString

from acquit.actions.change_email import token_of
from acquit.actions.correct_bill import Correction, correct_bill
from acquit.actions.create_application import create_application
from acquit.actions.issue_access_token import issue_access_token
from acquit.actions.redeem_voucher import make_voucher
from acquit.core.identifiers import AccountId, BillId
from acquit.core.method_on_file import FileKind
from acquit.core.second_factor import code_at
from acquit.store import kept_texts

from .called import Call, Example
from .families import Families
from .given_back import ask_some, keep_method, voucher
from .peopling import CONTACT, PASSWORD, PLAN, new_cart, new_line, new_order, new_stream, provider_metadata
from .service_examples import SERVICE_EXAMPLES
from .signing import sign_mandate
from .walking import SSH_KEY
from .world import ACME, LAB, PETIT, SHOP


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


def _credit_on_order(families: Families) -> Call:
    """Acme has a voucher's credit, and a bill that is open in part."""
    acme, code = families.customer(), f"AGAIN-{time.monotonic_ns()}"
    make_voucher(families.world.context, voucher(), code, by="cli")
    acme.post("/me/credit/code", inputCode=code)
    return Call(acme, f"/me/order/{acme.get('/me/order')[1]}/balance", {"balanceName": "voucher-credit"})


def _credit_off_order(families: Families) -> Call:
    acme, target, body = _credit_on_order(families)
    acme.post(target, **(body or {}))
    return Call(acme, f"{target}/voucher-credit")


def _money_back(families: Families) -> Call:
    acme = families.customer()
    bank = sign_mandate(families.world.context, ACME).mandate.payment_method_id
    (account,) = acme.get("/me/ovhAccount")
    return Call(acme, f"/me/ovhAccount/{account}/retrieveMoney", {"amount": 100, "bankAccountId": bank})


def _passing(kind: FileKind, path: str) -> Example:
    """A card or wallet that was kept for this: it is no default."""

    def example(families: Families) -> Call:
        acme = families.customer()
        there = set(acme.get(path))
        keep_method(families.world.context, ACME, kind, f"passing-{kind.value}")
        (made,) = set(acme.get(path)) - there
        return Call(acme, f"{path}/{made}")

    return example


def _group(families: Families) -> Call:
    families.customer().post("/me/identity/group", name="passing", role="REGULAR")
    return Call(families.customer(), "/me/identity/group/passing")


def _provider(families: Families) -> Call:
    """An account brings its provider again after it took it away."""
    shop = families.customer(SHOP)
    shop.delete("/me/identity/provider")
    return Call(shop, "/me/identity/provider", {"metadata": provider_metadata(7)})


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


OWED: Final[LiteralString] = """
    SELECT b.account_id, b.bill_id
      FROM bill b
      JOIN debt d ON d.account_id = b.account_id AND d.bill_id = b.bill_id
     WHERE b.kind = 'bill'
       AND NOT EXISTS (SELECT FROM debt_operation o
                        WHERE o.account_id = d.account_id AND o.debt_id = d.debt_id)
     ORDER BY b.account_id, b.bill_id
     LIMIT 1
"""
TOTP: Final = "/me/accessRestriction/totp"
CODES: Final = "/me/accessRestriction/backupCode"
STEP_SECONDS: Final = 30


def _code(secret: str, later: int = 0) -> dict[str, str]:
    """What a device shows now, or so many steps later."""
    return {"code": code_at(base64.b32decode(secret), int(time.time()) // STEP_SECONDS + later)}


def _device(last: str) -> Example:
    """A new device of Acme's is confirmed, taken out of use or into use again."""

    def example(families: Families) -> Call:
        acme = families.customer()
        made = acme.post(TOTP)
        path, later = f"{TOTP}/{made['id']}", -1
        for step in ("validate", "disable", "enable"):
            if step == last:
                break
            acme.post(f"{path}/{step}", **_code(made["secret"], later))
            later += 1
        return Call(acme, f"{path}/{last}", _code(made["secret"], later))

    return example


def _backup(last: str, caller_id: AccountId) -> Example:
    """The codes of a login that has none yet are confirmed, taken out of use or into use again."""

    def example(families: Families) -> Call:
        caller = families.customer(caller_id)
        codes = iter(caller.post(CODES)["codes"])
        for step in ("validate", "disable", "enable"):
            if step == last:
                break
            caller.post(f"{CODES}/{step}", code=next(codes))
        return Call(caller, f"{CODES}/{last}", {"code": next(codes)})

    return example


def _new_address(last: str, caller_id: AccountId) -> Example:
    """The token of the letter decides of another address."""

    def example(families: Families) -> Call:
        caller, context = families.customer(caller_id), families.world.context
        number = caller.post("/me/changeEmail", newEmail=f"{last}@example.com")["id"]
        with context.database.read() as tx:
            (asked,) = kept_texts.find_changes(tx, caller_id, [number])
        said = {"token": token_of(context, caller_id, asked)}
        return Call(caller, f"/me/task/emailChange/{number}/{last}", said)

    return example


def _access_token(families: Families) -> Call:
    acme = families.customer()
    robot = acme.post("/me/api/oauth2/client", name="once", description="", flow="CLIENT_CREDENTIALS")
    issue_access_token(families.world.context, robot["clientId"], robot["clientSecret"])
    return Call(acme, f"/me/api/oauth2/token/{acme.get('/me/api/oauth2/token')[-1]}")


def _billing_group_service(families: Families) -> Call:
    acme = families.customer()
    group = acme.post("/me/billing/group", name="site B")["groupId"]
    return Call(acme, f"/me/billing/group/{group}/service", {"serviceId": acme.get("/services")[-1]})


def _corrected(families: Families) -> Call:
    """A corrective bill that nobody paid."""
    context = families.world.context
    with context.database.read() as tx:
        owed = tx.one(OWED)
    made = correct_bill(
        context, owed.account_id, BillId(owed.bill_id), "street", Correction({"street": "2 rue Neuve"}),
        by="cli",
    )  # fmt: skip
    caller = families.customer(owed.account_id)
    return Call(caller, f"/me/correctiveInvoice/{made.bill.bill_id}/debt/pay")


def _asked(families: Families) -> Call:
    """A down payment that nobody paid."""
    _, owed = ask_some(families.world.context, SHOP)
    return Call(families.customer(SHOP), f"/me/downPaymentInvoice/{owed.bill_id}/debt/pay")


def _log(base: str, kind: str) -> Example:
    """A log goes to one more stream."""
    return lambda families: Call(
        families.customer(), f"{base}/subscription", {"kind": kind, "streamId": new_stream(families, ACME)}
    )


def _log_no_longer(base: str, kind: str) -> Example:
    def made(families: Families) -> Call:
        acme, stream = families.customer(), new_stream(families, ACME)
        acme.post(f"{base}/subscription", kind=kind, streamId=stream)
        found = [each for each in acme.page(f"{base}/subscription") if each["streamId"] == stream]
        return Call(acme, f"{base}/subscription/{found[0]['subscriptionId']}")

    return made


CALLS, ACCESS = "/me/api/log", "/me/logs/audit/log"
LOGS: Final[Mapping[tuple[str, str], Example]] = {
    ("POST", f"{CALLS}/subscription"): _log(CALLS, "api"),
    ("POST", f"{ACCESS}/subscription"): _log(ACCESS, "audit"),
    ("DELETE", f"{CALLS}/subscription/{{subscriptionId}}"): _log_no_longer(CALLS, "api"),
    ("DELETE", f"{ACCESS}/subscription/{{subscriptionId}}"): _log_no_longer(ACCESS, "audit"),
    ("POST", f"{CALLS}/url"): _plain(f"{CALLS}/url", kind="api"),
    ("POST", f"{ACCESS}/url"): _plain(f"{ACCESS}/url", kind="audit"),
}
RULES: Final = [{"method": "GET", "path": "/me"}]
EXAMPLES: Final[Mapping[tuple[str, str], Example]] = {
    ("POST", "/auth/credential"): _plain("/auth/credential", accessRules=RULES),
    ("POST", "/me/accessRestriction/totp/{id}/validate"): _device("validate"),
    ("POST", "/me/accessRestriction/totp/{id}/disable"): _device("disable"),
    ("POST", "/me/accessRestriction/totp/{id}/enable"): _device("enable"),
    ("POST", "/me/accessRestriction/backupCode/validate"): _backup("validate", LAB),
    ("POST", "/me/accessRestriction/backupCode/disable"): _backup("disable", PETIT),
    ("POST", "/me/accessRestriction/backupCode/enable"): _backup("enable", SHOP),
    ("POST", "/me/account"): _plain(
        "/me/account", organisation="Bois & Fils", country="FR", legalform="corporation"
    ),
    ("POST", "/me/changeEmail"): _plain("/me/changeEmail", newEmail="desk@example.com"),
    ("POST", "/me/task/emailChange/{id}/accept"): _new_address("accept", LAB),
    ("POST", "/me/task/emailChange/{id}/refuse"): _new_address("refuse", PETIT),
    ("POST", "/me/contact"): _plain("/me/contact", **CONTACT),
    ("POST", "/me/document/cors"): _plain("/me/document/cors", origin="https://files.example.com"),
    ("POST", "/me/sshKey"): _plain("/me/sshKey", keyName="desk", key=SSH_KEY),
    ("POST", "/me/api/oauth2/client"): _plain(
        "/me/api/oauth2/client", name="second", description="", flow="CLIENT_CREDENTIALS"
    ),
    ("DELETE", "/me/api/oauth2/token/{id}"): _access_token,
    ("POST", "/me/billing/report/consumption"): _plain(
        "/me/billing/report/consumption", periodStart="2026-10-01", periodEnd="2026-10-31"
    ),
    ("POST", "/me/billing/group"): _plain("/me/billing/group", name="site C"),
    ("POST", "/me/billing/group/{groupId}/service"): _billing_group_service,
    ("POST", "/me/correctiveInvoice/{correctiveInvoiceId}/debt/pay"): _corrected,
    ("POST", "/me/downPaymentInvoice/{downPaymentInvoiceId}/debt/pay"): _asked,
    ("DELETE", "/me/api/application/{applicationId}"): _application,
    ("DELETE", "/me/api/credential/{credentialId}"): _credential,
    ("POST", "/me/credit/code"): _voucher,
    ("DELETE", "/me/paymentMean/creditCard/{id}"): _passing(FileKind.CARD, "/me/paymentMean/creditCard"),
    ("DELETE", "/me/paymentMean/paypal/{id}"): _passing(FileKind.PAYPAL, "/me/paymentMean/paypal"),
    ("PUT", "/me/identity/group/{group}"): _plain("/me/identity/group/group-0", description="who reads"),
    ("DELETE", "/me/identity/group/{group}"): _group,
    ("POST", "/me/identity/group/{group}/user"): _plain("/me/identity/group/DEFAULT/user", user="user-0"),
    ("DELETE", "/me/identity/group/{group}/user/{user}"): _member,
    ("POST", "/me/identity/provider"): _provider,
    ("POST", "/me/identity/user"): _plain("/me/identity/user", login="eve", password=PASSWORD),
    ("POST", "/me/order/{orderId}/balance"): _credit_on_order,
    ("DELETE", "/me/order/{orderId}/balance/{balanceName}"): _credit_off_order,
    ("POST", "/me/order/{orderId}/pay"): _order,
    ("POST", "/me/order/{orderId}/payWithRegisteredPaymentMean"): _order_by_mean,
    ("DELETE", "/me/payment/method/{paymentMethodId}"): _mandate("/me/payment/method"),
    ("DELETE", "/me/paymentMean/bankAccount/{id}"): _mandate("/me/paymentMean/bankAccount"),
    ("POST", "/me/ovhAccount/{ovhAccountId}/retrieveMoney"): _money_back,
    ("POST", "/me/tag"): _plain("/me/tag", PETIT, tagName="reseller"),
    ("POST", "/order/cart"): _plain("/order/cart", LAB, ovhSubsidiary="FR"),
    ("POST", "/order/cart/{cartId}/eco"): _in_cart("/eco", **PLAN),
    ("POST", "/order/cart/{cartId}/eco/options"): _in_cart("/eco/options", **PLAN | {"planCode": "disk-1t"}),
    ("POST", "/order/cart/{cartId}/item/{itemId}/configuration"): _in_cart(
        "/item/LINE/configuration", label="place", value="south"
    ),
    **SERVICE_EXAMPLES,
    **LOGS,
}
NOT_OFFERED: Final = [
    *(("PUT", f"/me/accessRestriction/{kind}/{{id}}") for kind in ("sms", "u2f")),
    *(("DELETE", f"/me/accessRestriction/{kind}/{{id}}") for kind in ("sms", "u2f")),
    *(
        ("POST", f"/me/accessRestriction/{kind}/{{id}}/{act}")
        for kind in ("sms", "u2f") for act in ("disable", "enable", "validate")
    ),
    ("POST", "/me/accessRestriction/sms/{id}/sendCode"),
]  # fmt: skip
REFUSED: Final[Mapping[tuple[str, str], tuple[int, str]]] = {
    **dict.fromkeys(NOT_OFFERED, (404, "does not exist")),
    ("POST", "/me/accessRestriction/sms"): (403, "not offered"),
    ("POST", "/me/accessRestriction/u2f"): (403, "not offered"),
    ("POST", "/me/billing/invoicesByPostalMail"): (403, ""),
    ("POST", "/me/order/{orderId}/retraction"): (403, "L221-18"),
    ("POST", "/me/payment/method"): (403, "No method of type"),
    ("POST", "/me/payment/method/{paymentMethodId}/challenge"): (409, "waits for nothing"),
    ("POST", "/me/payment/method/{paymentMethodId}/details"): (409, "waits for nothing"),
    ("POST", "/me/payment/method/{paymentMethodId}/finalize"): (409, "waits for nothing"),
    ("POST", "/me/paymentMean/bankAccount"): (403, "signed mandate"),
    ("POST", "/me/paymentMean/bankAccount/{id}/challenge"): (409, "no challenge to answer"),
    ("POST", "/me/paymentMean/creditCard/{id}/challenge"): (409, "no challenge to answer"),
    ("POST", "/me/paymentMean/paypal/{id}/challenge"): (409, "no challenge to answer"),
}
"""Routes that refuse every call, with what they say: docs/reference/apiv6-choices.md tells why."""
