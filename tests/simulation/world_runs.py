"""The month is billed: rehearsed, crashed, run twice at once, retried, replayed; and judged every time."""

import csv
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from threading import Thread
from typing import Final

import psycopg

from acquit.actions.audit_books import audit_books
from acquit.actions.count_points import count_points
from acquit.actions.export_books import export_down_payments, export_fec
from acquit.actions.replay_run import replay_run
from acquit.actions.report_vat import report_vat
from acquit.actions.retry_parked import retry_parked
from acquit.actions.run_bills import RunReport, run_bills
from acquit.actions.set_legal_party import set_legal_party
from acquit.actions.view_family import view_family
from acquit.core.family_view import GroupedBy
from acquit.core.identifiers import AccountId
from acquit.core.period import span
from fec_checker import checked
from founding import FR
from simulation.auditor_calendar import DAY, month_end, month_of
from simulation.auditor_of_bills import totals
from simulation.world import BEGINS, PARENT, SUBS, World, days_later, party_of

CRASH: Final = """
    CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the connection is gone' USING ERRCODE = '57P01'; END $$;
    CREATE TRIGGER crash AFTER INSERT OR UPDATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION crash()
"""

WRITTEN: Final = (
    "snapshot", "service", "planned_change", "service_agreement", "charge", "usage_rating", "parked_account",
    "held_bill", "series", "bill", "bill_detail", "bill_tax", "bill_number", "bill_slice", "bill_order",
    "debt", "debt_operation", "credit_movement", "entry", "posting", "purchase_order_draw", "bill_run_page",
    "bill_run_input", "bill_run", "chain_head", "act",
)  # fmt: skip
"""Tables after whose writing a run may crash."""

ADVANCES: Final = "419110"
PROFIT: Final = "120000"
LOSS: Final = "129000"
"""Where a file of entries begins with what the years before earned, or lost."""


def bill_month(world: World, month: date) -> None:
    """The month is billed on the day that it is, with what can go wrong, and everything is judged."""
    rng, last_on, period = world.rng, month_end(month), f"{month:%Y-%m}"
    size = rng.choice((1, 2, 3, 100))
    world.auditor.before_run(world.today)
    rehearsed = run(world, period, size, dry_run=True)
    manner = rng.choice(("crash", "crash", "twice", "plain"))
    told = manner
    if manner == "crash":
        told = f"crash at {_crash(world, period, size)}"
    if manner == "twice":
        _twice(world, period, size)
    report = run(world, period, size)
    world.told.append(f"{world.today} run of {period}, pages of {size}, {told}: {report}")
    if manner in ("plain", "twice") and not _ran_before(world, period):
        named = ("bills", "net_minor", "tax_minor", "total_minor", "parked")
        expected = [getattr(rehearsed, each) for each in named]
        assert [getattr(report, each) for each in named] == expected, "the rehearsal told what the run did"
    expect_nothing(world, world.auditor.after_run(last_on))
    judge(world)
    _mend(world, last_on)
    replayed(world)


def _ran_before(world: World, period: str) -> bool:
    """Whether bills of the period were issued before this day: the report tells of those too."""
    return any(
        each.period == period and (each.account_id, each.bill_id) in world.auditor.seen
        for each in world.auditor.rows("bills").bills
    )


def run(world: World, period: str, size: int, *, dry_run: bool = False) -> RunReport:
    """Run the period; every report is in euros."""
    (report,) = run_bills(world.context, FR, period, page_size=size, dry_run=dry_run, by="cli")
    return report


def _crash(world: World, period: str, size: int) -> str:
    """Let a run end after some write, if it writes there; what it left is right."""
    table = world.rng.choice(WRITTEN)
    with psycopg.connect(world.url, autocommit=True) as owner:
        owner.execute(CRASH.format(table).encode())
        try:
            run(world, period, size)
        except psycopg.errors.AdminShutdown:
            world.told.append(f"{world.today} a run of {period} crashed at {table}")
        finally:
            owner.execute("DROP FUNCTION crash CASCADE")
    world.context.database.renew()
    expect_nothing(world, failed(world))
    return table


