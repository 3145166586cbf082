"""What breaks the books of a world, row by row as they were read, and what the auditor is to say of it."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from simulation.auditor import Auditor
from simulation.auditor_of_down_payments import of_deductions, of_down_payments
from simulation.auditor_of_money import of_ledgers
from simulation.auditor_of_moves import of_moves, of_owners_of_use
from simulation.auditor_of_points import of_points
from simulation.auditor_of_reverse import of_reverse
from simulation.auditor_rows import Rows

DAY = timedelta(days=1)


def some(found: Iterable[Any], **wanted: Any) -> list[Any]:
    """Return the rows with these values."""
    return [each for each in found if all(getattr(each, name) == value for name, value in wanted.items())]


def found(rule: str, rows: Rows, auditor: Auditor) -> list[str]:
    """What one module of the auditor says of these rows."""
    today = max(each.issued_on for each in rows.bills)
    fresh = {(each.account_id, each.bill_id) for each in rows.bills if each.kind == "bill"}
    return list(
        {
            "moves": lambda: of_moves(rows, auditor.sales),
            "use": lambda: of_owners_of_use(rows, auditor.sales, auditor.usage),
            "points": lambda: of_points(rows, auditor.points, auditor.money, auditor.sales, today),
            "down payments": lambda: of_down_payments(rows, auditor.down_payments),
            "deductions": lambda: of_deductions(rows, auditor.down_payments, fresh),
            "reverse bills": lambda: of_reverse(rows, auditor.reverse),
            "ledgers": lambda: of_ledgers(rows, auditor.money, auditor.others(rows)),
        }[rule]()
    )


Change = Callable[[Rows, Auditor], Rows]


def change(table: str, values: Callable[[Any], dict[str, Any]], **wanted: Any) -> Change:
    """A row of a table with these values has others."""

    def changed(rows: Rows, _: Auditor) -> Rows:
        row = some(rows.found[table], **wanted)[0]
        there = [each._replace(**values(each)) if each is row else each for each in rows.found[table]]
        return Rows({**rows.found, table: there})

    return changed


def drop(table: str, **wanted: Any) -> Change:
    """A row is not there."""

    def dropped(rows: Rows, _: Auditor) -> Rows:
        row = some(rows.found[table], **wanted)[0]
        return Rows({**rows.found, table: [each for each in rows.found[table] if each is not row]})

    return dropped


def add(table: str, row: Callable[[Rows], Any], *, first: bool = False) -> Change:
    """There is one row more."""

    def added(rows: Rows, _: Auditor) -> Rows:
        there = [row(rows), *rows.found[table]] if first else [*rows.found[table], row(rows)]
        return Rows({**rows.found, table: there})

    return added


def _moved(**values: Any) -> Change:
    """The charge for days that were paid in the former account is something else."""
    return change("charges", lambda each: {n: v(each) for n, v in values.items()}, part="moved")


def _of_taker(rows: Rows) -> dict[str, Any]:
    move = rows.moves[-1]
    at = {"account_id": move.to_account_id, "service_id": move.to_service_id}
    return at | {"used_on": move.moved_on - DAY}


def _earlier_lot(rows: Rows) -> Any:
    used = some(rows.points, kind="used")[0]
    lot = some(rows.points, movement_id=used.lot_id)[0]
    return lot._replace(movement_id=0, lot_id=0)


def _owed_points(points: int) -> Callable[[Rows], Any]:
    def owed(rows: Rows) -> Any:
        lot = some(rows.points, kind="given")[-1]
        return SimpleNamespace(
            account_id=lot.account_id, bill_account_id=lot.account_id, bill_id="FR1", points=points
        )

    return owed


def _undoing(rows: Rows) -> Any:
    made = some(rows.operations, means="set-off")[0]
    day = made.occurred_on - 900 * DAY
    return made._replace(operation_id=1, kind="reopened", reverses_id=made.operation_id, occurred_on=day)


def _in_series_of(kind: str) -> Change:
    """A document is numbered with the others of a kind."""

    def moved(rows: Rows, _: Auditor) -> Rows:
        other = next(each for each in rows.bills if (each.kind == "down-payment") == (kind == "down-payment"))
        row = next(each for each in rows.bills if (each.kind == "down-payment") != (kind == "down-payment"))
        there = [each._replace(series_id=other.series_id) if each is row else each for each in rows.bills]
        return Rows({**rows.found, "bills": there})

    return moved


def _numbered_with(whose: str) -> Change:
    """A reverse bill is numbered with another supplier's, or with what the seller bills."""

    def numbered(rows: Rows, _: Auditor) -> Rows:
        mine = rows.reverse_bills[0]
        others = [each for each in rows.reverse_bills if each.account_id != mine.account_id]
        other = {"supplier": others[0].bill_id, "seller": rows.bills[0].bill_id}[whose]
        series = some(rows.numbers, bill_id=other)[0].series_id
        return change("numbers", lambda _: {"series_id": series}, bill_id=mine.bill_id)(rows, _)

    return numbered


def _ledger(role: str) -> Change:
    def booked(rows: Rows, auditor: Auditor) -> Rows:
        ledger = some(rows.chart, role=role)[0].number
        return change("postings", lambda each: {"amount_minor": each.amount_minor + 1}, ledger=ledger)(
            rows, auditor
        )

    return booked


