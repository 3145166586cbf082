"""Cost centres by rules: an ordered list in a TOML file; the first that matches a detail names its centre.

    [[rule]]
    cost_centre = "4711 Web"
    service = '^web-'            # the detail's service (`domain`)
    account = '^main-3$'         # the collector's name of the account, or the sub-account's description
    description = '(?i)backup'   # the text of the line
    project = '^0123'            # the cloud project that service or text carry: 32 hexadecimal digits

    [[order]]
    reference = "PO-2026-7"      # the provider tells no amount of an order: yours may stand here
    amount = "120000.00"
    currency = "EUR"

Every condition of a rule must hold. Patterns are RE2's and match anywhere unless `^` and `$` say otherwise.
What no rule names is `unassigned`, and is shown as such.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

import duckdb

from acquit.collector.fault import Fault
from acquit.collector.tables import digits_of

FILE: Final = "cost-centres.toml"
UNASSIGNED: Final = "unassigned"
CONDITIONS: Final = ("service", "account", "description", "project")
PROJECT: Final = r"\b[0-9a-f]{32}\b"
RULES_MAX: Final = 1000
AMOUNT_MINOR_MAX: Final = 10**15


@dataclass(frozen=True, slots=True)
class Rule:
    """A cost centre and the patterns that must all match; None asks nothing."""

    cost_centre: str
    service: str | None = None
    account: str | None = None
    description: str | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class OrderAmount:
    """What a purchase order may be drawn for, as its owner gave it."""

    reference: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What a rules file says; without a file nothing, so that everything is unassigned."""

    rules: tuple[Rule, ...] = ()
    orders: tuple[OrderAmount, ...] = ()
    path: Path | None = None


def rules_in(archive: Path, config: Path, given: Path | None = None) -> Rules:
    """Return the rules of the file given, else of `cost-centres.toml` in the archive, else in `config`.

    None anywhere: no rules. Raises Fault (configuration).
    """
    if given is not None:
        return read_rules(given)
    for path in (archive / FILE, config / FILE):
        if path.exists():
            return read_rules(path)
    return Rules()


def read_rules(path: Path) -> Rules:
    """Return what the file says. Raises Fault (configuration) that names the file and the rule."""
    told = _toml(path)
    _refuse_unknown(told, ("rule", "order"), f"{path}")
    rules = [_rule(one, f"{path}, rule {no}") for no, one in enumerate(_rows(told, "rule", path), start=1)]
    orders = [
        _order(one, f"{path}, order {no}") for no, one in enumerate(_rows(told, "order", path), start=1)
    ]
    if not rules and not orders:
        raise _wrong(str(path), "says nothing: a [[rule]] has a cost_centre and a pattern for its service")
    if len(rules) > RULES_MAX:
        raise _wrong(str(path), f"has {len(rules)} rules; {RULES_MAX} is the most: join patterns with |")
    _refuse_bad_patterns(rules, path)
    if len({(one.reference, one.currency) for one in orders}) != len(orders):
        raise _wrong(str(path), "gives an order's amount twice: leave one [[order]] for each reference")
    return Rules(tuple(rules), tuple(orders), path)


def cost_centre_sql(rules: Rules, of: str = "bill_detail") -> str:
    """Return an SQL expression: the cost centre of a row of `bill_detail`, known to the query as `of`.

    The query must see the tables `account` and `sub_account`, as `open_tables` lends them. Patterns and names
    stand in it as quoted literals.
    """
    if not rules.rules:
        return _quoted(UNASSIGNED)
    cases = " ".join(
        f"WHEN {' AND '.join(_conditions(rule, of))} THEN {_quoted(rule.cost_centre)}" for rule in rules.rules
    )
    return f"CASE {cases} ELSE {_quoted(UNASSIGNED)} END"


def project_sql(of: str = "bill_detail") -> str:
    """Return an SQL expression: the cloud project that a detail is about; empty when it names none."""
    text = f"concat_ws(' ', {of}.domain, {of}.description)"
    return f"regexp_extract({text}, {_quoted(PROJECT)})"


