"""Which service and which kind of charge a bill's line is, in the words of FOCUS: rules of a TOML file.

The collector's own are in `focus_rules.toml`; a person's file is asked first. What no rule names is `Other`,
and a `Purchase`.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from acquit.collector.fault import Fault
from acquit.collector.focus_terms import CHARGES, SUBCATEGORIES

OWN: Final = Path(__file__).with_name("focus_rules.toml")
PATTERNS: Final = {"service": "domain", "description": "description"}
MEMBERS: Final = {
    "service": ("name", "category", "subcategory", *PATTERNS),
    "charge": ("category", "negative", *PATTERNS),
}
RULES_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class ServiceRule:
    """A service's name and its place in FOCUS, for lines that `when` (SQL) holds for."""

    name: str
    category: str
    subcategory: str
    when: str


@dataclass(frozen=True, slots=True)
class ChargeRule:
    """A category of charge, for lines that `when` (SQL) holds for."""

    category: str
    when: str


@dataclass(frozen=True, slots=True)
class FocusRules:
    """What the files say, in the order in which they are asked."""

    services: tuple[ServiceRule, ...]
    charges: tuple[ChargeRule, ...]


def read_focus_rules(given: Path | None = None) -> FocusRules:
    """Return the rules of the file given, then the collector's own.

    Raises Fault (configuration) that names the file and the rule.
    """
    paths = [OWN] if given is None else [given, OWN]
    services: list[ServiceRule] = []
    charges: list[ChargeRule] = []
    for path in paths:
        told = _toml(path)
        _refuse_unknown(told, tuple(MEMBERS), str(path))
        _refuse_bad_patterns(told, path)
        services += [_service(row, where) for row, where in _rows(told, "service", path)]
        charges += [_charge(row, where) for row, where in _rows(told, "charge", path)]
    if len(services) + len(charges) > RULES_MAX:
        raise _wrong(str(paths[0]), f"has too many rules; {RULES_MAX} is the most: join patterns with |")
    return FocusRules(tuple(services), tuple(charges))


def service_no_sql(rules: FocusRules) -> str:
    """Return an SQL expression: the number of the service's rule from 1, one more than there are for none."""
    cases = " ".join(f"WHEN {rule.when} THEN {no}" for no, rule in enumerate(rules.services, start=1))
    return f"CASE {cases} ELSE {len(rules.services) + 1} END"


def service_sql(rules: FocusRules, member: str, no: str) -> str:
    """Return an SQL expression: what the rule of this number says of a member."""
    other = "Other (Other)" if member == "subcategory" else "Other"
    told = [*(getattr(rule, member) for rule in rules.services), other]
    return f"[{', '.join(map(quoted, told))}][{no}]"


def charge_sql(rules: FocusRules) -> str:
    """Return an SQL expression: the category of a line's charge."""
    cases = " ".join(f"WHEN {rule.when} THEN {quoted(rule.category)}" for rule in rules.charges)
    return f"CASE {cases} ELSE 'Purchase' END"


def quoted(text: str) -> str:
    """Return the text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


# ---------------------------------------------------------------- the file


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _wrong(str(path), f"cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _wrong(str(path), f"is not TOML: {error}") from None


def _rows(told: Mapping[str, Any], name: str, path: Path) -> list[tuple[Mapping[str, Any], str]]:
    rows = told.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _wrong(str(path), f"has a {name!r} that is no [[{name}]] table")
    numbered = [(row, f"{path}, [[{name}]] {no}") for no, row in enumerate(rows, start=1)]
    for row, where in numbered:
        _refuse_unknown(row, MEMBERS[name], where)
    return numbered


def _service(row: Mapping[str, Any], where: str) -> ServiceRule:
    category = _one_of(row, "category", tuple(SUBCATEGORIES), where)
    subcategory = f"Other ({category})"
    if "subcategory" in row:
        subcategory = _one_of(row, "subcategory", SUBCATEGORIES[category], where)
    conditions = _conditions(row, where)
    if not conditions:
        raise _wrong(where, f"has no condition; give at least one of {', '.join(PATTERNS)}")
    return ServiceRule(_text(row, "name", where), category, subcategory, " AND ".join(conditions))


def _charge(row: Mapping[str, Any], where: str) -> ChargeRule:
    conditions = _conditions(row, where)
    if "negative" in row:
        if not isinstance(row["negative"], bool):
            raise _wrong(where, "has a negative that is neither true nor false")
        conditions.append("net_minor < 0" if row["negative"] else "net_minor >= 0")
    if not conditions:
        raise _wrong(where, f"has no condition; give negative or one of {', '.join(PATTERNS)}")
    return ChargeRule(_one_of(row, "category", CHARGES, where), " AND ".join(conditions))


def _conditions(row: Mapping[str, Any], where: str) -> list[str]:
    return [
        f"regexp_matches(coalesce({column}, ''), {quoted(_text(row, name, where))})"
        for name, column in PATTERNS.items()
        if name in row
    ]


def _refuse_bad_patterns(told: Mapping[str, Any], path: Path) -> None:
    """Ask the engine that will match them. Raises Fault."""
    with duckdb.connect() as db:
        for kind in MEMBERS:
            for row, where in _rows(told, kind, path):
                for name in row.keys() & PATTERNS.keys():
                    try:
                        db.execute("SELECT regexp_matches('', ?)", [_text(row, name, where)]).fetchall()
                    except duckdb.Error as error:
                        said = str(error).split("\n", 1)[0].rpartition("Error: ")[2]
                        raise _wrong(
                            where, f"has a {name} that is no regular expression (RE2): {said}"
                        ) from None


def _one_of(row: Mapping[str, Any], member: str, allowed: Sequence[str], where: str) -> str:
    value = _text(row, member, where)
    if value not in allowed:
        raise _wrong(where, f"has the {member} {value!r}; FOCUS has {', '.join(allowed)}")
    return value


def _text(row: Mapping[str, Any], name: str, where: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise _wrong(where, f"needs {name}, a text in one line")
    return value


def _refuse_unknown(row: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    for name in row:
        if name not in known:
            raise _wrong(where, f"has {name!r}, which is not known; known are {', '.join(known)}")


def _wrong(where: str, what: str) -> Fault:
    return Fault("configuration", f"{where} {what}.")
