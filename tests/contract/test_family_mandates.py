"""Mandates as payment methods and bank accounts of the wire; debts that a direct debit takes up."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from ovh.exceptions import Forbidden, ResourceNotFoundError

from acquit.actions.advance_remittance import cancel_remittance
from acquit.actions.create_remittance import create_remittance
from acquit.actions.register_mandate import list_mandates
from acquit.adapters.archive import DirectoryArchive
from acquit.core.mandate import MandateState

from .families import Customer, Families
from .signing import sign_mandate
from .world import ACME, FR, LAB, PETIT

Make = Callable[..., Customer]
MASKED = "DE89**************3000"
BANK = "/me/paymentMean/bankAccount"


def test_a_mandate_is_a_method_and_a_bank_account_with_a_masked_iban(
    customer: Make, families: Families, tmp_path: Path
) -> None:
    context = replace(families.world.context, archive=DirectoryArchive(tmp_path))
    held = sign_mandate(context, PETIT, default=True)
    petit = customer(PETIT)
    (key,) = petit.get(BANK)
    method = petit.get(f"/me/payment/method/{key}")
    assert (method["paymentType"], method["label"], method["status"]) == (
        "SEPA_DIRECT_DEBIT",
        MASKED,
        "VALID",
    )
    assert (method["default"], method["paymentMeanId"], method["description"]) == (
        True, key, held.mandate.reference,
    )  # fmt: skip
    account = petit.get(f"{BANK}/{key}")
    assert (account["iban"], account["bic"], account["state"]) == (MASKED, "COBADEFFXXX", "valid")
    assert (account["uniqueReference"], account["mandateSignatureDate"]) == (
        held.mandate.reference, "2026-01-15",
    )  # fmt: skip
    assert account["ownerAddress"] == "3 rue Basse, 69001 Lyon, FR"
    assert petit.get(BANK, state="blockedForIncidents") == []
    assert petit.put(f"{BANK}/{key}", description="treasury") is None
    assert petit.get(f"{BANK}/{key}")["description"] == "treasury"

    due = petit.get("/me/debtAccount")["dueAmount"]
    made = create_remittance(context, FR, date(2027, 12, 31), by="cli")
    balance = petit.get("/me/debtAccount")
    assert (balance["dueAmount"], balance["pendingAmount"]) == (due, due)
    assert {balance[name]["value"] for name in ("todoAmount", "unmaturedAmount")} == {0}
    debt = petit.page("/me/debtAccount/debt")[-1]
    assert debt["pendingAmount"] == debt["dueAmount"]
    assert made.remittance is not None
    cancel_remittance(context, made.remittance.message_id, "a rehearsal", by="cli")
    assert petit.get("/me/debtAccount")["pendingAmount"]["value"] == 0


def test_who_withdraws_the_method_cancels_the_mandate(acme: Customer, families: Families) -> None:
    held = sign_mandate(families.world.context, ACME)
    key = held.mandate.payment_method_id
    assert acme.refusal("POST", f"{BANK}/{key}/challenge", {"challenge": "12"})[0] == 409
    with pytest.raises(Forbidden, match="signed mandate"):
        acme.post(BANK, bic="X", iban="Y", ownerAddress="Z", ownerName="W")
    assert acme.post(f"{BANK}/{key}/chooseAsDefaultPaymentMean") is None
    (granted,) = acme.get("/me/payment/method", paymentType="ENTERPRISE")
    acme.put(f"/me/payment/method/{granted}", default=True)
    assert acme.delete(f"{BANK}/{key}") is None
    assert key not in acme.get(BANK)
    assert acme.get(f"/me/payment/method/{key}")["status"] == "CANCELED"
    states = {each.mandate.mandate_id: state for each, state in list_mandates(families.world.context, ACME)}
    assert states[held.mandate.mandate_id] is MandateState.CANCELLED


def test_a_strangers_bank_account_does_not_exist(customer: Make, families: Families) -> None:
    key = sign_mandate(families.world.context, ACME).mandate.payment_method_id
    assert customer(LAB).get(f"{BANK}/{key}") == customer(ACME).get(f"{BANK}/{key}")
    petit = customer(PETIT)
    for method, path in (
        ("GET", f"{BANK}/{key}"), ("PUT", f"{BANK}/{key}"), ("DELETE", f"{BANK}/{key}"),
        ("POST", f"{BANK}/{key}/chooseAsDefaultPaymentMean"),
    ):  # fmt: skip
        assert petit.refusal(method, path)[0] == 404
    with pytest.raises(ResourceNotFoundError):
        petit.get(f"{BANK}/999")
