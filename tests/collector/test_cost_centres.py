"""Cost centres by rules: the first that matches, and whatever a rules file may hold."""

import re
from functools import cache
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as some

from acquit.collector.columns import PARQUET
from acquit.collector.cost_centres import (
    CONDITIONS,
    FILE,
    UNASSIGNED,
    Rule,
    Rules,
    cost_centre_sql,
    read_rules,
    rules_in,
)
from acquit.collector.fault import Fault

PROJECT = "0123456789abcdef0123456789abcdef"

RULES = """
[[rule]]
cost_centre = "4711 Backup"
service = '^web-'
description = '(?i)backup'

[[rule]]
cost_centre = "4712 L'Atelier"
account = '(?i)^atelier|^main-2$'

[[rule]]
cost_centre = "4713 Web"
service = '^web-'

[[rule]]
cost_centre = "4714 Cloud"
project = '^0123'

[[order]]
reference = "PO-7"
amount = "1200.50"
currency = "EUR"
"""


@cache
def tables() -> duckdb.DuckDBPyConnection:
    """A parent, and two sub-accounts of which one is described; no details."""
    db = duckdb.connect()
    for table in ("account", "sub_account", "bill_detail"):
        db.execute(f"CREATE TABLE {table} ({PARQUET[table]})")
    for name, parent, number in (("main", None, None), ("main-1", "main", 1), ("main-2", "main", 2)):
        db.execute(
            "INSERT INTO account BY NAME SELECT ? AS account, ? AS parent, ? AS sub_account_no",
            [name, parent, number],
        )
    db.execute("INSERT INTO sub_account VALUES ('main', 1, 'Atelier du nord', NULL)")
    return db


def centre(rules: Rules, account: str, service: str | None, text: str | None) -> str:
    """Return the cost centre of one detail."""
    db = tables()
    db.execute("DELETE FROM bill_detail")
    db.execute(
        "INSERT INTO bill_detail BY NAME SELECT ? AS account, ? AS domain, ? AS description",
        [account, service, text],
    )
    found = db.execute(f"SELECT {cost_centre_sql(rules)} FROM bill_detail").fetchone()
    assert found is not None
    return str(found[0])


def written(directory: Path, text: str) -> Path:
    (directory / FILE).write_text(text, encoding="utf-8")
    return directory / FILE


