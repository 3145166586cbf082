"""Purchase orders in a file, many at once: CSV with a heading, or JSON.

CSV columns, in any order: account, reference, from, and where wanted to, amount, kind, type,
sub_accounts (separated by blanks), group, by, policy, cost_account, succeeds, description.
JSON is a list of objects with the same names, or {"purchase_orders": […]}; there `sub_accounts` is a list
and `lines` a list of {item, description, services, quantity, unit_price, amount, cost_account}.
Amounts are plain decimal text: `1234.50`. Without a kind, an order with lines is closed, one with an
amount blanket, any other open.
"""

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final, TypeVar

from acquit.core.account import checked_account_id
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId, BillingGroupId, PurchaseOrderId
from acquit.core.money import Currency, parsed, scaled
from acquit.core.order_change import OrderTerms
from acquit.core.purchase_order import MatchedBy, OrderKind, OrderLine, OrderType, Policy

COLUMNS: Final = (
    "account", "reference", "from", "to", "amount", "kind", "type", "sub_accounts", "group", "by", "policy",
    "cost_account", "succeeds", "description",
)  # fmt: skip
NEEDED: Final = ("account", "reference", "from")
LINE_MEMBERS: Final = (
    "item", "description", "services", "quantity", "unit_price", "amount", "cost_account",
)  # fmt: skip

_Choice = TypeVar("_Choice", bound=StrEnum)


class BadOrderFile(Invalid):
    """The file cannot be read as purchase orders at all; the message says where."""

    code = "bad-order-file"


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order of the file, not yet read; `place` names it for a person: `line 3`."""

    place: str
    members: Mapping[str, Any]


def read_csv(content: bytes) -> list[OrderRow]:
    """Return the rows of a CSV file (comma or semicolon, UTF-8). Raises BadOrderFile."""
    text = _text(content)
    heading = text.partition("\n")[0]
    delimiter = ";" if heading.count(";") > heading.count(",") else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        _refuse_columns(tuple(name.strip() for name in reader.fieldnames or ()))
        reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
        rows = []
        for cells in reader:
            if None in cells or None in cells.values():
                raise BadOrderFile(
                    f"line {reader.line_num}: there are more or fewer cells than in the heading."
                )
            filled = {name: cell.strip() for name, cell in cells.items() if cell.strip()}
            rows.append(OrderRow(f"line {reader.line_num}", filled))
    except csv.Error as error:
        raise BadOrderFile(f"line {reader.line_num}: this is not CSV ({error}).") from None
    return rows


def read_json(content: bytes) -> list[OrderRow]:
    """Return the entries of a JSON file. Raises BadOrderFile."""
    try:
        document = json.loads(_text(content), parse_float=str)
    except json.JSONDecodeError as error:
        raise BadOrderFile(f"line {error.lineno}: this is not JSON ({error.msg}).") from None
    entries = document.get("purchase_orders") if isinstance(document, dict) else document
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadOrderFile('A JSON file holds a list of orders, or {"purchase_orders": [ … ]}.')
    return [
        OrderRow(f"entry {number}", {name: value for name, value in entry.items() if value is not None})
        for number, entry in enumerate(entries, 1)
    ]


def account_of(row: OrderRow) -> AccountId:
    """Return the account that the row is for. Raises Invalid."""
    _refuse_columns(tuple(row.members), ("lines",))
    return checked_account_id(_word(row, "account"))


def policy_of(row: OrderRow) -> Policy | None:
    """Return what the row says about bills without an order, or None. Raises Invalid."""
    return _choice(row, "policy", Policy) if "policy" in row.members else None


def terms_of(row: OrderRow, currency: Currency) -> OrderTerms:
    """Return what the row says, its amounts read in the account's currency. Raises Invalid."""
    lines = tuple(_line(number, entry, currency) for number, entry in enumerate(_list(row, "lines"), 1))
    amount = _optional(row, "amount", lambda text: parsed(text, currency))
    implied = OrderKind.CLOSED if lines else OrderKind.OPEN if amount is None else OrderKind.BLANKET
    return OrderTerms(
        reference=_word(row, "reference"),
        start_on=_day(row, "from"),
        end_on=_day(row, "to") if "to" in row.members else None,
        type=_choice(row, "type", OrderType) if "type" in row.members else OrderType.PURCHASE_ORDER,
        kind=_choice(row, "kind", OrderKind) if "kind" in row.members else implied,
        billing_group_id=_optional(row, "group", lambda text: BillingGroupId(_whole(text))),
        members=_sub_accounts(row),
        matched_by=_choice(row, "by", MatchedBy) if "by" in row.members else MatchedBy.BILL_DATE,
        amount_max_minor=amount,
        cost_account=_word(row, "cost_account") if "cost_account" in row.members else "",
        succeeds_id=_optional(row, "succeeds", lambda text: PurchaseOrderId(_whole(text))),
        description=_word(row, "description") if "description" in row.members else None,
        lines=lines,
    )