def _twice(world: World, period: str, size: int) -> None:
    """Two runs of the period at once both end well."""
    reports: list[RunReport] = []

    def bill() -> None:
        reports.append(run(world, period, size))

    threads = [Thread(target=bill) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(reports) == 2, "both runs ended well"


def _mend(world: World, last_on: date) -> None:
    """Give a parked account its street and bill it in its run."""
    parked = sorted({each.account_id for each in world.auditor.rows("parked").parked} & world.auditor.broken)
    if not parked or world.rng.random() < 0.4:
        return
    account_id = AccountId(parked[0])
    set_legal_party(world.context, account_id, party_of("FR"), by="cli")
    world.auditor.broken.discard(account_id)
    world.auditor.before_run(world.today)
    retry_parked(world.context, [account_id], by="cli")
    world.told.append(f"{world.today} mended {account_id}")
    expect_nothing(world, world.auditor.after_run(last_on))
    judge(world)


def judge(world: World) -> None:
    """The auditor finds nothing, neither does the product's own audit, and the view is its bills."""
    count_points(world.context)
    expect_nothing(world, world.auditor.judge(world.today))
    expect_nothing(world, failed(world))
    first, last = month_of(world.today), month_end(world.today)
    view = view_family(world.context, PARENT, f"{world.today:%Y-%m}", GroupedBy.SUB_ACCOUNT)
    seen = sum(each.total_minor for each in view.groups)
    assert seen == totals(world.auditor.rows("bills"), {PARENT, *SUBS}, first, last), (
        "the view is the sum of bills"
    )


def judge_years(world: World, directory: Path) -> None:
    """The file of entries of each year is lawful and holds what was posted, and its VAT is the journal's."""
    rows = world.auditor.rows("entries", "postings")
    day = {(each.account_id, each.entry_no): each.booked_on for each in rows.entries}
    for year in range(BEGINS.year, max(day.values()).year + 1):
        told = checked(export_fec(world.context, FR, span(f"{year}"), directory).path)
        booked: dict[str, int] = dict.fromkeys(told.balances, 0)
        for each in rows.postings:
            on = day[each.account_id, each.entry_no].year
            ledger = PROFIT if on < year and each.ledger >= "6" else each.ledger
            booked[ledger] = booked.get(ledger, 0) + (each.amount_minor if on <= year else 0)
        if booked.get(PROFIT, 0) > 0:
            booked[LOSS] = booked.pop(PROFIT)
        wrong = {ledger: amount for ledger, amount in booked.items() if told.balances[ledger] != amount}
        expect_nothing(world, [f"{year}: {ledger} has {amount} posted" for ledger, amount in wrong.items()])
        assert report_vat(world.context, FR, f"{year}").ties, f"seed {world.seed}: VAT of {year}"


def judge_advances(world: World, directory: Path) -> None:
    """At the end of every month the table of down payments carries what was posted by then, per currency."""
    rows = world.auditor.rows("entries", "postings")
    day = {(each.account_id, each.entry_no): each.booked_on for each in rows.entries}
    on = month_end(BEGINS)
    while on <= month_end(max(day.values())):
        posted: Counter[str] = Counter()
        for each in rows.postings:
            if each.ledger == ADVANCES and day[each.account_id, each.entry_no] <= on:
                posted[each.currency] -= each.amount_minor
        table = export_down_payments(world.context, FR, on, directory / "down-payments.csv").path
        carried: Counter[str] = Counter()
        for told in csv.DictReader(table.read_text().splitlines()):
            carried[told["currency"]] += int(told["carried"].replace(".", ""))
        expect_nothing(world, [] if posted == carried else [f"{on}: {carried} is carried, {posted} posted"])
        on = month_end(on + DAY)


def failed(world: World) -> list[str]:
    """Return what the product's own audit finds."""
    return [
        f"{each.name}: {each.differences}"
        for each in audit_books(world.context, full=True)
        if not each.passed
    ]


def replayed(world: World) -> None:
    """Every run is decided again as it was posted."""
    for each in world.auditor.rows("runs").runs:
        found = replay_run(world.context, str(each.run_id), FR).differences
        expect_nothing(world, [f"replay of {each.period}: {one}" for one in found])


def expect_nothing(world: World, differences: list[str]) -> None:
    """Pass when nothing differs; else print the seed, how to run it again, and the story."""
    if not differences:
        return
    story = "\n".join(world.told)
    found = "\n".join(differences[:20])
    raise AssertionError(
        f"Seed {world.seed}; run it alone: SEED={world.seed} make test "
        f'ARGS="tests/simulation/test_seeded_world.py".\n{story}\n{len(differences)} differences:\n{found}'
    )


def run_day(world: World, month: date) -> date:
    """Return the day on which the month is billed: near its end, or early in the next."""
    return max(world.today, month_end(month) + timedelta(days=world.rng.randint(-6, 4)))


def next_day(world: World) -> date:
    """Return another day, soon."""
    return days_later(world.today, world.rng.choice((1, 1, 2, 3, 5)))
