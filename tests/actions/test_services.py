"""Catalogues are imported, plans subscribed, renewal set and services ended."""

import gzip
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from acquit.actions.context import Context
from acquit.actions.grant_enterprise_terms import grant_enterprise_terms
from acquit.actions.import_catalogue import import_catalogue
from acquit.actions.set_renewal import BadDisplayName, rename_service, set_renewal
from acquit.actions.subscribe_service import Subscription, subscribe_service
from acquit.actions.terminate_service import terminate_service
from acquit.core.account import AccountState, NoSuchAccount, NoSuchLegalEntity
from acquit.core.catalogue import NoSuchPlan, NotPriced, OptionRefused
from acquit.core.errors import Refusal
from acquit.core.identifiers import AccountId, LegalEntityId, ServiceId
from acquit.core.money import Currency
from acquit.core.published_catalogue import CatalogueRefused
from acquit.core.sales_request import AskedTerm
from acquit.core.service import Ending, NoSuchService, RenewalIsPermanent, ServiceEnded, State, StillEngaged
from acquit.core.subscription import ForeignCurrency, NotRenewable, NotSoldAlone, ResourceTaken, Wish
from acquit.core.terms import AccountNotOpen, CreditLimitExceeded, Term
from acquit.store import accounts, catalogues, services
from acquit.store.transaction import Database
from founding import ACME, FR, TODAY, verbs
from selling import catalogue, shop

EUR = Currency("EUR")


def subscribe(context: Context, plan: str = "metal-s", **wished: Any) -> Subscription:
    return subscribe_service(context, ACME, Wish(plan, **{"starts_on": TODAY} | wished), by="cli")


# ---------------------------------------------------------------- catalogues


def test_a_catalogue_is_imported_once(database: Database) -> None:
    context = shop(database)
    again = import_catalogue(context, gzip.compress(catalogue()), by="cli", legal_entity_id=FR)
    assert (again.is_new, again.plans, again.prices) == (False, 4, 10)
    changed = import_catalogue(context, catalogue(catalogId=2), by="cli", legal_entity_id=FR)
    assert changed.is_new
    assert changed.version.from_on == TODAY
    with database.read() as tx:
        assert [version.published_id for version in catalogues.every(tx)] == [1, 2]
        assert catalogues.selling(tx, FR, EUR, "metal-s", date(2026, 11, 22)) != changed.version.catalogue_id
        assert catalogues.selling(tx, FR, EUR, "metal-s", TODAY) == changed.version.catalogue_id
        assert catalogues.selling(tx, FR, EUR, "metal-s", date(2024, 12, 31)) is None
        assert catalogues.selling(tx, FR, EUR, "ram-9", TODAY) is None


def test_what_was_imported_is_read_back(database: Database) -> None:
    context = shop(database)
    imported = import_catalogue(context, catalogue(), by="cli", legal_entity_id=FR, name="second")
    with database.read() as tx:
        plans = catalogues.plans(tx, imported.version.catalogue_id)
        some = catalogues.plans(tx, imported.version.catalogue_id, ["ip"])
    assert list(plans) == ["ip", "metal-s", "ram-32", "ram-64"]
    assert plans["metal-s"].families[0].default == "ram-32"
    assert len(plans["metal-s"].pricings) == 4
    assert some == {"ip": plans["ip"]}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"plans": [', "not JSON"),
        (catalogue(plans=[{"planCode": "x"}]), "plans[0]: product is missing"),
        (catalogue().replace(b": 8900000000", b": -1"), "plans[0].pricings[1].price: -1 is negative"),
        (gzip.compress(catalogue())[:-9], "ends too early"),
        (b"\x1f\x8b\x08nonsense", "no whole gzip file"),
    ],
)
def test_a_bad_catalogue_leaves_nothing(content: bytes, said: str, database: Database) -> None:
    context = shop(database)
    with pytest.raises(CatalogueRefused) as refused:
        import_catalogue(context, content, by="cli", legal_entity_id=FR)
    assert said in refused.value.message
    with database.read() as tx:
        assert len(catalogues.every(tx)) == 1


def test_a_catalogue_is_a_sellers_and_in_its_currency(database: Database) -> None:
    context = shop(database)
    with pytest.raises(NoSuchLegalEntity):
        import_catalogue(context, catalogue(), by="cli", legal_entity_id=LegalEntityId("XX"))
    strange = {"currencyCode": "XXX", "subsidiary": "US", "taxRate": 0}
    with pytest.raises(CatalogueRefused, match="XXX is not a currency"):
        import_catalogue(context, catalogue(locale=strange), by="cli", legal_entity_id=FR)


