"""`acquit collect report`: what is owed, what was spent, why it changed, what is left of orders."""

import io
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from cyclopts import Parameter, validators
from rich.console import Console

from acquit.collector.cost_centres import rules_in
from acquit.collector.fault import Fault
from acquit.collector.files import alone, replace_text
from acquit.collector.report.answer import Question
from acquit.collector.report.terminal import shown
from acquit.collector.report.whole import Report, report_on
from acquit.collector.report.words import Language, Words
from acquit.collector.seat import ARCHIVE, Archive, Config, Given, Screen, config_in, today_of
from acquit.collector.tables import are_current, are_there, make_tables

Format = Literal["terminal", "csv", "xlsx", "json", "html"]
Section = Literal[
    "headline", "due", "ageing", "orders", "without-order", "months", "changes", "accounts", "services",
    "cost-centres", "changed", "debts-without-bill", "completeness",
]  # fmt: skip

TOP: Final[dict[Format, int]] = {"terminal": 20, "html": 200, "json": 1_000, "csv": 0, "xlsx": 0}
TEXT_COLUMNS: Final = 120
PLACE: Final[dict[Format, str]] = {
    "csv": "acquit-report",
    "xlsx": "acquit-report.xlsx",
    "html": "acquit-report.html",
}


def report(
    *,
    account: tuple[str, ...] = (),
    since: date | None = None,
    until: date | None = None,
    month: str = "",
    only: tuple[Section, ...] = (),
    format: Format = "terminal",  # noqa: A002 - the name of the option
    out: Path | None = None,
    language: Language = "en",
    top: Annotated[int | None, Parameter(validator=validators.Number(gte=0))] = None,
    rules: Path | None = None,
    archive: Archive = ARCHIVE,
    config: Config = None,
    program: Given,
) -> None:
    """Report what is due, under which order, what was spent and why it changed, and how complete that is.

    The day of the report is `--as-of`, else today; bills dated later are left out. What is read, inferred
    or unknown
    is told apart everywhere. Currencies are never added up.

    Parameters
    ----------
    account
        Only this account; may be repeated.
    since
        Only bills from this day on; what is owed and drawn from orders is told whole.
    until
        Only bills to this day.
    month
        The month, YYYY-MM, that is compared with the one before it; else the last that has ended.
    only
        Only this section; may be repeated.
    format
        csv is a directory of files, one for each answer.
    out
        File or directory to write; acquit-report… here if not given. With json too, else it is printed.
    language
        Of headings and words; names in csv and json stay.
    top
        Rows of long answers, 0 for all; 20 on a terminal, 200 in html, 1000 in json, else all.
    rules
        File of cost centres and amounts of orders; else cost-centres.toml in the archive or beside accounts.
    """
    screen = program.screen
    wanted: Format = "json" if screen.json and format == "terminal" else format
    question = Question(
        as_of=today_of(program),
        rules=rules_in(archive, config_in(config), rules),
        since=since, until=until, accounts=account, month=_month(month),
        top=TOP[wanted] if top is None else top,
    )  # fmt: skip
    _refuse_impossible(question)
    if (warning := _bring_up_to_date(archive)) is not None:
        screen.warn(warning)
    _tell(report_on(archive, question, only), wanted, out, Words(language, question), screen)


def _tell(found: Report, wanted: Format, out: Path | None, words: Words, screen: Screen) -> None:
    """Print the report, or write it and say where."""
    place = out or (Path(PLACE[wanted]) if wanted in PLACE else None)
    if place is None:
        screen.answer(found.document(), *([_json(found)] if wanted == "json" else shown(found, words)))
        return
    written = _write(found, wanted, place, words)
    screen.answer({"format": wanted, "files": list(map(str, written))}, *map(str, written))


def _write(report: Report, wanted: Format, place: Path, words: Words) -> list[Path]:
    """Leave the report at the place; what only one form needs is imported for it. Raises Fault (disk)."""
    if wanted == "csv":
        from acquit.collector.report.sheets import write_csv

        return write_csv(report, place)
    if wanted == "xlsx":
        from acquit.collector.report.sheets import write_xlsx

        write_xlsx(report, place, words)
    elif wanted == "html":
        from acquit.collector.report.page import page_of

        replace_text(place, page_of(report, words))
    else:
        replace_text(place, _json(report) + "\n" if wanted == "json" else _text(report, words))
    return [place]


def _json(report: Report) -> str:
    return msgspec.json.format(msgspec.json.encode(report.document()), indent=2).decode()


def _text(report: Report, words: Words) -> str:
    """Return what a terminal of 120 columns shows."""
    console = Console(file=io.StringIO(), width=TEXT_COLUMNS, highlight=False)
    with console.capture() as captured:
        console.print(*shown(report, words), sep="\n")
    return captured.get()


def _month(text: str) -> date | None:
    if not text:
        return None
    if re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", text) is None or text.startswith("0000"):
        raise Fault("question", f"--month is a year and a month such as 2026-11, not {text!r}.")
    return date.fromisoformat(f"{text}-01")


def _refuse_impossible(question: Question) -> None:
    if question.since is not None and question.since > question.until_on:
        raise Fault(
            "question",
            f"No day lies between --since {question.since} and {question.until_on}; see --until and --as-of.",
        )
    if question.after_on > question.as_of + timedelta(days=1):
        raise Fault(
            "question",
            f"{question.month_on:%Y-%m} has not ended by {question.as_of}: it cannot be compared yet.",
        )


def _bring_up_to_date(archive: Path) -> str | None:
    """Make the tables that are behind; return what to warn of when another collector holds the archive."""
    if are_current(archive):
        return None
    try:
        with alone(archive):
            make_tables(archive)
    except Fault as fault:
        if fault.kind != "busy" or not are_there(archive):
            raise
        return "Another collector works on the archive; the report is of the tables that it left last."
    return None
