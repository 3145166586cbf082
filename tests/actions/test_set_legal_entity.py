"""Settings of a seller change after it was set up, at once or from a day on; issued bills keep theirs."""

from datetime import date

import pytest

from acquit.actions.run_bills import run_bills
from acquit.actions.set_legal_entity import (
    CHANGEABLE,
    BadSetting,
    NothingToSet,
    SettingInThePast,
    UnknownSetting,
    set_legal_entity,
    show_legal_entity,
)
from acquit.actions.set_up_company import CompanyRefused, set_up_company
from acquit.actions.turn_day import turn_day
from acquit.core.account import BelowZero, LegalEntity
from acquit.core.identifiers import BillId
from acquit.core.operator import RoleForbids
from acquit.store import documents, legal_entities
from acquit.store.transaction import Database
from billed import bill, charge, failed, family, later, rows, seller, subscribe
from founding import FR, PETIT, SAM, context_on, verbs
from selling import company

LOGO = b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><path d="M0 0h4v4H0z"/></svg>'
TERM = "SELECT term_days, issued_on FROM bill ORDER BY bill_id"


def settled(database: Database) -> LegalEntity:
    return set_up_company(context_on(database, date(2026, 11, 23)), company(), by="cli")


def test_a_setting_holds_at_once_or_when_its_day_has_come(database: Database) -> None:
    settled(database)
    context = context_on(database, date(2026, 11, 23))
    given = {"default_days": "45", "granted_days": "30, 45", "iban": "FR76 3000 6000 0112 3456 7890 189",
             "below_zero": "park", "logo": LOGO, "approval_above_minor": ""}  # fmt: skip
    shown = set_legal_entity(context, FR, given, by="cli").entity
    assert (shown.default_days, shown.granted_days, shown.below_zero) == (45, (30, 45), BelowZero.PARK)
    assert (shown.iban, shown.logo) == ("FR7630006000011234567890189", LOGO)
    waits = set_legal_entity(context, FR, {"vat_on_debits": "true"}, date(2026, 12, 1), by="cli")
    assert (waits.entity.vat_on_debits, waits.history[-1].name) == (False, "vat_on_debits")
    first = later(context, date(2026, 12, 1))
    turn_day(first)
    assert show_legal_entity(first, FR).entity.vat_on_debits
    assert verbs(context)[-1] == "set_legal_entity"
    assert failed(context) == {}


def test_a_planned_setting_is_taken_back(database: Database) -> None:
    settled(database)
    context = context_on(database, date(2026, 11, 23))
    set_legal_entity(context, FR, {"default_days": 0}, date(2026, 12, 1), by="cli")
    set_legal_entity(context, FR, {"default_days": 30}, date(2026, 12, 1), by="cli")
    turn_day(later(context, date(2026, 12, 1)))
    assert show_legal_entity(context, FR).entity.default_days == 30


@pytest.mark.parametrize(
    ("given", "from_on", "refusal"),
    [
        ({"colour": "red"}, None, UnknownSetting),
        ({"currency": "USD"}, None, UnknownSetting),
        ({"default_days": "soon"}, None, BadSetting),
        ({"below_zero": "forget"}, None, BadSetting),
        ({"vat_on_debits": True}, date(2026, 12, 2), BadSetting),
        ({"default_days": 90}, None, CompanyRefused),
        ({"net_days_max": 90}, None, CompanyRefused),
        ({"iban": "FR00"}, None, CompanyRefused),
        ({"brand_colour": "red"}, None, CompanyRefused),
        ({"brand_colour": "#ffcc00"}, None, CompanyRefused),
        ({"default_days": 45}, date(2026, 11, 22), SettingInThePast),
        ({"default_days": 30}, None, NothingToSet),
    ],
)
def test_what_cannot_be_is_refused(
    given: dict[str, object], from_on: date | None, refusal: type[Exception], database: Database
) -> None:
    settled(database)
    with pytest.raises(refusal):
        set_legal_entity(context_on(database, date(2026, 11, 23)), FR, given, from_on, by="cli")


def test_a_run_takes_what_is_due_and_issued_bills_keep_their_term(database: Database) -> None:
    context = seller(database)
    family(context)
    subscribe(context, PETIT, "srv")
    set_legal_entity(context, FR, {"default_days": 45}, date(2026, 12, 1), by="cli")
    bill(context)
    run_bills(later(context, date(2026, 12, 1)), FR, "2026-12", by="cli")
    assert [row.term_days for row in rows(context, TERM)] == [30, 45]
    assert failed(context) == {}


def test_a_colour_that_cannot_be_read_is_refused_with_its_contrast(database: Database) -> None:
    settled(database)
    with pytest.raises(CompanyRefused, match=r"#ffcc00 on white has a contrast of 1\.5:1; text needs 4\.5:1"):
        set_legal_entity(context_on(database, date(2026, 11, 23)), FR, {"brand_colour": "#ffcc00"}, by="cli")


def test_papers_have_the_colour_of_the_day_of_their_bill(database: Database) -> None:
    context = seller(database)
    family(context)
    subscribe(context, PETIT, "srv")
    set_legal_entity(context, FR, {"brand_colour": "#00695c"}, date(2026, 12, 1), by="cli")
    bill(context)
    run_bills(later(context, date(2026, 12, 1)), FR, "2026-12", by="cli")
    keys = [
        (PETIT, BillId(row.bill_id)) for row in rows(context, "SELECT bill_id FROM bill ORDER BY bill_id")
    ]
    with context.database.snapshot() as tx:
        before, after = documents.printed(tx, keys)
    assert (before.seller.brand_colour, after.seller.brand_colour) == ("", "#00695c")


def test_what_comes_back_is_parked_where_the_seller_wants_it(database: Database) -> None:
    context = seller(database)
    family(context)
    charge(context, PETIT, kind="adjustment", quantity_e4=-20_000)
    assert bill(context).parked == 0, "it is set off against what is billed next"
    set_legal_entity(context, FR, {"below_zero": "park"}, by="cli")
    assert bill(context).parked == 1
    assert failed(context) == {}


def test_only_who_may_changes_settings(database: Database) -> None:
    context = seller(database)
    with pytest.raises(RoleForbids):
        set_legal_entity(context, FR, {"default_days": 45}, by=SAM)


def test_every_setting_that_may_change_is_taken() -> None:
    statement = " ".join(legal_entities.TAKE_SETTINGS.split())
    assert [name for name in CHANGEABLE if f"{name} = r.{name}" not in statement] == []
