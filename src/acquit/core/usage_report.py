"""Reports of use: what an account used in some months, asked for at once and made in the background."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.identifiers import AccountId

MONTHS_MAX: Final = 24
"""How many months one report takes."""
WAITING_MAX: Final = 10
"""How many reports of one account wait at a time: others have theirs within minutes all the same."""


class NoSuchUsageReport(NotFound):
    """The account asked for no such report, or the link to it is wrong."""

    code = "no-such-usage-report"

    def __init__(self, key: object) -> None:
        super().__init__(f"The requested object ({key}) does not exist", report=str(key))


class BadReportSpan(Invalid):
    """A report begins before it ends, not after today, and takes no more months than fit."""

    code = "bad-report-span"


class TooManyReports(Conflict):
    """So many reports of the account wait already that another one is refused."""

    code = "too-many-reports"


@dataclass(frozen=True, slots=True)
class UsageReport:
    """A report on the months that begin between two days; `sha256` names its bytes once it is made."""

    account_id: AccountId
    report_id: int
    from_on: date
    until_on: date
    sha256: str | None = None

    @property
    def file_name(self) -> str:
        """The name under which the report is handed out."""
        return f"usage-{self.account_id}-{self.report_id}.csv"


def refuse_span(from_on: date, until_on: date, today: date) -> None:
    """Pass when a report can be made on these days. Raises BadReportSpan."""
    if until_on < from_on:
        raise BadReportSpan("[periodEnd] Given data is before periodStart", parameter="periodEnd")
    if from_on > today:
        raise BadReportSpan(
            "[periodStart] Nothing was used after today: begin earlier", parameter="periodStart"
        )
    months = (until_on.year - from_on.year) * 12 + until_on.month - from_on.month + 1
    if months > MONTHS_MAX:
        raise BadReportSpan(
            f"[periodEnd] {months} months are too many for one report of at most {MONTHS_MAX}: ask for "
            "several",
            parameter="periodEnd",
        )


def refuse_crowd(waiting: Sequence[UsageReport]) -> None:
    """Pass when another report of the account may wait. Raises TooManyReports."""
    if len(waiting) >= WAITING_MAX:
        raise TooManyReports(f"{len(waiting)} reports are being made: ask for more when they are there.")
