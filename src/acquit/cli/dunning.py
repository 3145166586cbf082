"""`acquit dunning`: chase what is late, and look at how."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from acquit.actions.arrange_dunning import (
    History,
    add_late_rate,
    history_of,
    late_rates_of,
    preview_letter,
    promise_to_pay,
    promises_of,
    set_calendar,
    set_text,
    show_calendar,
    show_text,
)
from acquit.actions.claim_late_charges import claim_late_charges, preview_claims
from acquit.actions.loading import account_in, today_of
from acquit.actions.run_dunning import DunningReport, run_dunning
from acquit.cli.account import only_legal_entity
from acquit.cli.program import Given, WrongUsage
from acquit.cli.receivables import ForAccount, Operator, Seller, currency_of, sums
from acquit.cli.screen import facts, table
from acquit.cli.terms import actor
from acquit.core.dunning import BadCalendar, BadText, Calendar, Promise, Step, StepKind
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.late_interest import LateRate
from acquit.core.money import parsed, plain, scaled

app = App(name="dunning", help="Chase what is late: run, calendar, letters.")
calendar = App(name="calendar", help="When what is late is chased.")
text = App(name="text", help="The words of letters.")
rate = App(name="rate", help="Rates of late interest in law.")
for part in (calendar, text, rate):
    app.command(part)

Kind = Literal["courtesy", "reminder", "notice", "suspension"]
STEPS_SHOWN = 50


@app.command(name="run")
def run(
    *,
    dry_run: Annotated[bool, Parameter(negative="", help="Tell what would be done; do nothing.")] = False,
    legal_entity: Annotated[str | None, Parameter(help="Only this seller.")] = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Chase what is late as of today: letters, suspensions, restorations. Again today: nothing more."""
    chosen = None if legal_entity is None else LegalEntityId(legal_entity)
    with program.open() as context, program.screen.progress("Payers") as advance:
        found = run_dunning(context, chosen, rehearse=dry_run, by=actor(operator), progress=advance)
    for report in found:
        for warning in report.warnings:
            program.screen.warn(warning)
    program.screen.answer(found, _reports(found), *(_steps(each) for each in found if each.steps))


def _reports(found: list[DunningReport]) -> object:
    rows = [
        (
            each.legal_entity, each.on, each.status, each.payers, each.debts,
            ", ".join(f"{count} {kind}" for kind, count in each.letters.items()) or "none",
            sums(each.asked_minor), each.suspended_services, each.restored_services, each.claims,
        )
        for each in found
    ]  # fmt: skip
    return table(
        "seller", "on", "", ">payers", ">debts", "letters", "asked for", ">suspended", ">restored",
        ">claims", rows=rows,
    )  # fmt: skip


def _steps(report: DunningReport) -> object:
    rows = [
        (
            each.payer_id, each.bill_id, each.code, each.late_days, plain(each.chased_minor, each.currency),
            plain(each.open_minor, each.currency), each.currency,
        )
        for each in report.steps[:STEPS_SHOWN]
    ]  # fmt: skip
    left = len(report.steps) - STEPS_SHOWN
    title = f"The first {STEPS_SHOWN}; {left} more with --json" if left > 0 else None
    return table("payer", "bill", "step", ">days late", ">asked", ">open", "", rows=rows, title=title)


@calendar.command(name="set")
def set_steps(
    file: Annotated[Path | None, Parameter(help="A TOML file with its steps.")] = None,
    *,
    account: Annotated[str | None, Parameter(help="Only for this payer.")] = None,
    legal_entity: Seller = None,
    default: Annotated[
        bool, Parameter(negative="", help="Back to the seller's (a payer), or the program's.")
    ] = False,
    operator: Operator = None,
    program: Given,
) -> None:
    """Set the calendar of a seller, or of one payer. `acquit dunning calendar show` prints such a file."""
    if (file is None) != default:
        raise WrongUsage("Give a file with the steps, or --default.")
    steps = None if file is None else _read(file)
    with program.open() as context:
        entity_id = only_legal_entity(context, legal_entity)
        payer_id = None if account is None else AccountId(account)
        found = set_calendar(context, entity_id, steps, payer_id, by=actor(operator))
    program.screen.answer(found, _toml(found))


