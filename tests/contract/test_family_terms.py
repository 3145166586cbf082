"""What a payment term does on the wire, when it is granted and when it is revoked; what Americans have."""

from collections.abc import Iterator
from typing import LiteralString

import pytest

from acquit.actions.context import Context
from acquit.actions.credit_bill import credit_bill
from acquit.actions.grant_enterprise_terms import grant_enterprise_terms
from acquit.actions.revoke_enterprise_terms import revoke_enterprise_terms
from acquit.actions.set_support_level import set_support_level
from acquit.api.entrance import Entrance
from acquit.api.origin import Proxies
from acquit.core.account import SupportLevel
from acquit.core.identifiers import BillId
from acquit.core.sales_request import AskedTerm
from acquit.core.terms import Term

from .conftest import MakeKeys, Wire
from .world import ACME, LAB, PETIT, World, make_world

AMERICA: LiteralString = """
    INSERT INTO legal_entity (legal_entity_id, name, street, zip, city, country, currency, zone,
                              bill_series_id, credit_series_id, deposit_series_id)
    VALUES ('US', 'North Cloud Inc', '1 Main Street', '20190', 'Reston', 'US', 'USD', 'America/New_York',
            'FR', 'AV', 'RC')
"""


@pytest.fixture
def world(context: Context) -> World:
    return make_world(context)


@pytest.fixture
def entrance(world: World) -> Iterator[Entrance]:
    made = Entrance(world.context, proxies=Proxies.of())
    yield made
    made.close()


def infos(wire: Wire) -> dict[str, object]:
    service = wire.get(f"/services/{wire.get('/services')[0]}")
    return dict(wire.get(f"{service['route']['url']}/serviceInfos"))


def test_a_term_comes_and_goes(world: World, entrance: Entrance, make_keys: MakeKeys) -> None:
    acme, lab = Wire(entrance, make_keys(ACME)), Wire(entrance, make_keys(LAB))
    (first,) = acme.get("/me/payment/method")
    grant_enterprise_terms(world.context, ACME, AskedTerm(Term(60)), by="cli")
    for caller in (acme, lab):
        (default,) = caller.get("/me/payment/method?default=true")
        method = caller.get(f"/me/payment/method/{default}")
        assert (method["label"], method["paymentSubType"]) == ("PaymentEnterprisewith60daysdelays", "60_DAYS")
        assert caller.get(f"/me/payment/method/{first}")["status"] == "CANCELED"
        assert caller.get("/me/paymentMean/deferredPaymentAccount") == [default]
    revoke_enterprise_terms(world.context, ACME, by="cli", reason="asked for")
    for caller in (acme, lab):
        assert caller.get("/me/payment/method?default=true") == []
        assert caller.get("/me/payment/method?status=VALID") == []
        assert caller.get("/me/paymentMean/deferredPaymentAccount") == []
        assert caller.get("/me/certificates") == []
        shown = infos(caller)
        assert shown["renewalType"] == "automaticV2016"
    assert acme.call("PUT", "/me/payment/method/1", {"default": True}).status == 404
    assert acme.call("PUT", f"/me/payment/method/{first}", {"default": True}).status == 409


def test_a_new_term_shows_at_once(world: World, entrance: Entrance, make_keys: MakeKeys) -> None:
    petit = Wire(entrance, make_keys(PETIT))
    assert petit.get("/me/payment/method") == []
    assert infos(petit)["renewalType"] == "automaticV2016"
    set_support_level(world.context, PETIT, SupportLevel.BUSINESS, by="cli")
    grant_enterprise_terms(world.context, PETIT, AskedTerm(Term(30)), by="cli")
    (method,) = petit.get("/me/payment/method")
    assert petit.get(f"/me/payment/method/{method}")["label"] == "PaymentEnterprisewith30daysdelays"
    assert infos(petit)["renewalType"] == "automaticForcedProduct"


def test_a_credited_bill_is_refunded(world: World, entrance: Entrance, make_keys: MakeKeys) -> None:
    acme = Wire(entrance, make_keys(ACME))
    note = credit_bill(world.context, ACME, BillId(world.paid_bill), "wrong buyer", by="cli")
    path = f"/me/bill/{world.paid_bill}"
    debt = acme.get(f"{path}/debt")
    assert (debt["status"], debt["dueAmount"]["value"]) == ("REFUNDED", 0)
    operations = [acme.get(f"{path}/debt/operation/{key}") for key in acme.get(f"{path}/debt/operation")]
    assert [(each["type"], each["status"]) for each in operations] == [
        ("ENTERPRISE_MANUAL", "CANCELLED"), ("CANCEL", "DONE"), ("REFUND", "DONE"),
    ]  # fmt: skip
    last = operations[-1]
    assert last["depositOrderId"] == note.order_id
    carried = acme.get(f"{path}/debt/operation/{last['operationId']}/associatedObject")
    assert carried == {"id": note.bill_id, "paymentInfo": None, "subId": None, "type": "Refund"}
    assert acme.get(f"{path}/payment")["paymentType"] == "refund"
    assert note.bill_id not in acme.get("/me/bill")
    assert acme.call("GET", f"/me/bill/{note.bill_id}").status == 404


def test_only_americans_download(world: World, entrance: Entrance, make_keys: MakeKeys) -> None:
    petit = Wire(entrance, make_keys(PETIT))
    bill = petit.get("/me/bill")[0]
    here = petit.call("GET", f"/me/bill/{bill}/download")
    assert (here.status, here.body["message"]) == (404, "Got an invalid (or empty) URL")
    with world.context.database.write() as tx:
        tx.run(AMERICA)
        tx.run("UPDATE account SET legal_entity_id = 'US' WHERE account_id = 'cd67890-acq'")
    there = Wire(entrance, make_keys(PETIT))
    shown = there.get(f"/me/bill/{bill}")
    assert there.get(f"/me/bill/{bill}/download?extension=pdf") == shown["pdfUrl"]
    assert there.get(f"/me/bill/{bill}/download?extension=html") == shown["url"]
    assert there.call("GET", "/me/bill/FR00000001/download").status == 404
    assert there.call("GET", f"/me/bill/{bill}/download?extension=odt").status == 400
