"""Reverse bills on the wire: what an account supplied, how it was paid, its paper behind a link."""

import re
from dataclasses import replace
from urllib.request import urlopen

import pytest

from acquit.actions.answer_reverse_bill import accept_reverse_bill
from acquit.actions.issue_reverse_bill import issue_reverse_bill, take_back_reverse_bill
from acquit.actions.pay_reverse_bill import set_off_reverse_bill

from .families import Families
from .supplied import COMMISSION, agree, supply
from .world import ACME, LAB, PETIT


@pytest.fixture(scope="module")
def given(families: Families) -> Families:
    agree(families.world.context, ACME)
    supply(families.world.context, ACME)
    return families


def test_a_reverse_bill_tells_what_was_supplied_and_how_it_was_paid(given: Families) -> None:
    acme = given.customer()
    key = acme.get("/me/reverseBill")[0]
    found = acme.get(f"/me/reverseBill/{key}")
    assert found["priceWithoutTax"]["value"] == 250
    assert (found["tax"]["value"], found["priceWithTax"]["text"]) == (50, "300.00 €")
    (line,) = acme.page(f"/me/reverseBill/{key}/details")
    assert (line["reference"], line["quantity"], line["unitPrice"]["value"], line["totalPrice"]["value"]) == (
        "REF-7", "2.5", 100, 250,
    )  # fmt: skip
    assert acme.get(f"/me/reverseBill/{key}/details/{line['reverseBillDetailId']}") == line
    paid = acme.get(f"/me/reverseBill/{key}/payment")
    assert paid["paymentType"] == "transfer"
    assert acme.get("/me/reverseBill", orderId=found["orderId"]) == [key]
    assert acme.get("/me/reverseBill", **{"date.from": found["date"], "date.to": found["date"]}) == [key]
    assert acme.get("/me/reverseBill", **{"date.to": "2020-01-01T00:00:00Z"}) == []
    assert acme.page("/me/reverseBill", Filter=f"orderId:eq={found['orderId']}") == [found]


def test_it_is_nobody_elses(given: Families) -> None:
    acme, petit = given.customer(), given.customer(PETIT)
    key = acme.get("/me/reverseBill")[0]
    detail = acme.get(f"/me/reverseBill/{key}/details")[0]
    assert petit.get("/me/reverseBill") == given.customer(LAB).get("/me/reverseBill") == []
    for below in ("", "/details", f"/details/{detail}", "/payment"):
        assert petit.refusal("GET", f"/me/reverseBill/{key}{below}")[0] == 404
    assert acme.refusal("GET", f"/me/bill/{key}")[0] == 404, "it is no bill that the account owes"
    assert key not in acme.get("/me/bill")
    bill = acme.get("/me/bill")[0]
    assert acme.refusal("GET", f"/me/reverseBill/{bill}")[0] == 404


def test_its_paper_opens_by_its_link_alone(given: Families) -> None:
    acme = given.customer()
    found = acme.get(f"/me/reverseBill/{acme.get('/me/reverseBill')[0]}")
    assert len(found["password"]) >= 22
    with urlopen(found["pdfUrl"]) as paper:
        assert paper.read().startswith(b"%PDF")
    with urlopen(found["url"]) as page:
        assert "autofacturation" in page.read().decode()
    with pytest.raises(OSError, match="404"):
        urlopen(re.sub("passwd=.", "passwd=_", found["pdfUrl"]))


def test_one_that_was_taken_back_or_set_off_says_so(given: Families) -> None:
    acme, context = given.customer(), given.world.context
    wrong = issue_reverse_bill(context, ACME, [COMMISSION], by="cli", again=True)
    assert acme.refusal("GET", f"/me/reverseBill/{wrong.bill_id}/payment")[0] == 404, "nothing paid it yet"
    note = take_back_reverse_bill(context, ACME, wrong.bill_id, "wrong month", by="cli")
    shown = acme.get(f"/me/reverseBill/{note.bill_id}")
    assert (shown["priceWithTax"]["value"], shown["tax"]["value"]) == (-300, -50)
    told = acme.get(f"/me/reverseBill/{wrong.bill_id}/payment")
    assert (told["paymentType"], told["paymentIdentifier"]) == ("none", note.bill_id)
    assert acme.get(f"/me/reverseBill/{note.bill_id}/payment")["paymentIdentifier"] == wrong.bill_id
    small = issue_reverse_bill(
        context,
        ACME,
        [replace(COMMISSION, reference="REF-9", quantity_e4=10_000, unit_price_ucents=100_000_000)],
        by="cli",
    )
    accept_reverse_bill(context, ACME, small.bill_id, by="cli")
    set_off_reverse_bill(context, ACME, small.bill_id, by="cli")
    how = acme.get(f"/me/reverseBill/{small.bill_id}/payment")
    assert how["paymentType"] == "debtAccount"
    assert how["paymentIdentifier"] is None, "a sub-account's bill, which Acme owes, is told to nobody else"
    lab = given.customer(LAB)
    operations = [each for key in lab.get("/me/bill") for each in lab.page(f"/me/bill/{key}/debt/operation")]
    assert "CURRENT_ACCOUNT_MANUAL" in {each["type"] for each in operations}
