"""Bills as rows for an SAP upload: against purchase orders (as for MIRO) or cost centres (as for FB60).

The columns are the mapping's business: each has a name of your upload program and a field of ours, or a fixed
value. A document's rows repeat what is the document's; `document_no` tells them apart.

    kind = "purchase-order"              # or "cost-centre"
    name = "miro"
    delimiter = ";"
    decimal = ","
    date = "%d.%m.%Y"
    accept_inferred = false              # whether an order that was inferred, not read, may be posted

    [tax_codes]
    "S 2000" = "V1"                      # category and rate in 1/10,000
    "AE 0" = "VR"

    [[order_line]]                       # as for the three-way match
    [[gl_account]]                       # as [[expense.rule]] of posting.toml
    [[column]]
    name = "EBELN"
    field = "order"
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from acquit.collector.bill_selection import RATES_BP, Detail, Rules, SelectedBill
from acquit.collector.cells import Exact, amount, csv_bytes
from acquit.collector.cost_centres import UNASSIGNED, cost_centre_sql
from acquit.collector.cost_centres import Rules as CentreRules
from acquit.collector.fault import Fault
from acquit.collector.order_lines import OrderLine, line_of, lines_of
from acquit.collector.posting import Ledger, expense_rule, toml_of
from acquit.collector.purchase_journal import apportioned

NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
PURCHASE_ORDER, COST_CENTRE = "purchase-order", "cost-centre"
MEMBERS: Final = frozenset({
    "kind", "name", "delimiter", "decimal", "date", "accept_inferred", "tax_codes", "order_line",
    "gl_account", "default_gl_account", "untaxed", "rates_bp", "column",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file: a field of ours or a fixed value, at most so long (0: as long as it is)."""

    name: str
    field: str = ""
    value: str = ""
    length_max: int = 0


