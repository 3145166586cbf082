"""`acquit catalog`: import price catalogues and look at what they sell."""

from datetime import date
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from acquit.actions.context import Context
from acquit.actions.import_catalogue import NAME, import_catalogue
from acquit.cli.account import only_legal_entity
from acquit.cli.program import Given
from acquit.cli.screen import facts, table
from acquit.core.catalogue import NoSuchPlan, Plan, Pricing
from acquit.core.money import UCENTS_PER_UNIT
from acquit.store import catalogues
from acquit.store.catalogues import Version

PLANS_SHOWN = 200

app = App(name="catalog", help="Price catalogues: import, show.")


@app.command(name="import")
def import_file(
    file: Path,
    /,
    *,
    legal_entity: str | None = None,
    name: str = NAME,
    start: Annotated[date | None, Parameter(name="--from")] = None,
    program: Given,
) -> None:
    """Import a published order catalogue, gzip or plain.

    Services keep the price at which they were subscribed.

    Parameters
    ----------
    file
        The catalogue's file.
    legal_entity
        The seller, where there are several.
    name
        A newer version of the same name replaces it.
    start
        First day of its prices [today].
    """
    content = file.read_bytes()
    with program.open() as context:
        seller = only_legal_entity(context, legal_entity)
        found = import_catalogue(context, content, by="cli", legal_entity_id=seller, name=name, from_on=start)
    screen = program.screen
    if not found.is_new:
        screen.say("The very same file was imported before: nothing was changed.")
    if found.promotions:
        screen.warn(f"{found.promotions} promotions are counted and not applied.")
    if found.subsidiary != seller:
        screen.say(f"The file was published for {found.subsidiary}; VAT is that of {seller}.")
    screen.answer(
        {"version": found.version, "is_new": found.is_new, "plans": found.plans, "prices": found.prices,
         "promotions": found.promotions, "subsidiary": found.subsidiary},
        facts(catalogue=found.version.catalogue_id, name=name, from_on=found.version.from_on,
              plans=found.plans, prices=found.prices, currency=found.version.currency),
    )  # fmt: skip


@app.command
def show(plan: str | None = None, /, *, catalogue: int | None = None, find: str = "", program: Given) -> None:
    """Show the versions, the plans of the newest one, or the prices of a plan.

    Parameters
    ----------
    plan
        A plan code: its options and prices.
    catalogue
        A version by its number [the newest].
    find
        Only plans whose code or name has this text.
    """
    with program.open() as context:
        versions = _versions(context)
        version = next((each for each in versions if each.catalogue_id == catalogue), None)
        if catalogue is not None and version is None:
            raise NoSuchPlan(f"There is no catalogue {catalogue}.", catalogue=str(catalogue))
        version = version or (versions[-1] if versions else None)
        plans = _plans(context, version, plan)
    if plan is not None:
        _show_plan(program, plans, plan)
        return
    wanted = [
        each for each in plans.values() if find.lower() in f"{each.plan_code} {each.invoice_name}".lower()
    ]
    program.screen.answer(
        {"catalogues": versions, "plans": [_summary(each) for each in wanted]},
        table("catalogue", "seller", "name", "published as", "from", "currency",
              rows=[(each.catalogue_id, each.legal_entity_id, each.name, each.published_id, each.from_on,
                     each.currency) for each in versions]),
        "",
        table("plan", "name", "kind", "modes", rows=[_row(each) for each in wanted[:PLANS_SHOWN]]),
    )  # fmt: skip
    if len(wanted) > PLANS_SHOWN:
        program.screen.say(f"{len(wanted) - PLANS_SHOWN} more: use --find TEXT or --json.")


def _versions(context: Context) -> list[Version]:
    with context.database.read() as tx:
        return catalogues.every(tx)


def _plans(context: Context, version: Version | None, plan: str | None) -> dict[str, Plan]:
    if version is None:
        return {}
    with context.database.snapshot() as tx:
        return dict(catalogues.plans(tx, version.catalogue_id, None if plan is None else [plan]))


def _show_plan(program: Given, plans: dict[str, Plan], code: str) -> None:
    if code not in plans:
        raise NoSuchPlan(
            f"There is no plan {code} in the catalogue. See: acquit catalog show --find TEXT", plan=code
        )
    found = plans[code]
    program.screen.answer(
        found,
        facts(plan=found.plan_code, name=found.invoice_name, product=found.product),
        table("family", "options", "needed", rows=[
            (family.name, ", ".join(family.options), "yes" if family.mandatory else "")
            for family in found.families]),
        table("for", "mode", "every", ">engaged", ">quantity", ">price",
              rows=map(_price_row, found.pricings)),
    )  # fmt: skip


def _summary(plan: Plan) -> dict[str, object]:
    return {"plan": plan.plan_code, "name": plan.invoice_name, "kind": plan.kind, "modes": _modes(plan)}


def _row(plan: Plan) -> tuple[object, ...]:
    return plan.plan_code, plan.invoice_name, plan.kind, ", ".join(_modes(plan))


def _modes(plan: Plan) -> list[str]:
    return sorted({pricing.mode for pricing in plan.pricings})


def _price_row(pricing: Pricing) -> tuple[object, ...]:
    every = f"{pricing.interval_count} {pricing.interval_unit}" if pricing.interval_count else "once"
    engaged = f"{pricing.commitment_months} months" if pricing.commitment_months else ""
    quantity = f"{pricing.quantity_min}-{pricing.quantity_max or ''}"
    return (
        ", ".join(sorted(pricing.capacities)),
        pricing.mode,
        every,
        engaged,
        quantity,
        price(pricing.price_ucents),
    )


def price(ucents: int) -> str:
    """Return a unit price as plain decimal text: at least two decimals, at most eight."""
    whole, part = divmod(ucents, UCENTS_PER_UNIT)
    return f"{whole}.{f'{part:08d}'.rstrip('0').ljust(2, '0')}"
