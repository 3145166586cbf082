"""How bills are posted: accounts, VAT and reverse charge, from a mapping in TOML over French defaults.

    [journal]
    code = "ACH"
    label = "Achats"
    currency = "EUR"

    [supplier]                       # [supplier.FR] for one selling company
    account = "401000"
    label = "Fournisseurs"
    auxiliary = "PROVIDER"

    [expense]
    account = "613500"
    label = "Locations mobilières"

    [[expense.rule]]                 # the first that matches a detail; patterns as in cost-centres.toml
    account = "626000"
    label = "Frais de télécommunications"
    service = '^sip-'

    [vat]
    account = "445660"
    label = "TVA déductible sur autres biens et services"
    deductible_bp = 10000            # the share that may be deducted; the rest goes to the expense
    rates_bp = [2000, 1000, 550, 210]
    untaxed = "AE"                   # what a bill without VAT is, when its paper does not say

    [reverse_charge]
    categories = ["AE", "K"]
    rate_bp = 2000
    due = "445200"
    deductible = "445662"

Source of the defaults: Plan comptable général (ANC 2014-03), classes 401, 4452, 44566, 6135.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import duckdb

from acquit.collector.bill_selection import RATES_BP, Rules
from acquit.collector.cost_centres import CONDITIONS, UNASSIGNED, Rule, cost_centre_sql
from acquit.collector.cost_centres import Rules as CentreRules
from acquit.collector.fault import Fault

FILE: Final = "posting.toml"
TABLES: Final = {
    "journal": {"code", "label", "currency"},
    "supplier": {"account", "label", "auxiliary"},
    "expense": {"account", "label", "rule"},
    "vat": {"account", "label", "deductible_bp", "rates_bp", "untaxed"},
    "reverse_charge": {"categories", "rate_bp", "due", "due_label", "deductible", "deductible_label"},
}
CATEGORIES: Final = ("S", "Z", "E", "AE", "K", "G", "O")


@dataclass(frozen=True, slots=True)
class Ledger:
    """An account of the books: number and what it is called; `auxiliary` is the supplier's own."""

    number: str
    label: str
    auxiliary: str = ""


@dataclass(frozen=True, slots=True)
class PostingMapping:
    """How bills become postings."""

    code: str = "ACH"
    label: str = "Achats"
    currency: str = "EUR"
    supplier: Ledger = Ledger("401000", "Fournisseurs")
    suppliers: Mapping[str, Ledger] = field(default_factory=dict)
    expense: Ledger = Ledger("613500", "Locations mobilières")
    expense_rules: tuple[tuple[Rule, Ledger], ...] = ()
    vat: Ledger = Ledger("445660", "TVA déductible sur autres biens et services")
    deductible_bp: int = 10_000
    rates_bp: tuple[int, ...] = RATES_BP
    untaxed: str = ""
    reverse_categories: frozenset[str] = frozenset({"AE", "K"})
    reverse_rate_bp: int = 2_000
    reverse_due: Ledger = Ledger("445200", "TVA due intracommunautaire")
    reverse_deductible: Ledger = Ledger("445662", "TVA déductible intracommunautaire")

    def expense_of(self, number: str) -> Ledger:
        """Return the expense account that a rule named, else the default."""
        return next((to for _, to in self.expense_rules if to.number == number), self.expense)

    def supplier_of(self, subsidiary: str) -> Ledger:
        """Return the supplier's account for a selling company."""
        return self.suppliers.get(subsidiary, self.supplier)

    def rules(self, centres: CentreRules) -> Rules:
        """Return what selecting bills needs of this, with the rules of cost centres."""
        expenses = CentreRules(tuple(rule for rule, _ in self.expense_rules))
        return Rules(
            cost_centre_sql(expenses, "d"), cost_centre_sql(centres, "d"), self.rates_bp, self.untaxed
        )


def read_mapping(archive: Path, config: Path, given: Path | None) -> PostingMapping:
    """Return the mapping of the file given, else of `posting.toml` in the archive or in `config`.

    Without any of them the defaults. Raises Fault (configuration) that names file and fault.
    """
    places = (archive / FILE, config / FILE)
    path = given or next((place for place in places if place.exists()), None)
    return PostingMapping() if path is None else _mapping(toml_of(path), str(path))