# ---------------------------------------------------------------- SQL


def _conditions(rule: Rule, of: str) -> list[str]:
    texts = {
        "service": f"coalesce({of}.domain, '')",
        "description": f"coalesce({of}.description, '')",
        "project": project_sql(of),
    }
    found = [] if rule.account is None else [_account_matches(rule.account, of)]
    return found + [
        f"regexp_matches({text}, {_quoted(pattern)})"
        for name, text in texts.items()
        if (pattern := getattr(rule, name)) is not None
    ]


def _account_matches(pattern: str, of: str) -> str:
    """Accounts are few: they are matched once for all details."""
    matches = f"regexp_matches(a.account, {_quoted(pattern)})"
    described = f"regexp_matches(coalesce(s.description, ''), {_quoted(pattern)})"
    return (
        f"{of}.account IN (SELECT a.account FROM account AS a LEFT JOIN sub_account AS s "  # noqa: S608 - quoted
        f"ON s.account = a.parent AND s.sub_account_no = a.sub_account_no WHERE {matches} OR {described})"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# ---------------------------------------------------------------- the file


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise _wrong(str(path), f"cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _wrong(str(path), f"is not TOML: {error}") from None


def _rows(told: Mapping[str, Any], name: str, path: Path) -> list[Mapping[str, Any]]:
    rows = told.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _wrong(str(path), f"has a {name!r} that is no [[{name}]] table")
    return rows


def _rule(row: Mapping[str, Any], where: str) -> Rule:
    _refuse_unknown(row, ("cost_centre", *CONDITIONS), where)
    rule = Rule(_text(row, "cost_centre", where), **{name: _pattern(row, name, where) for name in CONDITIONS})
    if all(getattr(rule, name) is None for name in CONDITIONS):
        raise _wrong(where, f"has no condition; give at least one of {', '.join(CONDITIONS)}")
    return rule


def _order(row: Mapping[str, Any], where: str) -> OrderAmount:
    _refuse_unknown(row, ("reference", "amount", "currency"), where)
    currency = _text(row, "currency", where)
    return OrderAmount(_text(row, "reference", where), _minor(row.get("amount"), currency, where), currency)


def _text(row: Mapping[str, Any], name: str, where: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise _wrong(where, f"needs {name}, a text in one line")
    return value


def _pattern(row: Mapping[str, Any], name: str, where: str) -> str | None:
    if name not in row:
        return None
    pattern = row[name]
    if not isinstance(pattern, str) or not pattern or "\0" in pattern:
        raise _wrong(where, f"has a {name} that is no regular expression: a text in quotes is expected")
    return pattern


def _refuse_bad_patterns(rules: list[Rule], path: Path) -> None:
    """Ask the engine that will match them. Raises Fault."""
    with duckdb.connect() as db:
        for no, rule in enumerate(rules, start=1):
            for name in CONDITIONS:
                try:
                    db.execute("SELECT regexp_matches('', ?)", [getattr(rule, name) or ""]).fetchall()
                except duckdb.Error as error:
                    said = str(error).split("\n", 1)[0].rpartition("Error: ")[2]
                    raise _wrong(
                        f"{path}, rule {no}", f"has a {name} that is no regular expression (RE2): {said}"
                    ) from None


def _minor(value: object, currency: str, where: str) -> int:
    """Return the amount in the smallest unit; what is finer than that is no amount."""
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise InvalidOperation
        minor = Decimal(value).scaleb(digits_of(currency))
        if minor != minor.to_integral_value() or not 0 <= minor <= AMOUNT_MINOR_MAX:
            raise InvalidOperation
    except InvalidOperation:
        raise _wrong(where, f'needs an amount in {currency} such as "120000.00"') from None
    return int(minor)


def _refuse_unknown(row: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for name in row:
        if name not in known:
            raise _wrong(where, f"has {name!r}, which is not known; known are {', '.join(known)}")


def _wrong(where: str, what: str) -> Fault:
    return Fault("configuration", f"{where} {what}.")