def test_a_seller_sells_in_several_currencies(database: Database) -> None:
    """A version in dollars does not replace that in euros; an account buys in its own."""
    context = shop(database)
    dollars = {"currencyCode": "USD", "subsidiary": "US", "taxRate": 0}
    american = import_catalogue(context, catalogue(locale=dollars), by="cli", legal_entity_id=FR)
    with database.read() as tx:
        assert catalogues.selling(tx, FR, Currency("USD"), "ip", TODAY) == american.version.catalogue_id
        assert catalogues.selling(tx, FR, EUR, "ip", TODAY) != american.version.catalogue_id
        assert catalogues.selling(tx, FR, Currency("GBP"), "ip", TODAY) is None
    assert subscribe(context, "ip").service.currency == "EUR"
    with database.write() as tx:
        tx.run("UPDATE account SET currency = 'USD'")
    assert subscribe(context, "ip").service.currency == "USD"


def test_the_published_catalogue_sells(database: Database, shared_data: Path) -> None:
    context = shop(database)
    content = (shared_data / "catalog-eco-IE-6751.json.gz").read_bytes()
    imported = import_catalogue(context, content, by="cli", legal_entity_id=FR, name="eco")
    assert (imported.plans, imported.prices, imported.subsidiary) == (382, 6111, "IE")
    found = subscribe(context, "22rise011", mode="upfront12", quantity=2)
    assert (
        found.service.unit_price_ucents
        == json.loads(gzip.decompress(content))["plans"][28]["pricings"][8]["price"]
    )
    assert found.service.renewal_months == 12
    assert {option.plan_code for option in found.options} >= {"ram-32g-rise13"}


# ---------------------------------------------------------------- subscriptions


def test_a_plan_is_subscribed_with_its_options(database: Database) -> None:
    context = shop(database)
    found = subscribe(context, options=("ram-64",), resource_name="srv-1", starts_on=date(2026, 10, 31))
    assert (found.service.resource_name, found.service.route) == ("srv-1", "/dedicated/server")
    assert found.service.next_renewal_on == date(2026, 10, 31)
    assert found.service.anniversary_day == 31
    assert [(option.plan_code, option.parent_service_id) for option in found.options] == [
        ("ram-64", found.service.service_id)
    ]
    (charge,) = found.charges
    assert (charge.kind, charge.net_minor, charge.domain) == ("installation", 4900, "srv-1")
    with database.read() as tx:
        assert services.of_account(tx, ACME) == [found.service, *found.options]
        assert services.named(tx, ACME, "srv-1") == found.service
    assert verbs(context)[-1] == "subscribe_service"


def test_an_engagement_is_until_the_anniversary(database: Database) -> None:
    found = subscribe(shop(database), mode="upfront12", starts_on=date(2026, 11, 30))
    assert found.service.engaged_until_on == date(2027, 11, 30)
    assert found.service.unit_price_ucents == 960_00000000
    assert found.charges == ()
    assert found.options[0].pricing_mode == "default"
    assert found.service.resource_name == f"metal-s-{found.service.service_id}"


def test_tiers_are_services_of_one(database: Database) -> None:
    found = subscribe(shop(database), "ip", quantity=15)
    assert (found.service.quantity_e4, found.service.unit_price_ucents) == (100_000, 1_50000000)
    assert [(part.quantity_e4, part.unit_price_ucents) for part in found.options] == [(50_000, 1_00000000)]
    assert found.service.route == "/ip"


@pytest.mark.parametrize(
    ("plan", "wished", "refusal"),
    [
        ("tape", {}, NoSuchPlan),
        ("metal-s", {"starts_on": date(2020, 1, 1)}, NoSuchPlan),
        ("metal-s", {"options": ("tape",)}, OptionRefused),
        ("metal-s", {"options": ("ram-32", "ram-64")}, OptionRefused),
        ("metal-s", {"mode": "upfront24"}, NotPriced),
        ("metal-s", {"months": 2}, NotPriced),
        ("ram-32", {}, NotSoldAlone),
        ("ip", {"mode": "hourly"}, NotRenewable),
        ("ip", {"quantity": 0}, NotPriced),
    ],
)
def test_what_is_not_sold_is_refused(
    plan: str, wished: dict[str, Any], refusal: type[Refusal], database: Database
) -> None:
    context = shop(database)
    with pytest.raises(refusal):
        subscribe(context, plan, **wished)
    with database.read() as tx:
        assert services.of_account(tx, ACME) == []