BROKEN: list[tuple[str, str, Change]] = [
    ("moves", "went and is still there", drop("moves")),
    ("moves", "went (", change("moves", lambda each: {"moved_on": each.moved_on + DAY})),
    ("moves", "comes back", _moved(unit_price_ucents=lambda each: each.unit_price_ucents + 1_000_000)),
    ("moves", "renews days that were renewed before", _moved(kind=lambda _: "renewal")),
    ("moves", "is renewed twice", _moved(kind=lambda _: "renewal")),
    ("moves", "use of the former owner's months", _moved(
        kind=lambda _: "usage", period_start=lambda each: each.period_start - 60 * DAY)),
    ("moves", "use of the new owner's months", change(
        "charges", lambda each: {"kind": "usage", "period_start": each.period_end + DAY}, part="end-back")),
    ("moves", "renews in its former account", change(
        "charges", lambda each: {"kind": "renewal", "period_end": each.period_end + DAY}, part="end-back")),
    ("use", "is of another owner", add("used", lambda rows: rows.used[0]._replace(**_of_taker(rows)))),
    ("use", "is kept 0 times", drop("used", corrects_no=None)),
    ("use", "is kept 2 times", add("used", lambda rows: some(rows.used, corrects_no=None)[0])),
    ("points", "the movements make", change("points", lambda each: {"balance": each.balance + 1})),
    ("points", "is not as", change(
        "points", lambda each: {"worth_minor": each.worth_minor + 1}, kind="given")),
    ("points", "is not as", change("points", lambda each: {"used_bp": each.used_bp - 1}, kind="given")),
    ("points", "should have lapsed", change(
        "points", lambda each: {"lapses_on": each.occurred_on}, kind="given")),
    ("points", "points lapsed on", change("points", lambda _: {"kind": "lapsed"}, kind="used")),
    ("points", "more points went than came", change("points", lambda _: {"points": -10**9}, kind="used")),
    ("points", "others lapse before", add("points", _earlier_lot, first=True)),
    ("points", "brings other points", change(
        "points", lambda each: {"points": each.points + 1}, kind="earned")),
    ("points", "points moved, told was", change(
        "points", lambda each: {"points": each.points + 1}, kind="given")),
    ("points", "owes points and has", add("points_owed", _owed_points(3))),
    ("points", "is owed -3 points", add("points_owed", _owed_points(-3))),
    ("points", "points of nothing", add("points_owed", _owed_points(3))),
    ("points", "its points were worth", change(
        "lots", lambda each: {"amount_minor": each.amount_minor + 1}, type="BONUS")),
    ("down payments", "was wanted", change(
        "bills", lambda each: {"net_minor": each.net_minor + 1}, kind="down-payment")),
    ("down payments", "was never asked for", add(
        "bills", lambda rows: some(rows.bills, kind="down-payment")[0]._replace(bill_id="FRAC99"))),
    ("down payments", "has other lines", change(
        "details", lambda _: {"kind": "one-off"}, of_kind="down-payment")),
    ("down payments", "numbered in one series", _in_series_of("down-payment")),
    ("down payments", "in the register", change("uses", lambda each: {"net_minor": each.net_minor + 1})),
    ("down payments", "is no down payment before it", change(
        "details", lambda _: {"part": "FR00000001/1"}, kind="deduction")),
    ("down payments", "was deducted or taken back", change(
        "details", lambda _: {"net_minor": -10**9}, kind="deduction")),
    ("deductions", "that are paid", change("details", lambda _: {"net_minor": -10**9}, kind="deduction")),
    ("deductions", "could deduct", drop("details", kind="deduction")),
    ("reverse bills", "supplied was", change(
        "reverse_bills", lambda each: {"net_minor": each.net_minor + 1})),
    ("reverse bills", "its VAT", change("reverse_bills", lambda each: {"vat_waits": not each.vat_waits})),
    ("reverse bills", "its days are", change(
        "reverse_bills", lambda each: {"due_on": each.due_on + DAY}, kind="self-billed")),
    ("reverse bills", "its VAT is not", change("reverse_taxes", lambda _: {"tax_minor": 7})),
    ("reverse bills", "its lines are not", change("reverse_details", lambda _: {"domain": "R0"})),
    ("reverse bills", "is not there", drop("reverse_bills", kind="self-billed")),
    ("reverse bills", "its credit note", drop("reverse_bills", kind="self-billed-credit")),
    ("reverse bills", "was never made", add(
        "reverse_bills", lambda rows: rows.reverse_bills[0]._replace(bill_id="FRS9"))),
    ("reverse bills", "is numbered in", _numbered_with("supplier")),
    ("reverse bills", "numbers bills of {", _numbered_with("supplier")),
    ("reverse bills", "of both kinds", _numbered_with("seller")),
    ("reverse bills", "told was", change("refunds", lambda each: {"amount_minor": each.amount_minor + 1})),
    ("reverse bills", "told was", change("refunds", lambda _: {"state": "asked"}, state="paid")),
    ("reverse bills", "was never asked for", add(
        "refunds", lambda rows: rows.refunds[0]._replace(refund_id=999))),
    ("reverse bills", "sets off otherwise", change(
        "operations", lambda each: {"amount_minor": each.amount_minor + 1}, means="set-off")),
    ("reverse bills", "told was None", add(
        "operations", lambda rows: some(rows.operations, means="set-off")[0]._replace(operation_id=1))),
    ("reverse bills", "was undone by nobody", add("operations", _undoing)),
    ("reverse bills", "the register sets off", drop("set_offs")),
    *(("ledgers", f"ledger {role} is", _ledger(role)) for role in (
        "down_payment", "points", "supplier", "bought_services", "receivable", "credit_given", "bank")),
]  # fmt: skip
