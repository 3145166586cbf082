"""Reports in the office: what payers owe, statements, the journal and FEC as files, VAT, rates, months."""

import os
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Final

from acquit.actions.ask_books import ask_closing
from acquit.actions.ask_vat import ask_vat
from acquit.actions.close_period import period_acts, reopen_period, seal_year
from acquit.actions.export_books import (
    export_aged_balance,
    export_bills_of,
    export_down_payments,
    export_fec,
    export_journal,
)
from acquit.actions.loading import date_of
from acquit.actions.report_vat import report_vat, vat_report_csv
from acquit.actions.state_account import state_account, statement_pdf, statement_table
from acquit.console import texts, typed
from acquit.console.listing import LAST, ROWS, link_with
from acquit.console.staff.frame import page
from acquit.console.staff.seller import seller_page, sellers_in
from acquit.console.visit import Download, Page, Redirect, Reply, Visit
from acquit.core.aged_balance import OpenAmount, aged
from acquit.core.errors import Refusal
from acquit.core.identifiers import AccountId
from acquit.core.operator import Right, require
from acquit.core.period import span, state_of
from acquit.store import office_lists, periods, receivables, vat_requests

MONTHS: Final = 18
MOVEMENTS_MAX: Final = 100
RATES_DAYS: Final = 30
CSV: Final = "text/csv; charset=utf-8"
FILES: Final = ("journal", "bills", "fec", "aged", "down-payments")
CLOSING: Final = ("ask_closing", "closing_refused")


def show_reports(visit: Visit) -> Page:
    """GET /office/reports: everything that can be looked at or taken away."""
    with visit.read() as tx:
        sellers = sellers_in(visit, tx)
        today = date_of(visit.context, sellers.entity)
        rates = office_lists.rates(tx, today - timedelta(RATES_DAYS))
    month = today.replace(day=1) - timedelta(1)
    return seller_page("reports.html", visit, sellers, month=f"{month:%Y-%m}", today=today, rates=rates)


def take_file(visit: Visit) -> Reply:
    """GET /office/reports/export/file: journal, bills, FEC, aged balance or down payments as a file."""
    with visit.read() as tx:
        entity_id = sellers_in(visit, tx).entity.legal_entity_id
    kind = typed.one_of(visit.query.get("kind", ""), FILES)
    text = visit.query.get("span", "")
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        if kind == "fec":
            made = export_fec(visit.context, entity_id, span(text), directory)
        elif kind == "journal":
            made = export_journal(visit.context, entity_id, span(text), directory / f"journal-{text}.csv")
        elif kind == "bills":
            made = export_bills_of(visit.context, entity_id, span(text), directory / f"bills-{text}.csv")
        else:
            on = typed.day(visit.query.get("on", ""))
            is_aged = kind == "aged"
            handed_out = export_aged_balance if is_aged else export_down_payments
            path = directory / ("aged-balance.csv" if is_aged else "down-payments.csv")
            made = handed_out(visit.context, entity_id, on, path)
        descriptor, kept = tempfile.mkstemp()
        os.close(descriptor)
        made.path.replace(kept)
    return Download(Path(kept), "text/plain; charset=utf-8" if kind == "fec" else CSV, made.path.name)


def show_aged(visit: Visit) -> Page:
    """GET /office/reports/aged: what payers owe by how late it is, payer by payer."""
    with visit.snapshot() as tx:
        sellers = sellers_in(visit, tx)
        entity = sellers.entity
        today = date_of(visit.context, entity)
        found = office_lists.payers(tx, entity.legal_entity_id, visit.query.get("after", ""), ROWS + 1)
        shown = found[:ROWS]
        names = dict(shown)
        opened = receivables.open_of_payers(tx, [payer for payer, _ in shown], today)
        amounts = [OpenAmount(*row) for row in opened]
    rows = [row for row in aged(amounts, today, names) if row.owed_minor or row.in_hand_minor]
    return seller_page(
        "aged.html", visit, sellers, rows=rows, today=today, is_first="after" not in visit.query,
        more=link_with(visit, after=shown[-1][0]) if len(found) > ROWS else "",
        settled=len(shown) - len({row.payer_id for row in rows}),
    )  # fmt: skip


