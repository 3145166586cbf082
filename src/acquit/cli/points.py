"""`acquit points`: what a seller gives for what is paid, and the points of its accounts."""

from datetime import date
from typing import Annotated

from cyclopts import App, Parameter

from acquit.actions.count_points import count_points
from acquit.actions.give_points import give_points, take_points
from acquit.actions.loading import date_of, entity_in
from acquit.actions.order_points import order_points
from acquit.actions.set_points_programme import (
    end_points_programme,
    programmes_of,
    set_points_programme,
)
from acquit.actions.show_points import Points, points_of
from acquit.actions.use_points import use_points
from acquit.cli.program import Given
from acquit.cli.screen import table
from acquit.core.discount import percent as shown_percent
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.money import Currency, parsed, plain, scaled
from acquit.core.point import Programme

app = App(name="points", help="Points: open a programme, give, use, show.")

OfSeller = Annotated[str, Parameter(name="--legal-entity", help="The seller, as in FR.")]
ForAccount = Annotated[str, Parameter(name="--account", help="The account, as in ab12345-acq.")]
How = Annotated[int, Parameter(name="--points", help="How many.")]
Why = Annotated[str, Parameter(help="Why; the account sees it.")]
Operator = Annotated[str | None, Parameter(help="Who does it, by operator id.")]
In = Annotated[str | None, Parameter(help="Of accounts in this currency; the seller's if not given.")]


def _actor(operator: str | None) -> str:
    return "cli" if operator is None else f"operator:{operator}"


@app.command(name="open")
def open_programme(
    *,
    legal_entity: OfSeller,
    points: Annotated[int, Parameter(help="Points that are given …")],
    per: Annotated[str, Parameter(help="… per so much net that is paid, as in 10.00.")],
    worth: Annotated[str, Parameter(help="What one point is worth, as in 0.05.")],
    expected: Annotated[str, Parameter(help="Share of points that is used, in percent.")] = "100",
    lapse_months: Annotated[int | None, Parameter(help="Months until points lapse; else never.")] = None,
    sold: Annotated[bool, Parameter(negative="", help="Points can be bought at their worth.")] = False,
    without_plan: Annotated[list[str] | None, Parameter(help="A plan that earns nothing.")] = None,
    without_kind: Annotated[list[str] | None, Parameter(help="A kind of line that earns nothing.")] = None,
    currency: In = None,
    from_: Annotated[date | None, Parameter(name="--from", help="First day, today if not given.")] = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Give points for what is paid, or give others from a day on."""
    legal_entity_id = LegalEntityId(legal_entity)
    with program.open() as context:
        with context.database.read() as tx:
            entity = entity_in(tx, legal_entity_id)
        kept_in = Currency(currency or entity.currency)
        asked = Programme(
            legal_entity_id, kept_in, from_ or date_of(context, entity), points, parsed(per, kept_in),
            parsed(worth, kept_in), scaled(expected, 2), lapse_months, sold, tuple(without_plan or ()),
            tuple(without_kind or ()),
        )  # fmt: skip
        made = set_points_programme(context, asked, by=_actor(operator))
    program.screen.answer(made, _programmes([made]))


@app.command(name="end")
def end_programme(
    *, legal_entity: OfSeller, currency: In = None, operator: Operator = None, program: Given
) -> None:
    """Give no points any more from tomorrow on; those that are there stay."""
    with program.open() as context:
        kept_in = None if currency is None else Currency(currency)
        ended = end_points_programme(context, LegalEntityId(legal_entity), kept_in, by=_actor(operator))
    program.screen.answer(ended, _programmes([ended]))


@app.command(name="list")
def list_programmes(*, legal_entity: OfSeller, program: Given) -> None:
    """List what a seller gave and gives points for."""
    with program.open() as context:
        found = programmes_of(context, LegalEntityId(legal_entity))
    program.screen.answer(found, _programmes(found) if found else "No programme of points.")


@app.command(name="count")
def count(*, program: Given) -> None:
    """Count at once what was paid since; the worker does within a minute."""
    with program.open() as context:
        changed = count_points(context, by="cli")
    program.screen.answer({"bills": changed}, f"{changed} bills changed points.")


@app.command(name="give")
def give(*, account: ForAccount, points: How, reason: Why, operator: Operator = None, program: Given) -> None:
    """Give an account points."""
    with program.open() as context:
        give_points(context, AccountId(account), points, reason, by=_actor(operator))
        found = points_of(context, AccountId(account))
    program.screen.answer(found, *_shown(found))


@app.command(name="take")
def take(*, account: ForAccount, points: How, reason: Why, operator: Operator = None, program: Given) -> None:
    """Take points of an account that it earned or was given."""
    with program.open() as context:
        take_points(context, AccountId(account), points, reason, by=_actor(operator))
        found = points_of(context, AccountId(account))
    program.screen.answer(found, *_shown(found))


@app.command(name="use")
def use(*, account: ForAccount, points: How, operator: Operator = None, program: Given) -> None:
    """Make credit of an account's points, what lapses first before the rest."""
    with program.open() as context:
        use_points(context, AccountId(account), points, by=_actor(operator))
        found = points_of(context, AccountId(account))
    program.screen.answer(found, *_shown(found))


@app.command(name="order")
def order(*, account: ForAccount, points: How, operator: Operator = None, program: Given) -> None:
    """Order points for an account where they are sold: a transfer with the reference buys them."""
    with program.open() as context:
        made = order_points(context, AccountId(account), points, by=_actor(operator))
    rows = [
        (made.order_id, made.points, plain(made.amount_minor, made.currency), made.currency, made.reference)
    ]
    program.screen.answer(made, table(">order", ">points", ">amount", "", "reference", rows=rows))


@app.command(name="show")
def show(account: str, *, program: Given) -> None:
    """Show an account's points: what is left and lapses when, the latest movements, what it owes."""
    with program.open() as context:
        found = points_of(context, AccountId(account))
    program.screen.answer(found, *_shown(found))


def _shown(found: Points) -> tuple[object, ...]:
    lots = [
        (each.lot_id, each.kind.value, each.left, plain(each.left * each.worth_minor, each.currency),
         each.currency, each.lapses_on or "never")
        for each in found.lots
    ]  # fmt: skip
    moved = [
        (each.movement_id, each.recorded_at.date(), each.kind.value, each.points, each.balance,
         each.bill_id or each.reason or (f"order {each.order_id}" if each.order_id else ""))
        for each in found.movements
    ]  # fmt: skip
    owed = sum(each.points for each in found.owed)
    said = f"{found.balance} points." + (
        f" {owed} points are owed: the next ones go to them." if owed else ""
    )
    return (
        said,
        table(">lot", "came as", ">left", ">worth", "", "lapses", rows=lots),
        table(">", "on", "kind", ">points", ">after", "for", rows=moved),
    )


def _programmes(found: list[Programme]) -> object:
    rows = [
        (
            each.from_on, each.currency,
            f"{each.points} per {plain(each.per_minor, each.currency)}" if each.points else "ended",
            plain(each.worth_minor, each.currency), f"{shown_percent(each.used_bp)} %",
            each.lapse_months or "never", ", ".join([*each.without_plans, *each.without_kinds]),
        )
        for each in found
    ]  # fmt: skip
    return table("from", "", "points", ">worth", ">used", ">lapse, months", "not for", rows=rows)
