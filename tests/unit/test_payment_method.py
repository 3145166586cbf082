"""Payment methods: what a grant gives and what an account may do with it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from acquit.core import payment_method as law
from acquit.core.account import LegalEntity
from acquit.core.identifiers import AccountId, GrantId, LegalEntityId, PaymentMethodId
from acquit.core.money import Currency
from acquit.core.payment_method import (
    MethodIsGranted,
    MethodNotUsable,
    MethodStatus,
    NoSuchPaymentMethod,
    PaymentMethod,
)

AT = datetime(2026, 1, 1, tzinfo=UTC)
ENTITY = LegalEntity(
    legal_entity_id=LegalEntityId("FR"), name="Acquit", street="1", zip="59000", city="Lille", country="FR",
    currency=Currency("EUR"), zone="Europe/Paris", bill_series_id="FR", credit_series_id="FRA",
    deposit_series_id="FRD",
)  # fmt: skip
CARD = PaymentMethod(
    AccountId("ab12345-acq"), PaymentMethodId(7), "CREDIT_CARD", "VISA", "4*** 1", MethodStatus.VALID, AT, AT
)
GRANTED = replace(CARD, payment_type="ENTERPRISE", sub_type="45_DAYS", grant_id=GrantId(3))


def test_the_label_is_the_legal_entitys() -> None:
    assert law.label_for(ENTITY, 45) == "PaymentEnterprisewith45daysdelays"
    other = replace(ENTITY, method_label="PaymentEnterprisewith{days}days")
    assert law.label_for(other, 30) == "PaymentEnterprisewith30days"
    assert law.label_for(replace(ENTITY, method_label="{x} {days}"), 60) == "{x} 60"
    assert law.sub_type_for(60) == "60_DAYS"


def test_a_granted_method_is_not_the_accounts_to_register_or_withdraw() -> None:
    assert (CARD.is_granted, CARD.is_registerable) == (False, True)
    assert (GRANTED.is_granted, GRANTED.is_registerable) == (True, False)
    law.refuse_withdrawal(CARD)
    with pytest.raises(MethodIsGranted, match="sales"):
        law.refuse_withdrawal(GRANTED)
    with pytest.raises(MethodNotUsable, match="CANCELED already"):
        law.refuse_withdrawal(replace(CARD, status=MethodStatus.CANCELED))


def test_only_a_valid_method_is_the_default() -> None:
    law.refuse_default(CARD)
    law.refuse_default(replace(CARD, status=MethodStatus.CREATED))
    for status in set(MethodStatus) - {MethodStatus.VALID, MethodStatus.CREATED}:
        with pytest.raises(MethodNotUsable, match=status.value):
            law.refuse_default(replace(CARD, status=status))


def test_what_ended_stays_ended() -> None:
    ended = ("FAILED", "REJECTED", "ERROR", "REPLACED", "CANCELED")
    assert {
        now.value for now in MethodStatus if not any(law.may_become(now, then) for then in MethodStatus)
    } == set(ended)
    assert law.may_become(MethodStatus.VALID, MethodStatus.CANCELED)
    assert not law.may_become(MethodStatus.VALID, MethodStatus.CREATING)


def test_what_is_not_there_is_named() -> None:
    assert NoSuchPaymentMethod(9).details == {"payment_method": "9"}
