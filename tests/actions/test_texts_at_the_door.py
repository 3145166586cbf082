"""What no bill can say is refused where it enters, in plain words; nothing of it is written."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from acquit.actions.agree_discount import agree_discount
from acquit.actions.agree_minimum_spend import agree_minimum_spend
from acquit.actions.context import Context
from acquit.actions.correct_bill import Correction, correct_bill
from acquit.actions.create_sub_account_key import describe_sub_account
from acquit.actions.credit_bill import credit_bill
from acquit.actions.open_sub_account import open_sub_account
from acquit.actions.set_bill_references import set_bill_references
from acquit.actions.set_legal_entity import set_legal_entity
from acquit.actions.set_legal_party import BadLegalParty, set_legal_party
from acquit.actions.set_purchase_order import set_purchase_order
from acquit.actions.set_up_company import Company, company_problems, set_up_company
from acquit.core.discount import Discount
from acquit.core.errors import Invalid
from acquit.core.identifiers import BillId, DiscountId, MinimumSpendId
from acquit.core.minimum_spend import Interval, MinimumSpend, Whose
from acquit.core.money import Currency
from acquit.core.numbering import BadSeries
from acquit.core.order_change import OrderTerms
from acquit.core.purchase_order import OrderKind, OrderLine
from acquit.core.set_up import Patterns
from acquit.store.transaction import Database
from billed import ADDRESSED, bill, family, rows, seller, subscribe
from founding import ACME, ENTITY, FR, PETIT, context_on

EUR = Currency("EUR")
START = date(2026, 1, 1)
LINE = OrderLine(1, "10", amount_max_minor=5_000)
CLOSED = OrderTerms("PO-1", START, kind=OrderKind.CLOSED, lines=(LINE,))
Act = Callable[[Context, str], object]

HIDDEN = {"a\x00b": "U+0000", "a\ufffeb": "U+FFFE", "a\ud800b": "U+D800", "a😀": "U+1F600"}

ACTS: dict[str, Act] = {
    "name": lambda c, text: party(c, name=text),
    "street": lambda c, text: party(c, street=text),
    "second line": lambda c, text: party(c, street_2=text),
    "postal code": lambda c, text: party(c, zip=text),
    "city": lambda c, text: party(c, city=text),
    "buyer's reference": lambda c, text: party(c, buyer_reference=text),
    "exemption": lambda c, text: party(c, exemption_reason=text),
    "sub-account": lambda c, text: open_sub_account(c, ACME, text, by="cli"),
    "described": lambda c, text: describe_sub_account(c, ACME, 1, text, by="cli"),
    "order": lambda c, text: order(c, replace(CLOSED, reference=text)),
    "order's cost account": lambda c, text: order(c, replace(CLOSED, cost_account=text)),
    "item": lambda c, text: order(c, replace(CLOSED, lines=(replace(LINE, item_number=text),))),
    "item's cost account": lambda c, text: order(
        c, replace(CLOSED, lines=(replace(LINE, cost_account=text),))
    ),
    "cost account": lambda c, text: set_bill_references(c, ACME, cost_account=text, by="cli"),
    "contract": lambda c, text: set_bill_references(c, ACME, contract=text, by="cli"),
    "discount": lambda c, text: agree_discount(
        c, Discount(ACME, DiscountId(0), text, START, EUR, share_bp=500), by="cli"
    ),
    "minimum": lambda c, text: agree_minimum_spend(
        c,
        MinimumSpend(ACME, MinimumSpendId(0), text, 100, EUR, Interval.MONTH, Whose.ACCOUNT, START),
        by="cli",
    ),
    "credit": lambda c, text: credit_bill(c, PETIT, first_bill(c), text, by="cli"),
    "correction": lambda c, text: correct_bill(
        c, PETIT, first_bill(c), text, Correction({"city": "Lille"}), by="cli"
    ),
    "seller": lambda c, text: set_legal_entity(c, FR, {"street": text}, by="cli"),
}


def party(context: Context, **members: Any) -> object:
    return set_legal_party(context, ACME, replace(ADDRESSED, **members), by="cli")


def order(context: Context, terms: OrderTerms) -> object:
    return set_purchase_order(context, ACME, terms, by="cli")


def first_bill(context: Context) -> BillId:
    (row,) = rows(context, "SELECT bill_id FROM bill")
    return BillId(row.bill_id)


@pytest.mark.parametrize("what", ACTS)
def test_no_text_of_a_bill_hides_or_lacks_a_sign(database: Database, what: str) -> None:
    context = seller(database)
    family(context)
    subscribe(context, PETIT, "srv")
    bill(context)
    told = "SELECT count(*) AS number FROM act"
    before = rows(context, told)
    for text, named in HIDDEN.items():
        with pytest.raises(Invalid) as refused:
            ACTS[what](context, text)
        assert named in refused.value.message or "control characters" in refused.value.message
        assert refused.value.message.isprintable() or "\n" in refused.value.message
    with pytest.raises(Invalid):
        ACTS[what](context, "x" * 1_001)
    assert rows(context, told) == before


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"siren": "552081318"}, "SIREN"),
        ({"vat_id": "FR44732829320"}, "does not end with the SIREN"),
        ({"vat_id": "FR04552081317"}, "VAT id"),
        ({"e_address": "732829320"}, "does not begin with the SIREN"),
    ],
)
def test_ids_of_a_buyer_agree(database: Database, members: dict[str, str], said: str) -> None:
    context = seller(database)
    family(context)
    with pytest.raises(BadLegalParty, match=said):
        party(context, **members)
    party(context, e_address="552081317_ACHATS")


@pytest.mark.parametrize(
    ("members", "where"),
    [
        ({"siret": "73282932000075"}, "siret"),
        ({"siret": "55208131700012"}, "siret"),
        ({"e_address": "552081317"}, "e_address"),
        ({"iban": "FR7630006000011234567890188"}, "iban"),
        ({"capital": "1\u202e000"}, "capital"),
        ({"siren": ""}, "siren"),
    ],
)
def test_ids_of_a_seller_agree(members: dict[str, Any], where: str) -> None:
    assert where in {each.where for each in company_problems(Company(replace(ENTITY, **members)))}


def test_a_number_of_36_characters_is_refused_at_set_up(database: Database) -> None:
    context = context_on(database)
    entity = replace(ENTITY, iban="FR7630006000011234567890189")
    patterns = Patterns(bill="A" * 21, digits=15)
    with pytest.raises(BadSeries, match="35"):
        set_up_company(context, Company(entity, patterns=patterns), by="cli")
    set_up_company(context, Company(entity, patterns=replace(patterns, bill="A" * 20)), by="cli")
