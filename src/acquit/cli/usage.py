"""`acquit usage`: meters, events of use, what was rejected, what an account has used."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final

from cyclopts import App, Parameter

from acquit.actions.accept_usage import Told
from acquit.actions.context import Context
from acquit.actions.import_meters import import_meters
from acquit.actions.import_usage import (
    How,
    ImportedUsage,
    NothingImported,
    Opening,
    Progress,
    Tell,
    import_usage,
)
from acquit.actions.loading import account_in, today_of
from acquit.actions.retry_usage import retry_usage
from acquit.actions.show_usage import Use, current_uses, past_uses
from acquit.cli.account import only_legal_entity
from acquit.cli.catalog import price
from acquit.cli.program import Given
from acquit.cli.screen import Screen, table
from acquit.core.bill_run import period as month_of
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId
from acquit.core.meter import Meter, NoSuchMeter, Price
from acquit.core.money import E4_PER_ONE, plain
from acquit.core.rating import plain_e4
from acquit.core.savings_plan import SavingsOffer
from acquit.core.usage import Fate
from acquit.store import meters, savings_plans, usage

REFUSED: Final = 1
SHOWN_MAX: Final = 20
METERS_BYTES_MAX: Final = 1_000_000

app = App(name="usage", help="Metered use: meters, import, rejected, retry, show.")
meters_app = App(name="meters", help="What is measured and what it costs: import, show.")
app.command(meters_app)

Seller = Annotated[str | None, Parameter(help="The seller, where there are several.")]


class FileThere(Invalid):
    """The report would overwrite a file."""

    code = "file-there"


@app.command(name="import")
def import_file(
    file: str,
    /,
    *,
    source: Annotated[str, Parameter(help="Who sends: an id counts once per source.")] = "import",
    format: Annotated[  # noqa: A002 - the option's name
        str, Parameter(help="ndjson or csv; what it looks like if not given.", show_default=False)
    ] = "",
    map_: Annotated[
        list[str] | None, Parameter(name="--map", help="Which column is what, as in id=EventId.")
    ] = None,
    all_or_nothing: Annotated[
        bool, Parameter(negative="", help="One transaction: a broken line undoes the whole file.")
    ] = False,
    report: Annotated[
        Path | None, Parameter(help="Where rejected lines are told, FILE.rejected.ndjson if not given.")
    ] = None,
    program: Given,
) -> int:
    """Import events of use: NDJSON or CSV with a header, gzip or plain; `-` reads standard input.

    A broken line is kept aside with its number and reason, the rest is accepted; then the exit code is 1.
    Stopped anywhere, the same file goes on where it was.

    Parameters
    ----------
    file
        The file of events.
    """
    how = How(source, _form(format), _mapping(map_ or []), all_or_nothing, resumes=file != "-")
    path = report or Path(f"{'usage' if file == '-' else Path(file).name}.rejected.ndjson")
    total = Path(file).stat().st_size if file != "-" and Path(file).is_file() else None
    with (
        program.open() as context,
        _report(path) as tell,
        _opened(file) as opening,
        program.screen.progress(f"Usage of {file}", total) as advance,
    ):
        found = _imported(context, opening, file, how, tell, advance, program.screen, path)
    _tell(program.screen, found, path)
    return REFUSED if found.rejected else 0


@app.command
def rejected(
    *,
    code: Annotated[str | None, Parameter(help="Only this reason.")] = None,
    limit: Annotated[int, Parameter(help="How many to show.")] = SHOWN_MAX,
    program: Given,
) -> None:
    """Show events that were not accepted, oldest first, and why."""
    with program.open() as context, context.database.read() as tx:
        counts = usage.reasons(tx)
        found = usage.waiting(tx, max(limit, 0), 0, code)
    rows = [(each.rejected_no, each.line_no, each.event_id, each.code, each.message) for each in found]
    program.screen.answer(
        {"reasons": counts, "rejected": [_rejected(each) for each in found]},
        table("reason", ">events", rows=list(counts.items())) if counts else "No rejected event waits.",
        *(["", table(">no", ">line", "id", "reason", "what", rows=rows)] if rows else []),
    )


@app.command
def retry(*, code: Annotated[str | None, Parameter(help="Only this reason.")] = None, program: Given) -> int:
    """Try rejected events again; exits 1 while some are rejected still."""
    with program.open() as context:
        fates = retry_usage(context, by="cli", code=code)
    document = {fate.value: fates[fate] for fate in Fate}
    program.screen.answer(
        document, table(*(f">{name}" for name in document), rows=[tuple(document.values())])
    )
    return REFUSED if fates[Fate.REJECTED] else 0


@app.command
def show(
    *,
    account: Annotated[str, Parameter(name="--account", help="The account, as in ab12345-acq.")],
    forecast: Annotated[bool, Parameter(negative="", help="As it will be when the month ends.")] = False,
    period: Annotated[str | None, Parameter(help="A month that was rated, as in 2026-11.")] = None,
    program: Given,
) -> None:
    """Show what an account has used this month and what it costs so far, or in a month that was rated."""
    with program.open() as context, context.database.read() as tx:
        of = account_in(tx, AccountId(account))
        if period is not None:
            first = month_of(period).first_on
            found = past_uses(context, tx, of, first, first)
        else:
            found = current_uses(context, tx, of, today_of(context, tx, of), forecast=forecast)
    rows = [
        (use.service, use.description, plain_e4(use.quantity_e4), use.unit,
         plain(use.net_minor, use.currency), use.currency, "rated" * use.is_rated)
        for use in found
    ]  # fmt: skip
    program.screen.answer(
        [_use(use) for use in found],
        table("service", "meter", ">quantity", "", ">net", "", "", rows=rows) if rows else "No use.",
    )


@meters_app.command(name="import")
def import_definitions(file: Path, /, *, legal_entity: Seller = None, program: Given) -> None:
    """Import meters, prices and savings plans from a TOML or JSON file; what is there already stays.

    Parameters
    ----------
    file
        The file of [[meter]], [[price]] and [[savings]] tables.
    """
    if not file.is_file():
        raise Invalid(f"There is no file {file}.")
    with file.open("rb") as opened:
        content = opened.read(METERS_BYTES_MAX)
    with program.open() as context:
        seller = only_legal_entity(context, legal_entity)
        found = import_meters(context, content, by="cli", legal_entity_id=seller)
    program.screen.answer(
        {"legal_entity": seller, "meters": [_meter(each) for each in found.meters],
         "prices": [_price(each) for each in found.prices],
         "savings": [_offer(each) for each in found.offers]},
        f"New: {len(found.meters)} meters, {len(found.prices)} prices, {len(found.offers)} savings plans.",
    )  # fmt: skip


@meters_app.command(name="show")
def show_definitions(
    meter: Annotated[str | None, Parameter(help="Only this meter.")] = None,
    *,
    legal_entity: Seller = None,
    program: Given,
) -> None:
    """Show meters, their prices and the savings plans that are offered of them."""
    with program.open() as context:
        seller = only_legal_entity(context, legal_entity)
        with context.database.read() as tx:
            found = [each for each in meters.of_seller(tx, seller) if meter in (None, each.code)]
            priced = [each for each in meters.prices(tx, seller) if meter in (None, each.meter)]
            offered = [each for each in savings_plans.offers(tx, seller) if meter in (None, each.meter)]
    if meter is not None and not found:
        raise NoSuchMeter(f"{seller} has no meter {meter}. See: acquit usage meters show", meter=meter)
    program.screen.answer(
        {"meters": [_meter(each) for each in found], "prices": [_price(each) for each in priced],
         "savings": [_offer(each) for each in offered]},
        table(
            "meter", "from", "unit", "counts", "name",
            rows=[
                (each.code, each.from_on, each.unit, f"{each.aggregation} per {each.per}",
                 each.description_en)
                for each in found
            ],
        ) if found else "No meter yet: acquit usage meters import FILE",
        "",
        table("meter", "plan", "from", "price", rows=[
            (each.meter, each.plan_code or "any", each.from_on, _said(each)) for each in priced
        ]),
        "",
        table("savings plan", "meter", "months", "a day", "price", "from", "until", rows=[
            (each.offer, each.meter, each.months, plain_e4(each.per_day_e4), price(each.price_ucents),
             each.from_on, each.until_on or "")
            for each in offered
        ]) if offered else "No savings plan is offered.",
    )  # fmt: skip


# ---------------------------------------------------------------- files


def _imported(
    context: Context,
    opening: Opening,
    file: str,
    how: How,
    tell: Tell,
    progress: Progress,
    screen: Screen,
    path: Path,
) -> ImportedUsage:
    """Import the file; where it is refused whole, say where its broken lines are told."""
    try:
        return import_usage(context, opening, file, how, by="cli", tell=tell, progress=progress)
    except NothingImported:
        screen.warn(f"Each broken line is named in {path}.")
        raise


def _form(text: str) -> str:
    if text not in ("", "ndjson", "csv"):
        raise Invalid(f"{text!r} is no format: ndjson or csv.")
    return text


def _mapping(pairs: Sequence[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        member, equals, column = pair.partition("=")
        if not (member and equals and column):
            raise Invalid(f"{pair!r} maps no column: write it as in id=EventId.")
        found[member] = column
    return found


@contextmanager
def _opened(file: str) -> Iterator[Any]:
    """Lend what opens the file, again when called again; what was opened is closed."""
    opened: list[BinaryIO] = []

    def opening() -> BinaryIO:
        if file == "-":
            return sys.stdin.buffer
        opened.append(Path(file).open("rb"))  # noqa: SIM115 - closed below
        return opened[-1]

    if file != "-" and not Path(file).exists():
        raise Invalid(f"There is no file {file}.")
    try:
        yield opening
    finally:
        for each in opened:
            each.close()


@contextmanager
def _report(path: Path) -> Iterator[Any]:
    """Lend what writes rejected lines to a file, which is there only if there are any."""
    if path.exists() and not path.name.endswith(".rejected.ndjson"):
        raise FileThere(f"{path} is there: name another --report.")
    out: list[Any] = []

    def tell(told: Sequence[Told]) -> None:
        if not out:
            out.append(path.open("a", encoding="utf-8"))
        for each in told:
            assert each.problem is not None, "only rejected lines are told"
            said = {
                "line": each.line_no, "id": each.event_id, "code": each.problem.code,
                "message": each.problem.message,
            }  # fmt: skip
            out[0].write(json.dumps(said) + "\n")

    try:
        yield tell
    finally:
        for each in out:
            each.close()


def _tell(screen: Screen, found: ImportedUsage, path: Path) -> None:
    if found.begun_at_line > 1:
        screen.say(f"It was imported up to line {found.begun_at_line - 1} before, and went on there.")
    if found.rejected:
        screen.warn(
            f"{found.rejected} lines were rejected; each is named in {path}. See: acquit usage rejected"
        )
    rows = [(found.lines, found.accepted, found.again, found.rejected, found.seconds)]
    screen.answer(
        {**{name: getattr(found, name) for name in ImportedUsage.__slots__}, "report": str(path)},
        table(">lines", ">accepted", ">known already", ">rejected", ">seconds", rows=rows),
    )


# ---------------------------------------------------------------- what they look like


def _rejected(each: usage.Rejected) -> dict[str, Any]:
    return {
        "no": each.rejected_no, "line": each.line_no, "source": each.source, "id": each.event_id,
        "code": each.code, "message": each.message, "raw": each.raw.decode(errors="replace"),
    }  # fmt: skip


def _use(use: Use) -> dict[str, Any]:
    return {
        "service": use.service_id, "resource": use.service, "plan": use.plan_code, "meter": use.meter,
        "description": use.description, "period": f"{use.period:%Y-%m}", "quantity_e4": use.quantity_e4,
        "net_minor": use.net_minor, "currency": use.currency, "rated": use.is_rated, "lines": use.lines,
    }  # fmt: skip


def _meter(each: Meter) -> dict[str, Any]:
    return {
        "meter": each.code, "from": each.from_on, "unit": each.unit, "aggregation": each.aggregation.value,
        "per": each.per.value, "description": {"fr": each.description_fr, "en": each.description_en},
    }  # fmt: skip


def _price(each: Price) -> dict[str, Any]:
    return {
        "meter": each.meter, "plan": each.plan_code or None, "from": each.from_on, "currency": each.currency,
        "strategy": each.strategy.value, "tiers": each.tiers, "included_e4": each.included_e4,
        "committed_e4": each.committed_e4, "committed_price_ucents": each.committed_price_ucents,
        "catalogue": each.priced_by_plan,
    }  # fmt: skip


def _offer(each: SavingsOffer) -> dict[str, Any]:
    return {
        "offer": each.offer, "meter": each.meter, "flavor": each.flavor, "product": each.product,
        "months": each.months, "per_day_e4": each.per_day_e4, "price_ucents": each.price_ucents,
        "currency": each.currency, "deployment": each.deployment, "from": each.from_on,
        "until": each.until_on,
    }  # fmt: skip


def _said(each: Price) -> str:
    """Return a price as a person reads it."""
    parts = []
    if each.included_e4:
        parts.append(f"{plain_e4(each.included_e4)} included")
    if each.committed_e4:
        parts.append(f"{plain_e4(each.committed_e4)} committed at {price(each.committed_price_ucents)}")
    if each.priced_by_plan is not None:
        return ", ".join([*parts, f"as {each.priced_by_plan or 'the plan'} in the catalogue"])
    for tier in each.tiers:
        bound = f"up to {tier.up_to_e4 // E4_PER_ONE} " if tier.up_to_e4 else ""
        parts.append(f"{bound}{price(tier.price_ucents)}")
    return f"{', '.join(parts)} {each.currency} ({each.strategy})"