@calendar.command(name="show")
def show_steps(
    *,
    account: Annotated[str | None, Parameter(help="That of this payer.")] = None,
    legal_entity: Seller = None,
    program: Given,
) -> None:
    """Show the calendar that holds, as a file that can be changed and set."""
    with program.open() as context:
        payer_id = None if account is None else AccountId(account)
        found = show_calendar(context, only_legal_entity(context, legal_entity), payer_id)
    program.screen.answer(found, _toml(found))


def _read(file: Path) -> Calendar:
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8"))
        steps = tuple(
            Step(str(each["code"]), StepKind(each["kind"]), _whole(each["days"])) for each in told["step"]
        )
    except OSError as error:
        raise BadCalendar(f"{file} cannot be read: {error.strerror}.") from None
    except (KeyError, TypeError, ValueError) as error:
        raise BadCalendar(
            f"{file} is no calendar ({error}). Each [[step]] has code, kind and days; "
            "`acquit dunning calendar show` prints an example."
        ) from None
    return Calendar(steps, told.get("claims") is True)


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"days is a whole number, not {value!r}")
    return value


def _toml(found: Calendar) -> str:
    steps = "\n\n".join(
        f'[[step]]\ncode = "{step.code}"\nkind = "{step.kind.value}"\ndays = {step.days}'
        for step in found.steps
    )
    return f"claims = {str(found.claims).lower()}\n\n{steps}"


@app.command(name="preview")
def preview(
    *,
    account: ForAccount,
    step: Annotated[Kind | None, Parameter(help="Write this step, due or not.")] = None,
    language: Annotated[str | None, Parameter(help="In this language, as in fr_FR or en_GB.")] = None,
    program: Given,
) -> None:
    """Show the letter that a payer would get today. Nothing is sent."""
    with program.open() as context:
        kind = None if step is None else StepKind(step)
        found = preview_letter(context, AccountId(account), kind, language)
    if found is None:
        program.screen.answer(None, f"{account} would get no letter today.")
        return
    program.screen.answer(found, f"Subject: {found.letter.subject}\n", found.letter.body)


@app.command(name="history")
def history(account: str, *, program: Given) -> None:
    """Show what was done about a payer's late debts, newest first."""
    with program.open() as context:
        found = history_of(context, AccountId(account))
    program.screen.answer(found, _history(found) if found else f"{account} was never chased.")


def _history(found: list[History]) -> object:
    rows = [
        (
            each.step.happened_on, each.step.code, len(each.debts),
            sums(_asked(each)), ", ".join(effect.effect for effect in each.effects),
        )
        for each in found
    ]  # fmt: skip
    return table("on", "step", ">debts", "asked for", "done", rows=rows)


def _asked(found: History) -> dict[str, int]:
    asked: dict[str, int] = {}
    for debt in found.debts:
        asked[debt.currency] = asked.get(debt.currency, 0) + debt.chased_minor
    return asked


@app.command(name="promise")
def promise(
    *,
    account: ForAccount,
    amount: Annotated[str, Parameter(help="How much, as in 50.00.")],
    by: Annotated[date, Parameter(help="The last day, YYYY-MM-DD.")],
    words: Annotated[str, Parameter(help="What was said, by whom.")] = "",
    operator: Operator = None,
    program: Given,
) -> None:
    """Record that a payer promised to pay: until then so much is not chased."""
    account_id = AccountId(account)
    with program.open() as context:
        minor = parsed(amount, currency_of(context, account_id))
        found = promise_to_pay(context, account_id, minor, by, words, by=actor(operator))
    program.screen.answer(found, _promises([found], found.promised_on))


@app.command(name="promises")
def promises(account: str, *, program: Given) -> None:
    """Show a payer's promises: kept, running or broken."""
    with program.open() as context:
        found = promises_of(context, AccountId(account))
        with context.database.read() as tx:
            today = today_of(context, tx, account_in(tx, AccountId(account)))
    program.screen.answer(found, _promises(found, today))