def test_a_name_is_taken_while_its_service_runs(database: Database) -> None:
    context = shop(database)
    first = subscribe(context, resource_name="srv-1").service
    with pytest.raises(ResourceTaken, match="srv-1"):
        subscribe(context, resource_name="srv-1")
    terminate_service(context, ACME, first.service_id, Ending.NOW, by="cli")
    assert subscribe(context, resource_name="srv-1").service.service_id != first.service_id


def test_nobody_subscribes_for_an_account_that_is_not_open(database: Database) -> None:
    context = shop(database)
    with pytest.raises(NoSuchAccount):
        subscribe_service(context, AccountId("zz00000-acq"), Wish("ip", TODAY), by="cli")
    with database.write() as tx:
        accounts.set_state(tx, ACME, AccountState.CLOSED)
    with pytest.raises(AccountNotOpen, match="closed"):
        subscribe(context)


def test_an_account_buys_in_its_currency(database: Database) -> None:
    context = shop(database)
    with database.write() as tx:
        tx.run("UPDATE account SET currency = 'USD'")
    with pytest.raises(ForeignCurrency, match="EUR"):
        subscribe(context)


def test_enterprise_payment_renews_what_is_subscribed_later(database: Database) -> None:
    context = shop(database)
    grant_enterprise_terms(context, ACME, AskedTerm(Term(45)), by="cli")
    found = subscribe(context)
    assert found.service.renewal.forced
    with pytest.raises(RenewalIsPermanent):
        set_renewal(context, ACME, found.service.service_id, automatic=False, by=f"account:{ACME}")
    with database.read() as tx:
        assert services.of_account(tx, ACME)[0] == found.service


def test_a_credit_limit_holds_new_orders(database: Database) -> None:
    context = shop(database)
    grant_enterprise_terms(context, ACME, replace(AskedTerm(Term(45)), credit_limit_minor=13_800), by="cli")
    assert subscribe(context).service
    with pytest.raises(CreditLimitExceeded):
        subscribe(context, mode="upfront12")


# ---------------------------------------------------------------- renewal and end


def test_renewal_is_switched_for_a_service_and_its_options(database: Database) -> None:
    context = shop(database)
    found = subscribe(context)
    changed = set_renewal(context, ACME, found.service.service_id, automatic=False, by="cli")
    assert not changed.renewal.automatic
    with database.read() as tx:
        assert {each.renewal.automatic for each in services.of_account(tx, ACME)} == {False}
    before = len(verbs(context))
    set_renewal(context, ACME, found.service.service_id, automatic=False, by="cli")
    assert len(verbs(context)) == before


def test_a_service_is_renamed(database: Database) -> None:
    context = shop(database)
    service = subscribe(context).service
    assert rename_service(context, ACME, service.service_id, "Base", by="cli").display_name == "Base"
    with pytest.raises(BadDisplayName):
        rename_service(context, ACME, service.service_id, "a\nb", by="cli")
    with database.read() as tx:
        assert services.find(tx, ACME, service.service_id) == replace(service, display_name="Base")


def test_a_service_ends_with_its_options(database: Database) -> None:
    context = shop(database)
    found = subscribe(context)
    ended = terminate_service(context, ACME, found.service.service_id, Ending.NOW, by="cli", reason="moved")
    assert (ended.state, ended.terminated_on) == (State.TERMINATED, TODAY)
    with database.read() as tx:
        assert {each.terminated_on for each in services.of_account(tx, ACME)} == {TODAY}
    with pytest.raises(ServiceEnded):
        terminate_service(context, ACME, found.service.service_id, Ending.NOW, by="cli")


def test_an_engaged_service_ends_with_its_engagement(database: Database) -> None:
    context = shop(database)
    service = subscribe(context, mode="upfront12").service
    with pytest.raises(StillEngaged):
        terminate_service(context, ACME, service.service_id, Ending.NOW, by="cli")
    ended = terminate_service(context, ACME, service.service_id, Ending.AT_ENGAGEMENT, by="cli")
    assert ended.terminated_on == date(2027, 11, 23)


def test_another_accounts_service_does_not_exist(database: Database) -> None:
    context = shop(database)
    service = subscribe(context).service
    other = AccountId("cd67890-acq")
    with pytest.raises(NoSuchService):
        set_renewal(context, other, service.service_id, automatic=True, by="cli")
    with pytest.raises(NoSuchService):
        terminate_service(context, ACME, ServiceId(1), Ending.NOW, by="cli")
    with pytest.raises(NoSuchAccount):
        terminate_service(context, other, service.service_id, Ending.NOW, by="cli")
