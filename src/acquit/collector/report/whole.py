"""The whole report: every answer that is asked for, from one connection."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from acquit.collector.report.answer import Answer, Question
from acquit.collector.report.asking import Asking, begin
from acquit.collector.report.changes import changes
from acquit.collector.report.orders import orders
from acquit.collector.report.owed import owed
from acquit.collector.report.spent import spent
from acquit.collector.report.trust import trust
from acquit.collector.tables import open_tables

SECTIONS: Final[dict[str, tuple[str, ...]]] = {
    "headline": ("headline",),
    "due": ("due", "due-orders"),
    "ageing": ("ageing", "ageing-accounts"),
    "orders": ("orders",),
    "without-order": ("without-order-reasons", "without-order"),
    "months": ("months",),
    "changes": ("changes", "change-accounts", "change-services"),
    "accounts": ("accounts",),
    "services": ("services",),
    "cost-centres": ("cost-centres",),
    "changed": ("changed",),
    "debts-without-bill": ("debts-without-bill",),
    "completeness": ("completeness",),
}
"""In the order of the page: the answers of each section."""

HEADLINE: Final = """
    SELECT figure, currency, amount_minor, counted_count FROM (
        SELECT 1 AS no, 'owed' AS figure, currency, sum(due_minor) AS amount_minor, count(*) AS counted_count
          FROM owed GROUP BY currency
        UNION ALL
        SELECT 2, 'overdue', currency, sum(due_minor), count(*) FROM owed WHERE due_on < $as_of GROUP BY
          currency
        UNION ALL
        SELECT 3, 'due_30', currency, sum(due_minor), count(*) FROM owed
         WHERE due_on >= $as_of AND due_on < $as_of + 30 GROUP BY currency
        UNION ALL
        SELECT 4, 'month_net', currency, sum(net_minor), sum(bills_count) FROM bill_month
         WHERE month_on = $month_on GROUP BY currency
        UNION ALL
        SELECT 5, 'before_net', currency, sum(net_minor), sum(bills_count) FROM bill_month
         WHERE month_on = $before_on GROUP BY currency
        UNION ALL
        SELECT 6, 'without_order', currency, sum(total_minor), sum(bills_count) FROM bill_month
         WHERE purchase_order IS NULL AND is_asked GROUP BY currency)
     ORDER BY currency, no"""

LATER: Final = """
    SELECT coalesce(sum(bills_count), 0) FROM bill_day SEMI JOIN chosen USING (account)
     WHERE issued_on > $as_of"""

PARTS: Final[dict[Callable[[Asking], list[Answer]], tuple[str, ...]]] = {
    owed: ("headline", "due", "ageing", "debts-without-bill"),
    spent: ("months", "accounts", "services", "cost-centres"),
    changes: ("changes",),
    orders: ("orders", "without-order"),
    trust: ("changed", "completeness"),
}
"""Which sections each part is asked for."""


@dataclass(frozen=True, slots=True)
class Report:
    """The question and its answers by name; `later_count` bills are dated after its day and left out."""

    question: Question
    answers: dict[str, Answer]
    later_count: int = 0

    def section(self, name: str) -> list[Answer]:
        """Return the answers of the section, those that were asked for."""
        return [self.answers[one] for one in SECTIONS[name] if one in self.answers]

    @property
    def sections(self) -> list[str]:
        """The sections that have an answer, in the order of the page."""
        return [name for name in SECTIONS if self.section(name)]

    @property
    def is_complete(self) -> bool | None:
        """Whether every account was gathered whole and of late; None when that was not asked."""
        answer = self.answers.get("completeness")
        if answer is None:
            return None
        lacking = ("without_details_count", "without_paper_count")
        return all(
            answer.value(row, "state") == "current" and not any(answer.value(row, name) for name in lacking)
            for row in answer.rows
        )

    def document(self) -> dict[str, Any]:
        """Return the report as one JSON document."""
        asked = self.question
        return {
            "as_of": asked.as_of, "since": asked.since, "until": asked.until_on, "month": asked.month_on,
            "compared_with": asked.before_on, "accounts": list(asked.accounts),
            "rules": None if asked.rules.path is None else str(asked.rules.path),
            "complete": self.is_complete, "later_bills_left_out": self.later_count,
            "answers": {
                answer.name: {
                    "rows": answer.records(answer.rows), "totals": answer.records(answer.totals),
                    "left_out": answer.left_out,
                }
                for answer in self.answers.values()
            },
        }  # fmt: skip


def report_on(archive: Path, question: Question, only: tuple[str, ...] = ()) -> Report:
    """Return the answers of these sections; none named: all. Raises Fault (archive, question)."""
    wanted = set(only or SECTIONS)
    with open_tables(archive) as db:
        asking = begin(db, question)
        found = [
            answer for part, sections in PARTS.items() if wanted & set(sections) for answer in part(asking)
        ]
        if "headline" in wanted:
            found.insert(0, asking.answer("headline", HEADLINE))
        later = asking.run(LATER)[0][0]
    named = {answer.name: answer for answer in found}
    kept = [one for section in SECTIONS if section in wanted for one in SECTIONS[section]]
    return Report(question, {name: named[name] for name in kept}, later)