@pytest.mark.parametrize(
    ("account", "service", "description", "expected"),
    [
        ("main", "web-1", "Server", "4713 Web"),
        ("main", "web-1", "Daily BACKUP", "4711 Backup"),
        ("main-1", "web-1", "Server", "4712 L'Atelier"),
        ("main-1", "web-1", "backup", "4711 Backup"),
        ("main-2", None, None, "4712 L'Atelier"),
        ("main", PROJECT, "Instances", "4714 Cloud"),
        ("main", "cloud", f"Project {PROJECT} in GRA", "4714 Cloud"),
        ("main", "cloud", f"Project f{PROJECT} in GRA", UNASSIGNED),
        ("main", None, None, UNASSIGNED),
    ],
)
def test_the_first_rule_that_matches_names_the_centre(
    tmp_path: Path, account: str, service: str | None, description: str | None, expected: str
) -> None:
    rules = read_rules(written(tmp_path, RULES))
    assert centre(rules, account, service, description) == expected
    assert [(one.reference, one.amount_minor, one.currency) for one in rules.orders] == [
        ("PO-7", 120050, "EUR")
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "says nothing"),
        ("[[rule]\n", "is not TOML"),
        ('rule = "web"', "no [[rule]] table"),
        ("[[rules]]\nservice = 'a'", "has 'rules', which is not known; known are rule, order"),
        ("[[rule]]\ncost_centre = 'a'", "rule 1 has no condition"),
        ("[[rule]]\nservice = 'a'", "rule 1 needs cost_centre"),
        ("[[rule]]\ncost_centre = ''\nservice = 'a'", "rule 1 needs cost_centre"),
        ("[[rule]]\ncost_centre = 'a'\nservice = ''", "rule 1 has a service that is no regular expression"),
        ("[[rule]]\ncost_centre = 'a'\nservice = 7", "rule 1 has a service that is no regular expression"),
        (
            "[[rule]]\ncost_centre='a'\nservice='a'\n[[rule]]\ncost_centre='b'\nproject='(x'",
            "rule 2 has a project that is no regular expression (RE2)",
        ),
        ("[[rule]]\ncost_centre = 'a'\naccount = '(?=x)'", "rule 1 has a account that is no"),
        ("[[rule]]\ncost_centre = 'a'\nservise = 'a'", "rule 1 has 'servise', which is not known"),
        ("[[order]]\nreference = 'P'\namount = '1.234'\ncurrency = 'EUR'", "order 1 needs an amount in EUR"),
        ("[[order]]\nreference = 'P'\namount = 'nan'\ncurrency = 'EUR'", "order 1 needs an amount in EUR"),
        ("[[order]]\nreference = 'P'\namount = true\ncurrency = 'EUR'", "order 1 needs an amount in EUR"),
        ("[[order]]\nreference = 'P'\namount = '-1'\ncurrency = 'EUR'", "order 1 needs an amount in EUR"),
        ("[[order]]\nreference = 'P'\ncurrency = 'EUR'", "order 1 needs an amount in EUR"),
        ("[[order]]\nreference = 'P'\namount = '1'", "order 1 needs currency"),
        ("[[order]]\nreference = 'P'\namount = 1\ncurrency = 'EUR'\n" * 2, "gives an order's amount twice"),
    ],
)
def test_a_file_that_is_wrong_is_told_with_its_rule(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(Fault) as refused:
        read_rules(path)
    assert refused.value.kind == "configuration"
    assert str(path) in refused.value.message
    assert said in refused.value.message


def test_bytes_that_are_no_text_and_no_file(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(Fault, match="is not TOML"):
        read_rules(tmp_path / FILE)
    with pytest.raises(Fault, match="cannot be read"):
        read_rules(tmp_path / "none.toml")


def test_where_rules_are_looked_for(tmp_path: Path) -> None:
    archive, config = tmp_path / "archive", tmp_path / "config"
    archive.mkdir()
    config.mkdir()
    assert rules_in(archive, config) == Rules()
    assert centre(Rules(), "main", "web-1", "x") == UNASSIGNED
    written(config, RULES)
    assert rules_in(archive, config).path == config / FILE
    written(archive, RULES)
    assert rules_in(archive, config).path == archive / FILE
    with pytest.raises(Fault, match="cannot be read"):
        rules_in(archive, config, tmp_path / "none.toml")


PLAIN = some.text(alphabet="ab'\\\"$%-é", min_size=1, max_size=4)
CONDITION = some.one_of(some.none(), PLAIN)
RULE = some.builds(
    Rule,
    cost_centre=PLAIN,
    service=CONDITION,
    account=some.none(),
    description=CONDITION,
    project=some.none(),
).filter(lambda rule: any(getattr(rule, name) is not None for name in CONDITIONS))


@given(
    rules=some.lists(RULE, max_size=4),
    service=some.none() | PLAIN,
    description=some.none() | PLAIN,
)
def test_sql_says_what_the_rules_say(rules: list[Rule], service: str | None, description: str | None) -> None:
    """Names and patterns of any text stand in the SQL as what they are, and the order of rules decides."""

    def matches(rule: Rule) -> bool:
        pairs = ((rule.service, service), (rule.description, description))
        return all(pattern is None or pattern in (text or "") for pattern, text in pairs)

    expected = next((rule.cost_centre for rule in rules if matches(rule)), UNASSIGNED)
    literal = tuple(
        Rule(
            rule.cost_centre,
            service=None if rule.service is None else re.escape(rule.service),
            description=None if rule.description is None else re.escape(rule.description),
        )
        for rule in rules
    )
    assert centre(Rules(literal), "main", service, description) == expected
