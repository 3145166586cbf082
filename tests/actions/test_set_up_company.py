"""A seller is set up whole, or every fault is told."""

from datetime import date
from typing import Any

import pytest

from acquit.actions.passwords import WeakPassword
from acquit.actions.set_up_company import (
    Company,
    CompanyExists,
    CompanyRefused,
    FirstOperator,
    set_up_company,
)
from acquit.core.identifiers import LegalEntityId, OperatorId
from acquit.core.journal import Role
from acquit.core.numbering import BadSeries
from acquit.core.set_up import EUROPEAN_RATES, Patterns
from acquit.core.tax import OWN_RATES, UNION
from acquit.store import billables, legal_entities, operators, series
from acquit.store.transaction import Database
from founding import context_on, verbs
from selling import ENTITY, PASSWORD, company


def test_a_seller_has_all_that_bills_need(database: Database) -> None:
    context = context_on(database)
    entity = set_up_company(context, company(), by="cli")
    assert entity.e_address == "732829320"
    assert entity.iban == "FR1420041010050500013M02606"
    with database.read() as tx:
        assert legal_entities.find(tx, entity.legal_entity_id) == entity
        found = {each.series_id: (each.prefix, each.reference_code) for each in series.every(tx)}
        assert found == {
            "FR-bill": ("FR", "FR"),
            "FR-credit-note": ("FRCN", "FRCN"),
            "FR-deposit": ("FRDP", "FRDP"),
        }
        assert set(billables.chart(tx, entity.legal_entity_id)) == set(Role)
        assert billables.rates(tx)["FR"] == ((date(2014, 1, 1), 2000),)
        anna = operators.find(tx, OperatorId("anna"))
    assert anna is not None
    assert anna.role == "administrator"
    assert verbs(context) == ["set_up_company", "add_operator"]


def test_several_sellers_may_exist(database: Database) -> None:
    context = context_on(database)
    set_up_company(context, company(), by="cli")
    german = Company(
        entity=company(
            legal_entity_id=LegalEntityId("DE"),
            country="DE",
            vat_id="DE136695976",
            siren="",
            zone="Europe/Berlin",
        ).entity,
        patterns=Patterns(bill="DE-2026-", digits=6),
    )
    set_up_company(context, german, by="cli")
    with pytest.raises(CompanyExists, match="FR already"):
        set_up_company(context, Company(ENTITY), by="cli")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": " "}, "name: is missing"),
    ({"legal_entity_id": "fr"}, "legal_entity_id: 'fr' is not 2 capital letters"),
    ({"siren": "732829321"}, "siren: '732829321' is not a SIREN"),
    ({"siret": "73282932000075"}, "siret: 73282932000075 is not a SIRET"),
    ({"vat_id": ""}, "vat_id: is missing"),
    ({"vat_id": "FR45732829320"}, "vat_id: FR45732829320 is not a VAT id"),
    ({"vat_id": "FR40303265045"}, "does not end with the SIREN"),
    ({"currency": "XXX"}, "currency: XXX is not one of"),
    ({"zone": "Europe/Nowhere"}, "zone: 'Europe/Nowhere' is not a time zone"),
    ({"zone": "../etc"}, "is not a time zone"),
    ({"iban": "FR1420041010050500013M02607"}, "iban: FR1420041010050500013M02607 is not an IBAN"),
    ({"bic": "NOPE"}, "bic: NOPE is not a BIC"),
    ({"language": "french"}, "language: 'french' is not"),
    ({"account_suffix": "ACQ"}, "account_suffix"),
    ({"method_label": "Enterprise"}, "method_label: 'Enterprise' is not a text with {days}"),
    ({"granted_days": (30, 75)}, "granted_days"),
    ({"default_days": 61}, "default_days"),
    ({"price_notice_days": -1}, "price_notice_days"),
    ({"usage_days_max": 61}, "usage_days_max"),
    ({"usage_past_days": 0}, "usage_past_days"),
    ({"usage_future_days": 32}, "usage_future_days"),
    ({"net_days_max": 90}, "L441-10"),
    ({"month_end_days_max": 60}, "L441-10"),
    ({"logo": b"GIF89a"}, "logo: is a PNG, JPEG or SVG"),
]


@pytest.mark.parametrize(("changed", "said"), WRONG, ids=[str(changed) for changed, _ in WRONG])
def test_what_cannot_be_true_is_told(changed: dict[str, Any], said: str, database: Database) -> None:
    context = context_on(database)
    with pytest.raises(CompanyRefused) as refused:
        set_up_company(context, company(**changed), by="cli")
    assert said in refused.value.message
    assert verbs(context) == []


def test_all_faults_are_told_at_once(database: Database) -> None:
    spoilt = Company(company(name="", siren="1", currency="XXX").entity, chart={})
    with pytest.raises(CompanyRefused) as refused:
        set_up_company(context_on(database), spoilt, by="cli")
    assert set(refused.value.details) >= {"name", "siren", "currency", "chart"}


def test_nothing_stays_of_a_set_up_that_fails_late(database: Database) -> None:
    context = context_on(database)
    for failing, refusal in (
        (Company(ENTITY, operator=FirstOperator("anna", "Anna", "12345678")), WeakPassword),
        (Company(ENTITY, patterns=Patterns(bill="FR 1")), BadSeries),
    ):
        with pytest.raises(refusal):
            set_up_company(context, failing, by="cli")
        with database.read() as tx:
            assert legal_entities.every(tx) == []
    set_up_company(context, company(), by="cli")


def test_every_member_state_has_a_rate_and_every_territory_with_one_of_its_own() -> None:
    assert set(EUROPEAN_RATES) == UNION.union(*OWN_RATES.values())


def test_a_password_is_not_shown() -> None:
    assert PASSWORD not in repr(company())
