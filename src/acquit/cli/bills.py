"""`acquit bills`: run a period, look at runs and bills."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from cyclopts import App, Parameter

from acquit.actions.compare_runs import Comparing, compare_posted
from acquit.actions.context import Context
from acquit.actions.loading import date_of, entity_in
from acquit.actions.run_bills import RunReport, run_bills
from acquit.cli import bill_changes, bill_families
from acquit.cli.bill_check import check, rules
from acquit.cli.bill_paper import paper
from acquit.cli.bill_proof import comparison_tables, document, explain, replay
from acquit.cli.bill_queue import parked, retry
from acquit.cli.down_payment import became_of, down_payment, down_payments_of
from acquit.cli.program import Given, Program, Yes
from acquit.cli.screen import Screen, facts, table
from acquit.core.account import NoSuchLegalEntity
from acquit.core.bill import Bill, BillKind, NoSuchBill
from acquit.core.bill_run import NoSuchRun, months_ahead, period
from acquit.core.comparison import Comparison
from acquit.core.errors import Invalid, NotFound
from acquit.core.identifiers import BillId, LegalEntityId
from acquit.core.money import Currency, plain
from acquit.store import bills, carried_charges, holds, legal_entities, runs
from acquit.store.carried_charges import CarriedThen
from acquit.store.holds import HeldThen
from acquit.store.runs import Parked, Run

REFUSED = 1
SHOWN_MAX = 20
PROCESSES_MAX = 64
MONTHS_AHEAD_MAX = 1

app = App(name="bills", help="Run a period, look at runs and bills.")
for command in (
    parked, retry, check, rules, explain, replay, paper,
    bill_changes.credit, bill_changes.correct, bill_changes.held, bill_changes.extend, bill_changes.release,
    bill_families.view, bill_families.share, bill_families.statement, down_payment,
):  # fmt: skip
    app.command(command)
app.command(down_payments_of, name="down-payments")


class BadProcesses(Invalid):
    """So many processes cannot bill at once."""

    code = "bad-processes"


class StrictAlone(Invalid):
    """Only a rehearsal is strict: a run has its drafts judged as far as they are new."""

    code = "strict-alone"


@app.command
def run(
    *,
    period: Annotated[str, Parameter(help="The month to bill, as in 2026-11.")],
    legal_entity: Annotated[str | None, Parameter(help="Only this seller.")] = None,
    dry_run: Annotated[bool, Parameter(negative="", help="Write nothing; tell the same totals.")] = False,
    strict: Annotated[
        bool, Parameter(negative="", help="With --dry-run: the official rules judge every draft.")
    ] = False,
    page_size: Annotated[int, Parameter(help="Accounts per transaction.")] = 5_000,
    processes: Annotated[int, Parameter(help="How many bill at once.")] = 1,
    diff: Annotated[bool, Parameter(negative="", help="Compare with the month before.")] = False,
    yes: Yes = False,
    program: Given,
) -> int:
    """Bill a period: renewals that start in it and charges accepted by its end.

    Run again, it bills only what is still open. Asks before it bills a month later than the next. Exits 1
    while accounts are parked.
    """
    asked = Asked(period, dry_run, page_size, _checked_processes(processes), diff, strict)
    if strict and not dry_run:
        raise StrictAlone("--strict judges drafts that are not issued: write it with --dry-run.")
    screen = program.screen
    found: list[RunReport] = []
    compared: dict[LegalEntityId, Comparison] = {}
    with program.open() as context:
        entities = _entities(context, legal_entity)
        if not dry_run:
            _confirm_far(program, context, entities, asked.period, yes)
        for entity_id in entities:
            reports, comparison = _run_entity(program, context, entity_id, asked)
            found += reports
            if comparison is not None:
                compared[entity_id] = comparison
        _tell_waiting(context, screen, found)
    documents = [document(report, compared.get(report.legal_entity)) for report in found]
    tables = [shown for each in compared.values() for shown in comparison_tables(each)]
    screen.answer(documents[0] if len(documents) == 1 else documents, _report_table(found), *tables)
    return REFUSED if any(report.parked for report in found) else 0


@dataclass(frozen=True, slots=True)
class Asked:
    """How a period is asked to be run."""

    period: str
    dry_run: bool
    page_size: int
    processes: int
    diff: bool
    strict: bool


def _confirm_far(
    program: Program, context: Context, entities: Sequence[LegalEntityId], text: str, yes: bool
) -> None:
    """Ask before months are billed that have not begun. Raises NotConfirmed, BadPeriod."""
    wanted = period(text)
    with context.database.read() as tx:
        today = min(date_of(context, entity_in(tx, each)) for each in entities)
    ahead = months_ahead(wanted, today)
    if ahead > MONTHS_AHEAD_MAX:
        program.screen.confirm(
            f"{wanted} is {ahead} months ahead: every renewal that starts by {wanted.last_on} would be "
            "billed now, and a bill is final. Bill them?",
            yes,
        )


def _checked_processes(processes: int) -> int:
    if not 1 <= processes <= PROCESSES_MAX:
        raise BadProcesses(f"Between 1 and {PROCESSES_MAX} processes can bill at once, not {processes}.")
    return processes


def _run_entity(
    program: Program, context: Context, entity_id: LegalEntityId, asked: Asked
) -> tuple[list[RunReport], Comparison | None]:
    """Run the period of one seller, with a crew and a comparison when they are asked for."""
    rows_max = None if program.options.json else SHOWN_MAX
    comparing = Comparing(context, entity_id, asked.period, rows_max) if asked.diff else None
    alone = asked.processes == 1 or asked.dry_run
    crew = nullcontext(None) if alone else program.crew(asked.processes - 1)
    with program.screen.progress(f"Bills of {entity_id}, {asked.period}", 100) as advance, crew as others:
        reports = run_bills(
            context, entity_id, asked.period, dry_run=asked.dry_run, strict=asked.strict,
            page_size=asked.page_size,
            progress=_Percent(advance).tell, crew=others, by="cli",
            rehearsed=comparing.add if comparing is not None else None,
        )  # fmt: skip
    if comparing is None:
        return reports, None
    if asked.dry_run:
        return reports, comparing.finish()
    return reports, compare_posted(context, entity_id, asked.period, rows_max)


@app.command
def show(
    bill: Annotated[str | None, Parameter(help="The number of a bill.")] = None,
    *,
    period: Annotated[str | None, Parameter(help="A month that was run.")] = None,
    legal_entity: Annotated[str | None, Parameter(help="Only this seller.")] = None,
    program: Given,
) -> None:
    """Show one bill, or the runs of a period with what they parked, held and carried, or the latest runs."""
    with program.open() as context:
        if bill is not None:
            _show_bill(context, program.screen, BillId(bill))
        elif period is not None:
            _show_period(context, program.screen, period, legal_entity)
        else:
            _show_runs(context, program.screen)


class _Percent:
    """Turns accounts done into steps of a bar of 100."""

    def __init__(self, advance: Any) -> None:
        self._advance = advance
        self._shown = 0

    def tell(self, done: int, accounts: int) -> None:
        reached = 100 * done // max(accounts, 1)
        self._advance(reached - self._shown)
        self._shown = reached


def _entities(context: Context, wanted: str | None) -> Sequence[LegalEntityId]:
    with context.database.read() as tx:
        known = [entity.legal_entity_id for entity in legal_entities.every(tx)]
    if wanted is not None and wanted not in known:
        raise NoSuchLegalEntity(wanted)
    if not known:
        raise NotFound("There is no legal entity yet; `acquit init` makes one.")
    return known if wanted is None else [LegalEntityId(wanted)]


def _tell_waiting(context: Context, screen: Screen, reports: Sequence[RunReport]) -> None:
    """Name what was not billed: accounts parked with their problems, drafts held for their order, carried."""
    more = f"acquit bills show --period {reports[0].period}"
    with context.database.read() as tx:
        for run_id in sorted({report.run for report in reports if report.run is not None}):
            waiting = runs.parked(tx, run_id)
            for each in waiting[:SHOWN_MAX]:
                screen.warn(f"{each.account_id} is parked: {'; '.join(map(str, each.problems))}")
            if len(waiting) > SHOWN_MAX:
                screen.warn(f"{len(waiting) - SHOWN_MAX} more are parked: {more}")
            held = len(runs.held(tx, run_id))
            if held:
                screen.say(f"{held} held for their purchase order, accrued and not billed: {more}")
    notes = sum({report.legal_entity: report.credit_notes for report in reports}.values())
    if notes:
        screen.say(f"{notes} credit notes take back what comes back, on the bills that it comes from.")
    for report in reports:
        if report.carried:
            amount = plain(report.carried_minor, report.currency)
            screen.say(
                f"{report.carried} carried, {amount} {report.currency} net: no bill is of nothing or less, "
                f"the charges wait for others: {more}"
            )


def _report_table(reports: Sequence[RunReport]) -> object:
    return table(
        "seller", "period", "status", ">bills", ">now", ">parked", ">carried", ">net", ">VAT", ">total", "",
        "numbers",
        rows=[
            (
                each.legal_entity, each.period, each.status.value, each.bills, each.posted_now, each.parked,
                each.carried, plain(each.net_minor, each.currency), plain(each.tax_minor, each.currency),
                plain(each.total_minor, each.currency), each.currency,
                f"{each.first_number} - {each.last_number}" if each.first_number else "",
            )
            for each in reports
        ],
    )  # fmt: skip


def _show_bill(context: Context, screen: Screen, bill_id: BillId) -> None:
    with context.database.read() as tx:
        account_id = bills.account_of(tx, bill_id)
        found = None if account_id is None else bills.find(tx, account_id, bill_id)
    if found is None:
        raise NoSuchBill(bill_id)
    if found.kind is BillKind.DOWN_PAYMENT:
        became, shown = became_of(context, found)
        screen.answer(asdict(found) | {"down_payment": became}, _head(found), _detail_table(found), *shown)
        return
    screen.answer(found, _head(found), _detail_table(found))


def _head(bill: Bill) -> object:
    currency = Currency(bill.currency)
    return facts(
        bill=f"{bill.bill_id} ({bill.kind.value})",
        account=bill.account_id,
        payer=bill.payer_id,
        issued=bill.issued_on,
        due=f"{bill.due_on} ({bill.term_days} days, {bill.term_method})",
        purchase_order=bill.purchase_order_reference,
        net=f"{plain(bill.net_minor, currency)} {currency}",
        VAT=f"{plain(bill.tax_minor, currency)} {currency}",
        total=f"{plain(bill.total_minor, currency)} {currency}",
        reference=bill.payment_reference,
        **_told(bill),
    )


def _told(bill: Bill) -> dict[str, object]:
    """Return what a bill says beside its amounts, where it says it."""
    currency, exchange = Currency(bill.currency), bill.exchange
    found: dict[str, object] = {}
    if bill.collected_on is not None:
        found["debited"] = bill.collected_on
    if bill.prepaid_minor:
        found["paid_before"] = f"{plain(bill.prepaid_minor, currency)} {currency}"
    if exchange is not None:
        told = plain(bill.accounting_tax_minor or 0, exchange.into)
        found["VAT_there"] = f"{told} {exchange.into} (rate of {exchange.published_on})"
    if bill.cost_account:
        found["cost_account"] = bill.cost_account
    if bill.contract:
        found["contract"] = bill.contract
    return found


def _detail_table(bill: Bill) -> object:
    currency = Currency(bill.currency)
    return table(
        ">", "service", "what", "from", "to", ">quantity", ">net",
        rows=[
            (
                each.detail_no, each.domain, each.description, each.period_start, each.period_end,
                f"{each.quantity_e4 // 10_000}.{each.quantity_e4 % 10_000:04d}".rstrip("0").rstrip("."),
                plain(each.net_minor, currency),
            )
            for each in bill.details
        ],
    )  # fmt: skip


def _show_runs(context: Context, screen: Screen) -> None:
    with context.database.read() as tx:
        found = runs.recent(tx)
    rows = [
        (each.legal_entity_id, each.period, each.status.value, each.opened_at.date(), each.closed_at)
        for each in found
    ]
    screen.answer(found, table("seller", "period", "status", "opened", "closed", rows=rows))


def _show_period(context: Context, screen: Screen, text: str, wanted: str | None) -> None:
    month, documents, shown = str(period(text)), [], []
    for entity_id in _entities(context, wanted):
        with context.database.read() as tx:
            found = runs.find(tx, entity_id, month)
            if found is None:
                continue
            parked, held = runs.parked(tx, found.run_id), holds.of_run(tx, found.run_id)
            carried = carried_charges.carried(tx, entity_id, period(text).last_on)
            totals = runs.page_totals(tx, found.run_id)
        documents.append({"run": found, "totals": totals, "parked": parked, "held": held, "carried": carried})
        shown += [*_period_tables(found, parked, held), *_carried_tables(carried)]
    if not documents:
        raise NoSuchRun(f"{month} was not run; `acquit bills run --period {month}` does.", period=month)
    screen.answer(documents[0] if len(documents) == 1 else documents, *shown)


def _period_tables(run: Run, parked: Sequence[Parked], held: Sequence[HeldThen]) -> list[object]:
    shown: list[object] = [f"{run.legal_entity_id} {run.period}: {run.status.value}"]
    if parked:
        rows = [(each.account_id, "; ".join(map(str, each.problems))) for each in parked]
        shown.append(table("parked", "why", rows=rows))
    if held:
        amounts = [
            (
                each.account_id, plain(each.amount_minor, each.currency), each.currency, each.reason,
                each.until_on, _became(run, each),
            )
            for each in held
        ]  # fmt: skip
        shown.append(table("held", ">net", "", "order", "until", "now", rows=amounts))
    return shown


def _carried_tables(carried: Sequence[CarriedThen]) -> list[object]:
    """Return what waits for other charges, and why."""
    rows = [
        (
            each.account_id, each.charges, plain(each.net_minor, each.currency), each.currency, each.since_on,
            "more comes back than is charged" if each.net_minor else "it comes to nothing",
        )
        for each in carried
    ]  # fmt: skip
    return [table("carried", ">charges", ">net", "", "since", "why", rows=rows)] if rows else []


def _became(run: Run, held: HeldThen) -> str:
    """Return what became of something that was held back."""
    if held.goes_on_in is None:
        assert held.released_at is not None, "a hold that goes on goes on in some month"
        return f"released on {held.released_at.date()}"
    return "held" if held.goes_on_in == run.period else f"held by the run of {held.goes_on_in}"