@dataclass(frozen=True, slots=True)
class SapMapping:
    """How bills become rows."""

    kind: str
    name: str
    columns: tuple[Column, ...]
    tax_codes: Mapping[str, str]
    lines: tuple[OrderLine, ...] = ()
    gl_accounts: CentreRules = field(default_factory=CentreRules)
    default_gl_account: str = ""
    delimiter: str = ";"
    decimal: str = ","
    date: str = "%d.%m.%Y"
    accept_inferred: bool = False
    untaxed: str = ""
    rates_bp: tuple[int, ...] = RATES_BP

    def rules(self, centres: CentreRules) -> Rules:
        """Return what selecting bills needs of this, with the rules of cost centres."""
        return Rules(
            cost_centre_sql(self.gl_accounts, "d"), cost_centre_sql(centres, "d"), self.rates_bp, self.untaxed
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a part of a bill that goes to one order item, or to one G/L account and cost centre."""

    bill: SelectedBill
    document_no: int
    net_minor: int
    tax_minor: int
    tax_code: str
    text: str
    order_item: str = ""
    gl_account: str = ""
    cost_centre: str = ""


FIELDS: Final[dict[str, Callable[[Row], object]]] = {
    "document_no": lambda row: row.document_no,
    "account": lambda row: row.bill.account,
    "bill": lambda row: row.bill.bill_id,
    "corrects": lambda row: row.bill.corrects,
    "issued_on": lambda row: row.bill.issued_on,
    "baseline_on": lambda row: row.bill.issued_on,
    "due_on": lambda row: row.bill.due_on,
    "term_days": lambda row: (row.bill.due_on - row.bill.issued_on).days if row.bill.due_on else "",
    "currency": lambda row: row.bill.currency,
    "gross": lambda row: _Amount(abs(row.bill.total_minor)),
    "tax": lambda row: _Amount(abs(row.bill.tax_minor)),
    "net": lambda row: _Amount(abs(row.bill.net_minor)),
    "row_net": lambda row: _Amount(abs(row.net_minor)),
    "row_tax": lambda row: _Amount(abs(row.tax_minor)),
    "row_gross": lambda row: _Amount(abs(row.net_minor + row.tax_minor)),
    "document_kind": lambda row: "credit-note" if row.bill.is_credit_note else "bill",
    "is_bill": lambda row: "" if row.bill.is_credit_note else "X",
    "debit_credit": lambda row: "S" if row.net_minor >= 0 else "H",
    "tax_code": lambda row: row.tax_code,
    "order": lambda row: row.bill.purchase_order,
    "order_source": lambda row: row.bill.purchase_order_source,
    "order_item": lambda row: row.order_item,
    "gl_account": lambda row: row.gl_account,
    "cost_centre": lambda row: row.cost_centre,
    "text": lambda row: row.text,
    "payment_reference": lambda row: "".join(row.bill.reference.split()),
    "payee": lambda row: row.bill.payee,
}
"""What a column may show."""


class _Amount(int):
    """An amount in the smallest unit, to be written with the file's decimal mark."""


def read_sap(path: Path) -> SapMapping:
    """Return the mapping of a file. Raises Fault (configuration) that says what is wrong where."""
    told = toml_of(path)
    for member in sorted(set(told) - MEMBERS):
        raise Fault("configuration", f"{path} has {member!r}; known are {', '.join(sorted(MEMBERS))}.")
    kind = told.get("kind")
    if kind not in (PURCHASE_ORDER, COST_CENTRE):
        raise Fault("configuration", f"{path}: kind is {PURCHASE_ORDER} or {COST_CENTRE}.")
    if not NAME.fullmatch(str(told.get("name", kind))):
        raise Fault("configuration", f"{path}: name is of letters, digits, '-' and '_', at most 40.")
    codes = told.get("tax_codes", {})
    if not isinstance(codes, dict) or not codes:
        raise Fault("configuration", f'{path}: [tax_codes] is missing, such as "S 2000" = "V1".')
    centred = kind == COST_CENTRE
    default = str(told.get("default_gl_account", ""))
    accounts = told.get("gl_account", [])
    if centred and not accounts and not default:
        raise Fault("configuration", f"{path}: default_gl_account or [[gl_account]] is missing.")
    rules = [
        expense_rule(row, Ledger("", ""), f"{path}, gl_account {no}")[0]
        for no, row in enumerate(accounts, start=1)
    ]
    return SapMapping(
        kind, str(told.get("name", kind)), _columns(told.get("column"), path),
        {str(key): str(code) for key, code in codes.items()},
        tuple(lines_of(told.get("order_line"), str(path))) if not centred else (),
        CentreRules(tuple(rules)), default, str(told.get("delimiter", ";")), str(told.get("decimal", ",")),
        str(told.get("date", "%d.%m.%Y")), told.get("accept_inferred") is True,
        str(told.get("untaxed", "")), tuple(told.get("rates_bp", RATES_BP)),
    )  # fmt: skip


def _columns(told: Any, path: Path) -> tuple[Column, ...]:
    if not isinstance(told, list) or not told:
        raise Fault("configuration", f"{path}: [[column]] is missing: name, and field or value.")
    columns = [
        Column(str(one.get("name", "")), str(one.get("field", "")), str(one.get("value", "")), _length(one))
        for one in told
    ]
    for column in columns:
        if not column.name or (column.field and column.field not in FIELDS):
            raise Fault(
                "configuration",
                f"{path}, column {column.name!r}: no field {column.field!r}; known are {', '.join(FIELDS)}.",
            )
    return tuple(columns)


def _length(told: Mapping[str, Any]) -> int:
    return int(told.get("length", 0))


# ---------------------------------------------------------------- rows


def rows_of(bill: SelectedBill, mapping: SapMapping, document_no: int) -> list[Row] | str:
    """Return the rows of a bill, or why it cannot be posted this way."""
    if len(bill.taxes) != 1:
        return "it has several VAT rates, and which line bears which is not told"
    tax = bill.taxes[0]
    key = f"{tax.category} {tax.rate_bp}"
    code = mapping.tax_codes.get(key)
    if code is None:
        return f"[tax_codes] has no {key!r}"
    if mapping.kind == PURCHASE_ORDER and (problem := _order_problem(bill, mapping)):
        return problem
    sums: dict[tuple[str, str, str], int] = {}
    texts: dict[tuple[str, str, str], str] = {}
    for detail in bill.details:
        target = _target(bill, detail, mapping)
        if isinstance(target, str):
            return target
        sums[target] = sums.get(target, 0) + detail.net_minor
        texts.setdefault(target, detail.text)
    parts = apportioned(bill.tax_minor, list(sums.values()))
    return [
        Row(bill, document_no, net, part, code, texts[target], *target)
        for (target, net), part in zip(sums.items(), parts, strict=True)
        if net or part
    ]


def _order_problem(bill: SelectedBill, mapping: SapMapping) -> str:
    if not bill.purchase_order:
        return f"it has no purchase order ({bill.purchase_order_source})"
    if bill.purchase_order_source != "read" and not mapping.accept_inferred:
        return f"its order {bill.purchase_order} is inferred, not read: check it, then accept_inferred = true"
    return ""


def _target(bill: SelectedBill, detail: Detail, mapping: SapMapping) -> tuple[str, str, str] | str:
    """Return order item, G/L account and cost centre of a detail, or what is missing."""
    if mapping.kind == PURCHASE_ORDER:
        line = line_of(mapping.lines, bill.purchase_order, detail)
        if line is None:
            return f"no [[order_line]] of order {bill.purchase_order} covers {detail.text!r}"
        return line.line, "", ""
    account = mapping.default_gl_account if detail.expense == UNASSIGNED else detail.expense
    if not account:
        return f"no [[gl_account]] covers {detail.text!r}, and there is no default_gl_account"
    if detail.cost_centre == UNASSIGNED:
        return f"no rule of cost-centres.toml names a cost centre for {detail.text!r}"
    return "", account, detail.cost_centre


def as_file(rows: list[Row], mapping: SapMapping) -> bytes:
    """Return the rows as the mapping wants them, in UTF-8."""
    told = (tuple(_cells(row, mapping)) for row in rows)
    return csv_bytes([column.name for column in mapping.columns], told, mapping.delimiter)


def _cells(row: Row, mapping: SapMapping) -> Iterator[object]:
    for column in mapping.columns:
        value = FIELDS[column.field](row) if column.field else column.value
        if isinstance(value, _Amount):
            yield Exact(amount(value, row.bill.currency, mapping.decimal))
        elif isinstance(value, date):
            yield Exact(value.strftime(mapping.date))
        else:
            text = str(value if value is not None else "")
            yield text[: column.length_max] if column.length_max else text