def _line(number: int, entry: object, currency: Currency) -> OrderLine:
    if not isinstance(entry, dict):
        raise Invalid(f"Line {number} of the order is not an object.")
    given = {name: value for name, value in entry.items() if value is not None}
    row = OrderRow("", given)
    unknown = sorted(set(given) - set(LINE_MEMBERS))
    if unknown:
        raise Invalid(f"Line {number} of the order has the unknown member {unknown[0]!r}.")
    return OrderLine(
        line_no=number,
        item_number=_word(row, "item"),
        description=_word(row, "description") if "description" in given else "",
        service_pattern=_word(row, "services") if "services" in given else "*",
        quantity_e4=_optional(row, "quantity", lambda text: scaled(text, 4)),
        unit_price_ucents=_optional(row, "unit_price", lambda text: scaled(text, 8)),
        amount_max_minor=_optional(row, "amount", lambda text: parsed(text, currency)),
        cost_account=_word(row, "cost_account") if "cost_account" in given else "",
    )


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadOrderFile("The file is not UTF-8 text.") from None


def _refuse_columns(given: tuple[str, ...], also: tuple[str, ...] = ()) -> None:
    unknown = sorted(set(given) - set(COLUMNS) - set(also))
    if unknown:
        raise BadOrderFile(f"{unknown[0]!r} is not known here; known are: {', '.join(COLUMNS)}.")
    missing = [name for name in NEEDED if name not in given]
    if missing:
        raise BadOrderFile(f"{missing[0]!r} is missing; needed are: {', '.join(NEEDED)}.")


def _word(row: OrderRow, name: str) -> str:
    value = row.members.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise Invalid(f"[{name}] a text is needed.")
    return value.strip()


def _optional(row: OrderRow, name: str, read: Callable[[str], int]) -> Any:
    return read(_word(row, name)) if name in row.members else None


def _whole(text: str) -> int:
    return scaled(text, 0)


def _day(row: OrderRow, name: str) -> date:
    text = _word(row, name)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"[{name}] {text!r} is not a date: write 2026-01-31.") from None


def _choice(row: OrderRow, name: str, kind: type[_Choice]) -> _Choice:
    text = _word(row, name)
    for choice in kind:
        if _spelled_alike(choice.value, text):
            return choice
    known = ", ".join(choice.value for choice in kind)
    raise Invalid(f"[{name}] {text!r} is not one of {known}.")


def _spelled_alike(value: str, text: str) -> bool:
    """Whether the text is the value, as the wire writes it or as the command line does."""
    return value.casefold().replace("_", "-") == text.casefold().replace("_", "-")


def _list(row: OrderRow, name: str) -> list[object]:
    value = row.members.get(name, [])
    if not isinstance(value, list):
        raise Invalid(f"[{name}] a list is needed.")
    return value


def _sub_accounts(row: OrderRow) -> frozenset[AccountId]:
    value = row.members.get("sub_accounts", [])
    names = value.split() if isinstance(value, str) else _list(row, "sub_accounts")
    return frozenset(checked_account_id(str(name)) for name in names)