def _promises(found: list[Promise], on: date) -> object:
    rows = [
        (
            each.promise_id, each.promised_on, each.due_on, plain(each.amount_minor, each.currency),
            plain(each.paid_minor, each.currency), each.currency, each.state(on), each.words,
        )
        for each in found
    ]  # fmt: skip
    return table(">", "promised", "by", ">amount", ">paid since", "", "", "words", rows=rows)


@app.command(name="claim")
def claim(
    *,
    account: ForAccount,
    dry_run: Annotated[bool, Parameter(negative="", help="Tell what would be claimed.")] = False,
    operator: Operator = None,
    program: Given,
) -> None:
    """Claim a payer's late interest and recovery fees: a numbered paper, without VAT."""
    with program.open() as context:
        if dry_run:
            told = preview_claims(context, AccountId(account))
            lines = [
                (str(each.like.account_id), each.like.currency, line)
                for each in told
                for line in each.details
            ]
            program.screen.answer(told, _lines(lines, "Nothing could be claimed."))
            return
        made = claim_late_charges(context, AccountId(account), by=actor(operator))
    lines = [(str(each.bill_id), each.currency, line) for each in made for line in each.details]
    program.screen.answer(made, _lines(lines, "Nothing is to be claimed."))


def _lines(lines: list[tuple[Any, ...]], nothing: str) -> object:
    rows = [
        (name, line.domain, line.description, line.period_start, line.period_end,
         plain(line.net_minor, currency), currency)
        for name, currency, line in lines
    ]  # fmt: skip
    shown = table("claim", "late bill", "", "from", "to", ">amount", "", rows=rows)
    return shown if rows else nothing


@text.command(name="set")
def set_words(
    file: Annotated[Path, Parameter(help="First line: the subject; the rest: the letter.")],
    *,
    step: Annotated[Kind, Parameter(help="Of which step.")],
    language: Annotated[Literal["fr", "en"], Parameter(help="In which language.")],
    legal_entity: Seller = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Set a seller's own words for a step. `acquit dunning text show` prints those that hold."""
    try:
        subject, _, body = file.read_text(encoding="utf-8").partition("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadText(f"{file} cannot be read as UTF-8 text: {error}.") from None
    with program.open() as context:
        found = set_text(
            context, only_legal_entity(context, legal_entity), language, StepKind(step),
            (subject, body.strip("\n")), by=actor(operator),
        )  # fmt: skip
    program.screen.answer(found, facts(language=found.language, version=found.version))


@text.command(name="show")
def show_words(
    *,
    step: Annotated[Kind, Parameter(help="Of which step.")],
    language: Annotated[Literal["fr", "en"], Parameter(help="In which language.")],
    legal_entity: Seller = None,
    program: Given,
) -> None:
    """Show the words of a step that hold; names in braces are filled in."""
    with program.open() as context:
        found = show_text(context, only_legal_entity(context, legal_entity), language, StepKind(step))
    program.screen.answer(found, f"{found.subject}\n{found.body}")


@rate.command(name="add")
def add_rate(
    *,
    country: Annotated[str, Parameter(help="The seller's country, as in FR.")],
    from_: Annotated[date, Parameter(name="--from", help="1 January or 1 July.")],
    percent: Annotated[str, Parameter(help="A year, as in 12.15.")],
    floor: Annotated[str | None, Parameter(help="What a contract may not go below.")] = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Add the rate of late interest of a half-year: in France that of the ECB plus 10 points."""
    floor_bp = None if floor is None else scaled(floor, 2)
    with program.open() as context:
        added = LateRate(from_, scaled(percent, 2), floor_bp)
        found = add_late_rate(context, country, added, by=actor(operator))
    program.screen.answer(found, _rates(found))


@rate.command(name="list")
def list_rates(country: str, *, program: Given) -> None:
    """Show the rates of late interest of a country."""
    with program.open() as context:
        found = late_rates_of(context, country)
    program.screen.answer(found, _rates(found))


def _rates(found: tuple[LateRate, ...]) -> object:
    rows = [(each.from_on, _percent(each.rate_bp), _percent(each.floor_bp)) for each in found]
    return table("from", ">% a year", ">floor of contracts", rows=rows)


def _percent(bp: int | None) -> str:
    return "" if bp is None else f"{bp // 100}.{bp % 100:02d}"
