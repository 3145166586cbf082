"""`acquit catalog`: import price catalogues and look at what they sell."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import App, Parameter

from acquit.actions.change_prices import apply_prices
from acquit.actions.context import Context
from acquit.actions.import_catalogue import NAME, SIZE_MAX, Imported, import_catalogue
from acquit.actions.loading import date_of, entity_in
from acquit.cli.account import only_legal_entity
from acquit.cli.program import Given
from acquit.cli.screen import Screen, facts, table
from acquit.core.catalogue import Capacity, NoSuchPlan, Plan, Pricing, modes
from acquit.core.errors import Invalid, NotFound
from acquit.core.identifiers import CatalogueId, LegalEntityId
from acquit.core.money import UCENTS_PER_UNIT
from acquit.core.published_catalogue import CatalogueRefused
from acquit.store import catalogues, legal_entities
from acquit.store.catalogues import Version
from acquit.store.transaction import Transaction

PLANS_SHOWN: Final = 200

app = App(name="catalog", help="Price catalogues: import, show, apply their prices.")


class NoSuchCatalogue(NotFound):
    """No imported version has that number."""

    code = "no-such-catalogue"


Seller = Annotated[str | None, Parameter(help="The seller, where there are several.")]


@app.command(name="import")
def import_file(
    file: Path,
    /,
    *,
    legal_entity: Seller = None,
    name: Annotated[str, Parameter(help="A newer version of the same name replaces it.")] = NAME,
    from_: Annotated[
        date | None, Parameter(name="--from", help="First day of its prices, today if not given.")
    ] = None,
    program: Given,
) -> None:
    """Import a published order catalogue, gzip or plain.

    A file with wrong places is refused whole, and every wrong place is told. Services keep the price at which
    they were subscribed.

    Parameters
    ----------
    file
        The catalogue's file.
    """
    content = _content(file)
    with program.open() as context:
        seller = only_legal_entity(context, legal_entity)
        try:
            found = import_catalogue(
                context, content, by="cli", legal_entity_id=seller, name=name, from_on=from_
            )
        except CatalogueRefused as refusal:
            for place in refusal.details.get("places", "").splitlines():
                program.screen.warn(place)
            raise
    _tell(program.screen, found, seller)


@app.command
def show(
    plan: Annotated[str | None, Parameter(help="A plan code: its options and prices.")] = None,
    *,
    legal_entity: Annotated[str | None, Parameter(help="Only this seller's.")] = None,
    catalogue: Annotated[
        int | None, Parameter(help="A version by its number, not what is sold today.")
    ] = None,
    find: Annotated[
        str, Parameter(help="Only plans whose code or name has this text.", show_default=False)
    ] = "",
    program: Given,
) -> None:
    """Show the imported versions and the plans that are sold today, or the prices of one plan."""
    with program.open() as context:
        sellers = _sellers(context, legal_entity)
        with context.database.snapshot() as tx:
            versions = [each for each in catalogues.every(tx) if each.legal_entity_id in sellers]
            current = _current(context, tx, versions, catalogue)
            codes = None if plan is None else [plan]
            plans = {each.catalogue_id: catalogues.plans(tx, each.catalogue_id, codes) for each in current}
    if plan is None:
        _show_plans(program.screen, versions, plans, find)
    else:
        _show_plan(program.screen, *_sold(current, plans, plan))


@app.command(name="apply-prices")
def apply_prices_of(
    plan: Annotated[str, Parameter(help="The plan code, of a plan or an add-on.")],
    /,
    *,
    from_: Annotated[date, Parameter(name="--from", help="The first renewals on or after this day.")],
    legal_entity: Seller = None,
    mode: Annotated[str | None, Parameter(help="Only services of this mode.")] = None,
    dry_run: Annotated[bool, Parameter(negative="", help="Tell what would be announced.")] = False,
    program: Given,
) -> None:
    """Announce to all services of a plan the price of the version that is in force on a day.

    An engagement or a promotion runs to its end first. Done again it announces nothing twice.
    """
    with program.open() as context:
        seller = only_legal_entity(context, legal_entity)
        applied = apply_prices(context, seller, plan, from_, by="cli", mode=mode, dry_run=dry_run)
    screen = program.screen
    for account_id, service_id, why in applied.left_out:
        screen.warn(f"Service {service_id} of {account_id} is left out: {why}")
    rows = [
        (
            each.account_id, each.service.service_id, price(each.service.unit_price_ucents),
            price(each.change.unit_price_ucents or 0), each.takes_effect_on,
        )
        for each in applied.announced
    ]  # fmt: skip
    screen.answer(
        {
            "plan": plan,
            "announced": [
                {
                    "account": each.account_id,
                    "service": each.service.service_id,
                    "change": each.change.change_no,
                    "old_unit_price_ucents": each.service.unit_price_ucents,
                    "unit_price_ucents": each.change.unit_price_ucents,
                    "currency": each.service.currency,
                    "takes_effect": each.takes_effect_on,
                }
                for each in applied.announced
            ],
            "unchanged": applied.unchanged,
            "left_out": [
                {"account": account_id, "service": service_id, "reason": why}
                for account_id, service_id, why in applied.left_out
            ],
        },
        table("account", ">service", ">now", ">then", "takes effect", rows=rows[:PLANS_SHOWN])
        if rows
        else "Nothing to announce.",
        f"{len(rows)} announced, {applied.unchanged} unchanged, {len(applied.left_out)} left out.",
    )


def price(ucents: int) -> str:
    """Return a unit price as plain decimal text: at least two decimals, at most eight."""
    whole, part = divmod(ucents, UCENTS_PER_UNIT)
    return f"{whole}.{f'{part:08d}'.rstrip('0').ljust(2, '0')}"


def _content(file: Path) -> bytes:
    """Return what a file or a pipe holds, up to what is read of a catalogue at all."""
    if not file.exists() or file.is_dir():
        raise Invalid(f"There is no file {file}.")
    with file.open("rb") as opened:
        content = opened.read(SIZE_MAX + 1)
    if len(content) > SIZE_MAX:
        raise Invalid(f"{file} is longer than {SIZE_MAX // 2**20} MiB: it is no catalogue.")
    return content


def _tell(screen: Screen, found: Imported, seller: LegalEntityId) -> None:
    if not found.is_new:
        screen.say("The very same file was imported before: nothing was changed.")
    if found.subsidiary != seller:
        screen.say(f"The file was published for {found.subsidiary}; VAT is that of {seller}.")
    document = _version(found.version) | {
        "is_new": found.is_new,
        "plans": found.plans,
        "prices": found.prices,
        "promotions": found.promotions,
        "subsidiary": found.subsidiary,
    }
    names = ("catalogue", "legal_entity", "name", "from", "plans", "prices", "currency")
    screen.answer(document, facts(**{name: document[name] for name in names}))


def _sellers(context: Context, wanted: str | None) -> Sequence[LegalEntityId]:
    if wanted is not None:
        return [only_legal_entity(context, wanted)]
    with context.database.read() as tx:
        return [entity.legal_entity_id for entity in legal_entities.every(tx)]


def _current(
    context: Context, tx: Transaction, versions: Sequence[Version], wanted: int | None
) -> list[Version]:
    """Return the version that is wanted by its number, else those whose prices hold today."""
    if wanted is not None:
        found = [each for each in versions if each.catalogue_id == wanted]
        if not found:
            raise NoSuchCatalogue(f"There is no catalogue {wanted}. See: acquit catalog show")
        return found
    begun = {
        (each.legal_entity_id, each.name, each.currency): each
        for each in versions
        if each.from_on <= date_of(context, entity_in(tx, each.legal_entity_id))
    }
    return list(begun.values())


def _sold(
    current: Sequence[Version], plans: Mapping[CatalogueId, Mapping[str, Plan]], code: str
) -> tuple[Version, Plan]:
    """Return the plan of the newest version that has it. Raises NoSuchPlan."""
    for version in sorted(current, key=lambda each: (each.from_on, each.catalogue_id), reverse=True):
        if code in plans[version.catalogue_id]:
            return version, plans[version.catalogue_id][code]
    raise NoSuchPlan(f"There is no plan {code} there. See: acquit catalog show --find TEXT", plan=code)


def _show_plans(
    screen: Screen, versions: Sequence[Version], plans: Mapping[CatalogueId, Mapping[str, Plan]], find: str
) -> None:
    wanted = [
        _summary(each) | {"catalogue": catalogue_id}
        for catalogue_id, of_version in plans.items()
        for each in of_version.values()
        if find.lower() in f"{each.plan_code} {each.invoice_name}".lower()
    ]
    names = ("catalogue", "legal_entity", "name", "published_id", "from", "currency")
    known = [_version(each) | {"in_force": each.catalogue_id in plans} for each in versions]
    rows = [[each[name] for name in names] + ["today" * each["in_force"]] for each in known]
    shown = [
        (
            each["plan"],
            each["name"],
            each["kind"],
            "" if each["month_ucents"] is None else price(each["month_ucents"]),
        )
        for each in wanted[:PLANS_SHOWN]
    ]
    screen.answer(
        {"catalogues": known, "plans": wanted},
        table(">catalogue", "seller", "name", "published as", "from", "", "sold", rows=rows)
        if rows
        else "No catalogue yet: acquit catalog import FILE",
        "",
        table("plan", "name", "kind", ">per month", rows=shown) if shown else "No plan.",
    )
    if len(wanted) > PLANS_SHOWN:
        screen.say(f"{len(wanted) - PLANS_SHOWN} more: use --find TEXT or --json.")


def _show_plan(screen: Screen, version: Version, plan: Plan) -> None:
    options = [
        ("" if number else each.name, code, "default" * (code == each.default))
        for each in plan.families
        for number, code in enumerate(each.options)
    ]
    screen.answer(
        _summary(plan) | {
            "catalogue": version.catalogue_id,
            "currency": version.currency,
            "families": plan.families,
            "prices": plan.pricings,
        },
        facts(
            plan=plan.plan_code, name=plan.invoice_name, kind=plan.kind, product=plan.product,
            catalogue=version.catalogue_id, currency=version.currency,
        ),
        "",
        table("family", "option", "", rows=options) if options else "It takes no option.",
        "",
        table("for", "mode", "every", "engaged", "quantity", ">price", rows=map(_price_row, plan.pricings)),
    )  # fmt: skip


def _version(version: Version) -> dict[str, Any]:
    return {
        "catalogue": version.catalogue_id,
        "legal_entity": version.legal_entity_id,
        "name": version.name,
        "published_id": version.published_id,
        "currency": version.currency,
        "tax_rate_bp": version.tax_rate_bp,
        "from": version.from_on,
        "sha256": version.sha256,
        "imported_by": version.imported_by,
        "imported_at": version.imported_at,
    }


def _summary(plan: Plan) -> dict[str, Any]:
    return {
        "plan": plan.plan_code,
        "name": plan.invoice_name,
        "kind": plan.kind.value,
        "product": plan.product,
        "modes": list(modes(plan)),
        "month_ucents": _month_ucents(plan),
    }


def _month_ucents(plan: Plan) -> int | None:
    """Return what one costs per month in the default mode, in ucents, if it is sold so."""
    return next(
        (
            each.price_ucents
            for each in plan.pricings
            if Capacity.RENEW in each.capacities
            and each.mode == "default"
            and each.months == 1
            and each.takes(1)
        ),
        None,
    )


def _price_row(pricing: Pricing) -> tuple[object, ...]:
    return (
        ", ".join(sorted(pricing.capacities)),
        pricing.mode,
        _interval(pricing),
        f"{pricing.commitment_months} months" if pricing.commitment_months else "",
        f"{pricing.quantity_min}-{pricing.quantity_max or ''}",
        price(pricing.price_ucents),
    )


def _interval(pricing: Pricing) -> str:
    count = pricing.interval_count
    return f"{count} {pricing.interval_unit}{'s' * (count > 1)}" if count else "once"