def toml_of(path: Path) -> dict[str, Any]:
    """Return what a TOML file says. Raises Fault (configuration)."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Fault("configuration", f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Fault("configuration", f"{path} is not TOML: {error}") from None


def _mapping(told: dict[str, Any], where: str) -> PostingMapping:
    for name, table in told.items():
        if name not in TABLES or not isinstance(table, dict):
            raise Fault("configuration", f"{where} has {name!r}; known are {', '.join(TABLES)}.")
        allowed = TABLES[name] | (set(table) if name == "supplier" else set())
        for member in sorted(set(table) - allowed):
            raise Fault(
                "configuration", f"{where}, [{name}] has {member!r}; known are {', '.join(sorted(allowed))}."
            )
    plain = PostingMapping()
    journal, vat, reverse = (told.get(name, {}) for name in ("journal", "vat", "reverse_charge"))
    suppliers, expense = told.get("supplier", {}), told.get("expense", {})
    return PostingMapping(
        code=_text(journal, "code", plain.code, where),
        label=_text(journal, "label", plain.label, where),
        currency=_text(journal, "currency", plain.currency, where),
        supplier=_ledger(suppliers, plain.supplier, where),
        suppliers={
            key: _ledger(one, plain.supplier, f"{where}, [supplier.{key}]")
            for key, one in suppliers.items() if isinstance(one, dict)
        },
        expense=_ledger(expense, plain.expense, where),
        expense_rules=_expense_rules(expense.get("rule", []), plain.expense, where),
        vat=_ledger(vat, plain.vat, where),
        deductible_bp=_share(vat, "deductible_bp", plain.deductible_bp, where),
        rates_bp=_rates(vat.get("rates_bp", list(plain.rates_bp)), where),
        untaxed=_category(vat.get("untaxed", ""), where),
        reverse_categories=frozenset(
            _category(one, where) for one in reverse.get("categories", sorted(plain.reverse_categories))
        ),
        reverse_rate_bp=_share(reverse, "rate_bp", plain.reverse_rate_bp, where),
        reverse_due=_ledger(reverse, plain.reverse_due, where, "due", "due_label"),
        reverse_deductible=_ledger(
            reverse, plain.reverse_deductible, where, "deductible", "deductible_label"
        ),
    )  # fmt: skip


def _ledger(
    row: Mapping[str, Any], plain: Ledger, where: str, number: str = "account", label: str = "label"
) -> Ledger:
    return Ledger(
        _text(row, number, plain.number, where), _text(row, label, plain.label, where),
        _text(row, "auxiliary", plain.auxiliary, where),
    )  # fmt: skip


def _expense_rules(rows: Any, plain: Ledger, where: str) -> tuple[tuple[Rule, Ledger], ...]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Fault("configuration", f"{where}: [[expense.rule]] tables are expected.")
    return tuple(
        expense_rule(row, plain, f"{where}, expense rule {no}") for no, row in enumerate(rows, start=1)
    )


def expense_rule(row: Mapping[str, Any], plain: Ledger, where: str) -> tuple[Rule, Ledger]:
    """Return a rule and the account that it names. Raises Fault (configuration)."""
    known = {"account", "label", *CONDITIONS, "of_account"}
    for member in sorted(set(row) - known):
        raise Fault("configuration", f"{where} has {member!r}; known are {', '.join(sorted(known))}.")
    to = Ledger(_text(row, "account", "", where), _text(row, "label", plain.label, where))
    patterns = {
        name: pattern_of(row[told], where)
        for name, told in (("service", "service"), ("description", "description"), ("project", "project"),
                           ("account", "of_account"))
        if told in row
    }  # fmt: skip
    if not to.number or to.number == UNASSIGNED or not patterns:
        raise Fault("configuration", f"{where} needs an account and one of service, description, of_account.")
    return Rule(to.number, **patterns), to


def pattern_of(told: object, where: str) -> str:
    """Return a regular expression (RE2) that works. Raises Fault (configuration)."""
    try:
        with duckdb.connect() as db:
            db.execute("SELECT regexp_matches('', ?)", [told]).fetchall()
    except duckdb.Error:
        raise Fault("configuration", f"{where}: {told!r} is no regular expression (RE2).") from None
    return str(told)


def _text(row: Mapping[str, Any], name: str, plain: str, where: str) -> str:
    value = row.get(name, plain)
    if not isinstance(value, str) or not value.isprintable():
        raise Fault("configuration", f"{where}: {name} is a text in one line.")
    return value.strip()


def _share(row: Mapping[str, Any], name: str, plain: int, where: str) -> int:
    value = row.get(name, plain)
    if type(value) is not int or not 0 <= value <= 10_000:
        raise Fault("configuration", f"{where}: {name} is a whole number of 1/10,000 (20 % is 2000).")
    return value


def _rates(told: Any, where: str) -> tuple[int, ...]:
    if not isinstance(told, list) or not all(type(one) is int and 0 < one <= 10_000 for one in told):
        raise Fault("configuration", f"{where}: rates_bp lists whole numbers of 1/10,000 (20 % is 2000).")
    return tuple(told)


def _category(told: Any, where: str) -> str:
    if told and told not in CATEGORIES:
        raise Fault("configuration", f"{where}: {told!r} is no VAT category: {', '.join(CATEGORIES)}.")
    return str(told)