def show_statement(visit: Visit) -> Reply:
    """GET /office/reports/statement: what changed a payer's balance; as a page, PDF or CSV."""
    payer = visit.query.get("account", "").strip()
    form = visit.query.get("form", "")
    first_on, last_on = (typed.found_day(visit.query.get(name, "")) for name in ("from", "to"))
    if not payer:
        return page("statement.html", visit, statement=None, payer="", why_not="")
    try:
        stated = state_account(visit.context, AccountId(payer), first_on, last_on)
    except Refusal as refusal:
        said = texts.refused(refusal, visit.language)
        return page("statement.html", visit, statement=None, payer=payer, why_not=said)
    if form == "pdf":
        return Download(statement_pdf(stated), "application/pdf", f"statement-{payer}.pdf", inline=True)
    if form == "csv":
        return Download(statement_table(stated), CSV, f"statement-{payer}.csv")
    return page(
        "statement.html", visit, statement=stated[0], payer=payer, why_not="", movements_max=MOVEMENTS_MAX
    )


def show_vat(visit: Visit) -> Reply:
    """GET /office/reports/vat: the VAT report of some months as it was made last; or of now, as CSV."""
    with visit.read() as tx:
        sellers = sellers_in(visit, tx)
    entity = sellers.entity
    text = visit.query.get("span", "").strip() or f"{date_of(visit.context, entity):%Y-%m}"
    days, made, waits, why_not = None, None, None, ""
    try:
        days = span(text)
        if visit.query.get("form") == "csv":
            report = report_vat(visit.context, entity.legal_entity_id, text)
            return Download(vat_report_csv(report), CSV, f"vat-{text}.csv")
    except Refusal as refusal:
        why_not = texts.refused(refusal, visit.language)
    if days is not None:
        with visit.snapshot() as tx:
            made = vat_requests.latest(tx, entity.legal_entity_id, days.text, is_made=True)
            waits = vat_requests.latest(tx, entity.legal_entity_id, days.text, is_made=False)
    return seller_page(
        "vat.html", visit, sellers, days=days, made=made, waits=waits, why_not=why_not, text=text
    )


def ask_for_vat(visit: Visit) -> Reply:
    """POST /office/reports/vat: the report is made as soon as a worker is free."""
    with visit.read() as tx:
        entity_id = sellers_in(visit, tx).entity.legal_entity_id
    text = visit.form.text("span").strip()
    ask_vat(visit.context, entity_id, text, by=visit.actor)
    return Redirect(f"/office/reports/vat?seller={entity_id}&span={text}&done=vat-asked")


def show_periods(visit: Visit) -> Page:
    """GET /office/reports/periods: the latest months, how each is, and what was done with them."""
    with visit.read() as tx:
        sellers = sellers_in(visit, tx)
        asked = office_lists.acts(tx, LAST, 10, verbs=CLOSING)
        first = periods.opened_on(tx, sellers.entity.legal_entity_id)
    entity = sellers.entity
    known = period_acts(visit.context, entity.legal_entity_id)
    today = date_of(visit.context, entity)
    months: list[tuple[str, str]] = []
    on = today.replace(day=1)
    while first is not None and len(months) < MONTHS and on >= first.replace(day=1):
        months.append((f"{on:%Y-%m}", state_of(f"{on:%Y-%m}", known).value))
        on = (on - timedelta(1)).replace(day=1)
    return seller_page(
        "periods.html", visit, sellers, months=months, acts=list(reversed(known))[:50],
        asked=[act for act in asked if act.subject.startswith(f"{entity.legal_entity_id} ")],
    )  # fmt: skip


def change_period(visit: Visit) -> Reply:
    """POST /office/reports/periods: close a month, open it again, or seal a year."""
    with visit.read() as tx:
        entity_id = sellers_in(visit, tx).entity.legal_entity_id
    form, context = visit.form, visit.context
    verb = typed.one_of(form.text("verb"), ["close", "reopen", "seal"])
    if verb == "close":
        ask_closing(context, entity_id, form.text("month"), form.text("despite_suspense"), by=visit.actor)
    elif verb == "reopen":
        require(visit.operator, Right.REOPEN_PERIODS)
        reopen_period(context, entity_id, form.text("month"), form.text("reason"), by=visit.actor)
    else:
        year = form.text("year")
        typed.one_of(year, [year] if year.isascii() and year.isdigit() and len(year) == 4 else [])
        seal_year(context, entity_id, int(year), by=visit.actor)
    return Redirect(f"/office/reports/periods?seller={entity_id}&done=period-{verb}")
