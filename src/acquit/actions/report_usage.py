"""Report use as a table: of months, made by the worker; behind a bill, made when its link is opened."""

import hmac
from collections.abc import Iterator, Sequence
from datetime import date

from acquit.actions.context import Context
from acquit.actions.loading import account_in, locked_account_in, today_of
from acquit.actions.show_usage import Use, current_uses, past_uses
from acquit.core.identifiers import AccountId, BillId
from acquit.core.metered_use import MeteredUse
from acquit.core.money import E4_PER_ONE, Currency, amount_minor, ucents_per_minor
from acquit.core.usage_report import NoSuchUsageReport, UsageReport, refuse_crowd, refuse_span
from acquit.documents.usage_table import UsedPart, usage_table
from acquit.store import acts, bills, metered_uses, usage_reports
from acquit.store.transaction import Transaction

AT_ONCE = 10
BEFORE = "charged before"


def ask_usage_report(
    context: Context, account_id: AccountId, from_on: date, until_on: date, *, by: str
) -> UsageReport:
    """A report on the months that begin between two days waits for the worker.

    Asked for again while it waits, it is the same report. Raises BadReportSpan, TooManyReports.
    """
    with context.database.write() as tx:
        account = locked_account_in(tx, account_id)
        refuse_span(from_on, until_on, today_of(context, tx, account))
        waiting = usage_reports.unmade(tx, account_id)
        for known in waiting:
            if (known.from_on, known.until_on) == (from_on, until_on):
                return known
        refuse_crowd(waiting)
        report = usage_reports.add(tx, account_id, from_on, until_on, by)
        acts.record(tx, by, "ask_usage_report", account_id, str(report.report_id))
        return report


def build_usage_reports(context: Context, limit: int = AT_ONCE) -> int:
    """Make reports that are waited for; return how many. Zero: none waits."""
    with context.database.read() as tx:
        waiting = usage_reports.waiting(tx, limit)
    return sum(_build(context, report) for report in waiting)


def report_token(context: Context, report_id: int) -> str:
    """Return the secret part of the link to a report."""
    return context.sealer.token(f"usage-report:{report_id}")


def bill_usage_token(context: Context, bill_id: BillId) -> str:
    """Return the secret part of the link to the use behind a bill."""
    return context.sealer.token(f"bill-usage:{bill_id}")


def usage_report(context: Context, report_id: int, token: str) -> tuple[str, bytes]:
    """Return the name and bytes of a report. Raises NoSuchUsageReport, also for a wrong link."""
    if not hmac.compare_digest(token.encode(), report_token(context, report_id).encode()):
        raise NoSuchUsageReport(report_id)
    with context.database.read() as tx:
        report = usage_reports.find_any(tx, report_id)
    if report is None or report.sha256 is None:
        raise NoSuchUsageReport(report_id)
    return report.file_name, context.archive.get(report.sha256)


def bill_usage(context: Context, bill_id: BillId, token: str) -> tuple[str, bytes]:
    """Return the use behind a bill as a table, and its name. Raises NoSuchUsageReport, also for a wrong link.

    The lines add up to the metered lines of the bill: what is billed changes no more.
    """
    if not hmac.compare_digest(token.encode(), bill_usage_token(context, bill_id).encode()):
        raise NoSuchUsageReport(bill_id)
    with context.database.snapshot() as tx:
        account_id = bills.account_of(tx, bill_id)
        bill = None if account_id is None else bills.find(tx, account_id, bill_id)
        if account_id is None or bill is None:
            raise NoSuchUsageReport(bill_id)
        language = account_in(tx, account_id).language
        uses = uses_behind(tx, account_id, bill_id)
    content = usage_table(part for use in uses for part in _billed(use, bill.currency, language))
    return f"usage-{bill_id.replace('/', '-')}.csv", content


def uses_behind(tx: Transaction, account_id: AccountId, bill_id: BillId) -> Sequence[MeteredUse]:
    """Return the uses behind the metered lines of a bill; empty when it has none."""
    key = account_id, bill_id
    return metered_uses.behind(tx, {key: bills.details(tx, account_id, bill_id)}).get(key, ())


def _build(context: Context, report: UsageReport) -> int:
    with context.database.snapshot() as tx:
        account = account_in(tx, report.account_id)
        today = today_of(context, tx, account)
        uses = past_uses(context, tx, account, report.from_on, report.until_on)
        running = today.replace(day=1)
        if report.from_on <= running <= report.until_on:
            rated = {(use.service_id, use.meter, use.period) for use in uses}
            uses += [
                use
                for use in current_uses(context, tx, account, today)
                if (use.service_id, use.meter, use.period) not in rated
            ]
    uses.sort(key=lambda use: (use.period, use.service, use.service_id, use.meter))
    content = usage_table(part for use in uses for part in _used(report.account_id, use))
    sha256 = context.archive.put(content)
    with context.database.write() as tx:
        if not usage_reports.finish(tx, report, sha256):
            return 0
        acts.record(tx, "system", "build_usage_report", report.account_id, str(report.report_id))
    return 1


def _used(account_id: AccountId, use: Use) -> Iterator[UsedPart]:
    for line in use.lines:
        yield UsedPart(
            use.period, account_id, use.service, use.meter, use.description, use.unit, line.name,
            line.quantity_e4, line.unit_price_ucents, line.net_minor, use.currency,
            "rated" if use.is_rated else "so far",
        )  # fmt: skip


def _billed(use: MeteredUse, currency: Currency, language: str) -> Iterator[UsedPart]:
    """Yield the parts of a use as they were rated, and what was charged of it before with the other sign."""
    lines = [(line.name, line.quantity_e4, line.unit_price_ucents) for line in use.lines]
    if use.before_minor:
        lines.append((BEFORE, -E4_PER_ONE, use.before_minor * ucents_per_minor(currency)))
    for name, quantity_e4, price in lines:
        yield UsedPart(
            use.period, use.owner_id, use.service, use.meter.code, use.meter.described(language),
            use.meter.symbol(language), name, quantity_e4, price, amount_minor(quantity_e4, price, currency),
            currency, "billed",
        )  # fmt: skip
