"""Many purchase orders from one file: all of them, or none and every wrong row named."""

import json

import pytest

from acquit.actions.context import Context
from acquit.actions.import_purchase_orders import ImportRefused, import_purchase_orders
from acquit.actions.loading import StaffOnly
from acquit.core.purchase_order import MatchedBy, OrderKind, Policy
from acquit.documents.purchase_order_file import BadOrderFile
from acquit.store import accounts
from acquit.store.transaction import Database
from founding import ACME, LAB, PETIT, SAM, SHOP, count, found, settle

BY_ACME = f"account:{ACME}/alice"


@pytest.fixture
def context(database: Database) -> Context:
    made = found(database)
    settle(made)
    return made


CSV = f"""\ufeffaccount,reference,from,to,amount,sub_accounts,by,policy,description
{ACME},PO-1,2026-01-01,2027-01-01,1200.50,{LAB} {SHOP},service-period,hold,"servers, and more"

{PETIT},PO-2,2026-01-01,,,,,,
"""


def test_many_orders_from_a_csv_file(context: Context) -> None:
    first, second = import_purchase_orders(context, CSV.encode(), "csv", by=SAM)
    assert (first.amount_max_minor, first.kind, first.matched_by, first.members, first.description) == (
        1200_50, OrderKind.BLANKET, MatchedBy.SERVICE_PERIOD, frozenset({ACME, LAB, SHOP}),
        "servers, and more",
    )  # fmt: skip
    assert (second.account_id, second.end_on, second.kind, second.type) == (
        PETIT, None, OrderKind.OPEN, "PURCHASE_ORDER",
    )  # fmt: skip
    with context.database.read() as tx:
        assert accounts.find_several(tx, [ACME])[0].order_policy is Policy.HOLD


def test_a_choice_may_be_written_as_the_command_line_writes_it(context: Context) -> None:
    rows = f"account,reference,from,type,by\n{ACME},PO-1,2026-01-01,reference-order,SERVICE_PERIOD\n"
    (order,) = import_purchase_orders(context, rows.encode(), "csv", by=SAM)
    assert (order.type, order.matched_by) == ("REFERENCE_ORDER", MatchedBy.SERVICE_PERIOD)


def test_many_orders_from_a_json_file(context: Context) -> None:
    entry = {
        "account": ACME, "reference": 4500012345, "from": "2026-01-01", "type": "REFERENCE_ORDER",
        "sub_accounts": [LAB], "cost_account": "613",
        "lines": [
            {"item": "A-1", "services": "vps-*", "quantity": "12", "unit_price": 5.25},
            {"item": "A-2", "amount": "40", "cost_account": "615", "quantity": None},
        ],
    }  # fmt: skip
    (order,) = import_purchase_orders(
        context, json.dumps({"purchase_orders": [entry]}).encode(), "json", by=SAM
    )
    assert (order.reference, order.kind, order.amount_max_minor, order.type) == (
        "4500012345", OrderKind.CLOSED, 103_00, "REFERENCE_ORDER",
    )  # fmt: skip
    follower = {
        "account": ACME, "reference": "NEXT", "from": "2026-01-01", "to": "2027-01-01", "kind": "open",
        "sub_accounts": [LAB], "succeeds": order.purchase_order_id,
    }  # fmt: skip
    (second,) = import_purchase_orders(context, json.dumps([follower]).encode(), "json", by=SAM)
    assert second.succeeds_id == order.purchase_order_id


@pytest.mark.parametrize("separator", [";", ","])
def test_both_separators_are_read(context: Context, separator: str) -> None:
    text = (
        separator.join(("account", "reference", "from"))
        + "\r\n"
        + separator.join((ACME, "PO-1", "2026-01-01"))
    )
    assert len(import_purchase_orders(context, text.encode(), "csv", by=SAM)) == 1


def test_every_wrong_row_is_named_and_none_is_set(context: Context) -> None:
    rows = [
        f"{ACME},PO-1,2026-01-01,,",
        f"{ACME},PO-2,2026-06-01,,",
        f"{PETIT},PO-3,2026-13-01,,",
        f"{PETIT},PO-4,2026-01-01,2025-01-01,",
        f"{PETIT},PO-5,2026-01-01,,12.345",
        "zz99999-acq,PO-6,2026-01-01,,",
        "nobody,PO-7,2026-01-01,,",
        f"{LAB},PO-8,2026-01-01,,10",
    ]
    content = "account,reference,from,to,amount\n" + "\n".join(rows)
    with pytest.raises(ImportRefused) as caught:
        import_purchase_orders(context, content.encode(), "csv", by=SAM)
    assert [(problem.where, problem.code) for problem in caught.value.problems] == [
        ("line 3", "purchase-order-overlaps"),
        ("line 4", "invalid"),
        ("line 5", "bad-purchase-order"),
        ("line 6", "bad-amount"),
        ("line 7", "no-such-account"),
        ("line 8", "bad-account-id"),
    ]
    assert "line 4: [from] '2026-13-01' is not a date" in caught.value.message
    assert count(context, "purchase_order") == 0


def test_a_long_list_of_faults_is_cut_short(context: Context) -> None:
    content = "account,reference,from\n" + f"{ACME},,2026-01-01\n" * 25
    with pytest.raises(ImportRefused, match="and 5 more"):
        import_purchase_orders(context, content.encode(), "csv", by=SAM)


NEEDED = {"account": ACME, "reference": "PO-1", "from": "2026-01-01"}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"colour": "red"}, "'colour' is not known"),
        ({"reference": None}, "'reference' is missing"),
        ({"reference": True}, "a text is needed"),
        ({"kind": "square"}, "not one of open, closed, blanket"),
        ({"policy": "pray"}, "not one of proceed, warn, hold"),
        ({"group": "x"}, "not an amount"),
        ({"sub_accounts": 5}, "a list is needed"),
        ({"sub_accounts": ["x"]}, "not an account's name"),
        ({"lines": "A"}, "a list is needed"),
        ({"lines": ["A"]}, "Line 1 of the order is not an object"),
        ({"lines": [{"item": "A", "colour": "red"}]}, "unknown member 'colour'"),
        ({"lines": [{"item": "A", "amount": "-5"}]}, "more than zero"),
    ],
)
def test_a_wrong_entry_is_told(context: Context, more: dict[str, object], says: str) -> None:
    with pytest.raises(ImportRefused, match=says):
        import_purchase_orders(context, json.dumps([NEEDED | more]).encode(), "json", by=SAM)


@pytest.mark.parametrize(
    ("form", "content", "says"),
    [
        ("csv", b"", "'account' is missing"),
        ("csv", b"account,reference\n", "'from' is missing"),
        ("csv", b"account,reference,from,colour\n", "'colour' is not known"),
        ("csv", b"account,reference,from\na,b\n", "line 2: there are more or fewer cells"),
        ("csv", b"account,reference,from\na,b,c,d\n", "line 2: there are more or fewer cells"),
        ("csv", b'account,reference,from\na,"b\n', "not CSV"),
        ("csv", b"\xff\xfe", "not UTF-8"),
        ("json", b"[{", "line 1: this is not JSON"),
        ("json", b"{}", "holds a list"),
        ("json", b"[1]", "holds a list"),
    ],
)
def test_a_file_that_cannot_be_read(context: Context, form: str, content: bytes, says: str) -> None:
    with pytest.raises(BadOrderFile, match=says):
        import_purchase_orders(context, content, form, by=SAM)


def test_only_staff_imports(context: Context) -> None:
    with pytest.raises(StaffOnly):
        import_purchase_orders(context, CSV.encode(), "csv", by=BY_ACME)
