"""A question put to the tables: what it is about is in temporary tables, each made by one pass."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import duckdb

from acquit.collector.fault import Fault
from acquit.collector.report.answer import LONG, ROWS_MAX, Answer, Kind, Question, Row, kind_of

CHOSEN: Final = """
CREATE TEMP TABLE chosen AS
    SELECT account FROM (SELECT account FROM account UNION SELECT account FROM bill_day)
     WHERE len($accounts) = 0 OR list_contains(CAST($accounts AS VARCHAR[]), account)"""

DESCRIBED: Final = """
CREATE TEMP TABLE described AS
    SELECT a.account, any_value(coalesce(s.description, a.organisation)) AS description
      FROM account AS a
      LEFT JOIN sub_account AS s ON s.account = a.parent AND s.sub_account_no = a.sub_account_no
     GROUP BY a.account"""

BILL_DAY: Final = """
CREATE TEMP TABLE day AS
    SELECT *, ($since IS NULL OR issued_on >= $since)
              AND (issued_on IS NULL OR issued_on <= $until_on) AS is_asked
      FROM bill_day SEMI JOIN chosen USING (account)
     WHERE issued_on IS NULL OR issued_on <= $as_of"""
"""Bills up to the day of the report, summed by day: what is asked of all bills is asked of these."""

BILL_MONTH: Final = """
CREATE TEMP TABLE bill_month AS
    SELECT account, currency, CAST(date_trunc('month', issued_on) AS DATE) AS month_on, purchase_order,
           purchase_order_source, is_asked, sum(net_minor) AS net_minor, sum(tax_minor) AS tax_minor,
           sum(total_minor) AS total_minor, CAST(sum(bills_count) AS BIGINT) AS bills_count,
           min(issued_on) AS first_on, max(issued_on) AS last_on
      FROM day GROUP BY ALL"""


@dataclass(frozen=True, slots=True)
class Asking:
    """A question and the connection that it is put to."""

    db: duckdb.DuckDBPyConnection
    question: Question

    def run(self, query: str, **more: object) -> list[Row]:
        """Return the rows of a query, whose `$names` are members of the question, or given here."""
        named = {name: more[name] if name in more else self._told(name) for name in _names(query)}
        return self.db.execute(query, named).fetchall()

    def columns_of(self, table: str) -> tuple[str, ...]:
        """Return the names of a table's columns."""
        return tuple(str(row[0]) for row in self.db.execute(f"DESCRIBE {table}").fetchall())

    def answer(self, name: str, query: str, *, totals: bool = False, **more: object) -> Answer:
        """Return the query's rows as an answer, in its order; at most `top` of them are shown."""
        top = (self.question.top if name in LONG else 0) or ROWS_MAX
        self.run(f"CREATE OR REPLACE TEMP TABLE answered AS {query}", **more)
        columns = self.columns_of("answered")
        rows = self.run(f"FROM answered LIMIT {top}")
        left_out = self.run("SELECT count(*) FROM answered")[0][0] - len(rows) if len(rows) == top else 0
        return Answer(name, columns, rows, self._totals(columns) if totals else (), left_out)

    def _totals(self, columns: Sequence[str]) -> list[Row]:
        adding = (Kind.MONEY, Kind.COUNT)
        kept = ", ".join(
            f"sum({name}) AS {name}" if kind_of(name) in adding
            else name if name == "currency" else f"NULL AS {name}"
            for name in columns
        )  # fmt: skip
        return self.run(f"SELECT {kept} FROM answered GROUP BY currency ORDER BY currency")  # noqa: S608 - columns of ours

    def _told(self, name: str) -> Any:
        value = getattr(self.question, name)
        return list(value) if isinstance(value, tuple) else value


def begin(db: duckdb.DuckDBPyConnection, question: Question) -> Asking:
    """Return the question, ready to be answered. Raises Fault (question) for an account that is not there."""
    asking = Asking(db, question)
    asking.run(CHOSEN)
    known = {row[0] for row in asking.run("FROM chosen")}
    for name in question.accounts:
        if name not in known:
            raise Fault(
                "question", f"The archive has no account {name!r}; `acquit collect accounts` lists them."
            )
    asking.run(DESCRIBED)
    asking.run(BILL_DAY)
    asking.run(BILL_MONTH)
    return asking


def months_are_whole(asking: Asking) -> bool:
    """Whether the days asked for are whole months of bills, so that sums by month may answer."""
    question = asking.question
    if question.since is not None and question.since.day != 1:
        return False
    if (question.until_on + timedelta(days=1)).day == 1:
        return True
    later = asking.run(
        "SELECT count(*) FROM bill_day SEMI JOIN chosen USING (account) WHERE issued_on > $until_on"
        " AND issued_on < date_trunc('month', $until_on) + INTERVAL 1 MONTH"
    )
    return bool(later[0][0] == 0)


def _names(query: str) -> list[str]:
    """Return the parameters of a query; a `$` inside a quoted text, such as a person's pattern, is none."""
    return re.findall(r"\$([a-z_]+)", re.sub(r"'(?:[^']|'')*'", "''", query))
