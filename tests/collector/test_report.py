"""Reports of a small archive with one of everything: what a person, a spreadsheet and a program are told."""

import json
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest

from acquit.app import main
from acquit.collector.cost_centres import Rule, Rules, read_rules
from acquit.collector.fault import Fault
from acquit.collector.report import words_en, words_fr
from acquit.collector.report.answer import Question, kind_of
from acquit.collector.report.page import page_of
from acquit.collector.report.sheets import csv_of
from acquit.collector.report.whole import SECTIONS, Report, report_on
from acquit.collector.report.words import Words
from acquit.collector.tables import make_tables
from acquit.collector.verify import verify
from collector.reported import AS_OF, RULES, archive_of_everything

GOLDEN = Path(__file__).parents[1] / "golden" / "collector"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = archive_of_everything(tmp_path_factory.mktemp("reported"))
    (made / "cost-centres.toml").write_text(RULES, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def report(archive: Path) -> Report:
    return report_on(archive, Question(as_of=AS_OF, rules=read_rules(archive / "cost-centres.toml")))


class Ran(NamedTuple):
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


@pytest.fixture
def acquit(
    archive: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> Callable[..., Ran]:
    """Carry out `acquit collect report` on the archive, for a terminal of so many columns."""

    def run(*words: str, columns: int = 200, at: Path = archive) -> Ran:
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setenv("TERM", "dumb")
        code = main(
            ["collect", "report", "--archive", str(at), "--config", str(at.parent / "config"),
             "--as-of", str(AS_OF), *words]
        )  # fmt: skip
        out, err = capsysbinary.readouterr()
        return Ran(code, out.decode(), err.decode())

    return run


def rows(report: Report, name: str, *columns: str) -> list[tuple[Any, ...]]:
    answer = report.answers[name]
    return [tuple(answer.value(row, column) for column in columns) for row in answer.rows]


# ---------------------------------------------------------------- what is answered


def test_what_is_due_each_week_and_where_the_date_comes_from(report: Report) -> None:
    columns = ("falls", "week_on", "currency", "due_minor", "read_minor", "inferred_minor", "unknown_minor")
    assert rows(report, "due", *columns) == [
        ("overdue", None, "EUR", 62400, 18000, 44400, 0),
        ("week_of", date(2026, 11, 30), "EUR", 10800, 0, 10800, 0),
        ("week_of", date(2026, 12, 14), "EUR", 30000, 0, 30000, 0),
        ("no_date", None, "EUR", 5500, 0, 0, 5500),
    ]


def test_how_late_it_is(report: Report) -> None:
    assert rows(report, "ageing", "bucket", "due_minor") == [
        ("not_due", 40800),
        ("late_1_30", 26400),
        ("late_31_60", 18000),
        ("late_61_90", 18000),
        ("no_date", 5500),
    ]


@pytest.mark.parametrize(
    ("as_of", "bucket"),
    [
        (date(2026, 9, 15), "not_due"),
        (date(2026, 9, 16), "late_1_30"),
        (date(2026, 10, 15), "late_1_30"),
        (date(2026, 10, 16), "late_31_60"),
        (date(2026, 11, 14), "late_31_60"),
        (date(2026, 11, 15), "late_61_90"),
        (date(2026, 12, 14), "late_61_90"),
        (date(2026, 12, 15), "late_over_90"),
    ],
)
def test_the_days_at_which_a_debt_grows_older(archive: Path, as_of: date, bucket: str) -> None:
    """Due on 2026-09-15: that day itself is not late."""
    told = report_on(archive, Question(as_of=as_of), ("ageing",))
    assert (bucket, 18000) in rows(told, "ageing", "bucket", "read_minor")


def test_what_was_billed_by_month_and_currencies_are_never_added(report: Report) -> None:
    assert rows(report, "months", "month_on", "currency", "bills_count", "net_minor", "total_minor") == [
        (date(2026, 8, 1), "EUR", 1, 15000, 18000),
        (date(2026, 9, 1), "EUR", 1, 15000, 18000),
        (date(2026, 10, 1), "EUR", 2, 22000, 26400),
        (date(2026, 11, 1), "EUR", 4, 31000, 37200),
        (date(2026, 10, 1), "USD", 1, 1000, 1000),
    ]
    for answer in report.answers.values():
        assert all(answer.currency(row) for row in answer.totals), answer.name


def test_cost_centres_add_up_to_what_was_billed(report: Report) -> None:
    """The bill that changed says 10.00 more than its details: that is assigned to nobody, and shown."""
    assert rows(report, "cost-centres", "cost_centre", "currency", "net_minor") == [
        ("4713 Servers", "EUR", 72000),
        ("4711 Atelier", "EUR", 12000),
        ("4712 Cloud", "EUR", 2000),
        ("unassigned", "EUR", -3000),
        ("4713 Servers", "USD", 1000),
    ]


def test_why_the_month_changed(report: Report) -> None:
    """October against September: 150.00 became 220.00."""
    assert rows(report, "changes", "reason", "currency", "difference_minor") == [
        ("new", "EUR", 3000),
        ("quantity", "EUR", 2000),
        ("one_off", "EUR", 2000),
        ("added", "USD", 1000),
    ]
    assert rows(report, "change-accounts", "account", "currency", "before_minor", "now_minor") == [
        ("main", "EUR", 15000, 19000),
        ("main-1", "EUR", 0, 3000),
        ("main", "USD", 0, 1000),
    ]


def test_a_month_with_a_credit_and_a_change_without_details(archive: Path) -> None:
    """November against October, looked at in December."""
    told = report_on(archive, Question(as_of=date(2026, 12, 1), month=date(2026, 11, 1)), ("changes",))
    assert rows(told, "changes", "reason", "currency", "difference_minor") == [
        ("price", "EUR", 6700),
        ("quantity", "EUR", 8000),
        ("one_off", "EUR", -2000),
        ("credit", "EUR", -4000),
        ("no_details", "EUR", 1000),
        ("removed", "USD", -1000),
    ]


def test_what_is_left_of_an_order(report: Report) -> None:
    """Burn: 150.00, 150.00 and 190.00 in three months."""
    columns = (
        "purchase_order", "currency", "read_minor", "inferred_minor", "unknown_minor", "amount_minor",
        "left_read_minor", "left_minor", "burn_minor", "exhausted_on", "state",
    )  # fmt: skip
    assert rows(report, "orders", *columns) == [
        ("PO-MAIN", "EUR", 15000, 60000, 0, 100000, 85000, 25000, 16333, date(2027, 1, 5), "runs_out"),
        (None, "EUR", 0, 0, 8000, None, None, None, None, None, None),
        ("PO-MAIN", "USD", 0, 1000, 0, None, None, None, None, None, "amount_unknown"),
        ("PO-NEXT", None, 0, 0, 0, None, None, None, None, None, "amount_unknown"),
    ]


def test_bills_without_an_order_and_what_explains_it(report: Report) -> None:
    assert rows(report, "without-order", "bill_id", "why", "nearest_order", "apart_days") == [
        ("FR00000202", "no_orders", None, None),
        ("FR00000201", "no_orders", None, None),
        ("FR00000106", "several_orders", "PO-MAIN", 0),
        ("FR00000105", "several_orders", "PO-MAIN", 0),
    ]
    assert sum(count for (count,) in rows(report, "without-order-reasons", "bills_count")) == 4


def test_what_changed_and_what_is_missing(report: Report) -> None:
    assert rows(report, "changed", "bill_id", "first_minor", "now_minor", "difference_minor") == [
        ("FR00000104", 30000, 31200, 1200)
    ]
    assert rows(report, "debts-without-bill", "debt_id", "due_minor") == [(9999, 5500)]
    assert ("not_gathered", "main-2") in rows(report, "completeness", "state", "account")
    assert (report.is_complete, report.later_count) == (False, 1)


def test_an_account_without_a_recent_run_is_stale(archive: Path) -> None:
    later = report_on(archive, Question(as_of=date(2026, 11, 27)), ("completeness",))
    assert rows(later, "completeness", "account", "state")[1:] == [("main", "stale"), ("main-1", "stale")]
    the_day_before = report_on(archive, Question(as_of=date(2026, 11, 26)), ("completeness",))
    assert rows(the_day_before, "completeness", "state")[1:] == [("current",), ("current",)]


def test_days_and_accounts_limit_what_was_billed(archive: Path) -> None:
    question = Question(as_of=AS_OF, since=date(2026, 10, 2), until=date(2026, 11, 10), accounts=("main",))
    told = report_on(archive, question, ("months", "services", "cost-centres"))
    assert rows(told, "months", "month_on", "currency", "net_minor") == [
        (date(2026, 11, 1), "EUR", 26000),
        (date(2026, 10, 1), "USD", 1000),
    ]
    for name in ("services", "cost-centres"):
        sums = told.answers[name].records(told.answers[name].totals)
        assert [(one["currency"], one["net_minor"]) for one in sums] == [("EUR", 26000), ("USD", 1000)], name


def test_long_answers_say_how_much_is_left_out(archive: Path) -> None:
    told = report_on(archive, Question(as_of=AS_OF, top=1))
    assert (len(told.answers["services"].rows), told.answers["services"].left_out) == (1, 6)
    assert (len(told.answers["without-order"].rows), told.answers["without-order"].left_out) == (1, 3)
    assert told.answers["services"].records(told.answers["services"].totals)[0]["net_minor"] == 83000
    assert len(told.answers["months"].rows) == 5, "a month is never left out"


def test_the_small_tables_are_proven(archive: Path) -> None:
    make_tables(archive, anew=True)
    checks = {check.name: check for check in verify(archive, [], lambda _access: None)}  # type: ignore[arg-type, return-value]
    for name in ("sums by day = bills", "sums by service = details", "reasons of change = difference"):
        assert (checks[name].passed, checks[name].compared) == (True, 10), checks[name]


def test_patterns_may_hold_any_sign(archive: Path) -> None:
    rules = Rules((Rule("it's 4711", service="^server-1[.]example$|x$until_on|it's"),))
    told = report_on(archive, Question(as_of=AS_OF, rules=rules), ("cost-centres",))
    assert rows(told, "cost-centres", "cost_centre", "currency", "net_minor")[0] == (
        "it's 4711",
        "EUR",
        64000,
    )


def test_tables_of_an_earlier_version_are_made_anew(
    acquit: Callable[..., Ran], archive: Path, tmp_path: Path
) -> None:
    old = tmp_path / "archive"
    shutil.copytree(archive, old)
    for name in ("bill_day", "service_month", "change_month"):
        shutil.rmtree(old / "tables" / name)
    with pytest.raises(Fault, match="of an earlier version"):
        report_on(old, Question(as_of=AS_OF))
    assert acquit("--only", "months", at=old).code == 0
    assert report_on(old, Question(as_of=AS_OF)).answers["months"].rows


def test_an_account_that_is_not_there_is_told(archive: Path) -> None:
    with pytest.raises(Fault, match="no account 'nobody'"):
        report_on(archive, Question(as_of=AS_OF, accounts=("nobody",)))


# ---------------------------------------------------------------- how it is shown


@pytest.mark.parametrize(
    ("name", "words", "columns"),
    [
        ("report-wide.txt", (), 200),
        ("report-narrow.txt", ("--only", "due", "--only", "orders", "--only", "changes"), 60),
        ("report-fr.txt", ("--language", "fr", "--only", "ageing", "--only", "cost-centres"), 100),
        ("report.json", ("--json", "--only", "due", "--only", "orders", "--only", "changes"), 200),
    ],
)
def test_the_answer_is_as_it_was(
    acquit: Callable[..., Ran],
    archive: Path,
    name: str,
    words: tuple[str, ...],
    columns: int,
    update_golden: bool,
) -> None:
    ran = acquit(*words, columns=columns)
    assert (ran.code, ran.err) == (0, "")
    said = "\n".join(line.rstrip() for line in ran.out.splitlines()) + "\n"
    said = said.replace(str(archive), "ARCHIVE")
    golden = GOLDEN / name
    if update_golden:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(said, encoding="utf-8")
    assert said == golden.read_text(encoding="utf-8"), f"read the diff, then --update-golden: {golden}"
    if not name.endswith("json"):
        assert max(map(len, said.splitlines())) <= columns


class Page(HTMLParser):
    """What a page is made of: its tags with attributes, and the texts between them."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, text: str) -> None:
        self.texts.append(text)

    def named(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attributes for name, attributes in self.tags if name == tag)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_needs_nothing_else_and_escapes_what_others_wrote(report: Report, language: Any) -> None:
    document = page_of(report, Words(language, report.question))
    page = Page(document)
    assert not page.open, "every tag is closed"
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "use", "image", "foreignObject"}
    fetched = {
        value
        for _, attributes in page.tags
        for name, value in attributes.items()
        if name in ("src", "href", "xlink:href", "srcset", "action", "data", "style") or name.startswith("on")
    }
    own = {"position:absolute", "fill:var(--mark)"}
    assert all(value is not None and (value in own or value.startswith("#")) for value in fetched)
    assert set(re.findall(r"url\(([^)]*)\)", document)) == {"#hatch"}
    assert "@import" not in document
    assert "Atelier <nord>" in page.texts


def test_the_page_can_be_read_without_eyes(report: Report) -> None:
    page = Page(page_of(report, Words("en", report.question)))
    assert len(list(page.named("h1"))) == 1
    assert len(list(page.named("caption"))) == len(list(page.named("table")))
    assert all(attributes.get("scope") in ("col", "row") for attributes in page.named("th"))
    charts = [one for one in page.named("svg") if one.get("aria-hidden") != "true"]
    assert len(charts) >= 8
    assert all(one.get("role") == "img" and one.get("aria-label") for one in charts)
    assert next(page.named("html"))["lang"] == "en"
    identifiers = [one["id"] for _, one in page.tags if "id" in one]
    assert len(identifiers) == len(set(identifiers))
    assert {f"#{one}" for one in identifiers} >= {one["href"] for one in page.named("a")}


def test_a_text_never_becomes_a_formula(acquit: Callable[..., Ran], report: Report, archive: Path) -> None:
    text = csv_of(report.answers["services"])
    assert "\"'=1+cmd|'/C calc'!A0\"" in text or "'=1+cmd|'/C calc'!A0" in text
    assert ",-40.00\r\n" in text, "an amount below zero stays a number"
    book = archive.parent / "book.xlsx"
    assert acquit("--format", "xlsx", "--out", str(book)).code == 0
    with zipfile.ZipFile(book) as parts:
        assert parts.testzip() is None
        sheets = [parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets/")]
        strings = parts.read("xl/sharedStrings.xml").decode()
    assert not any(b"<f>" in sheet for sheet in sheets)
    assert "=1+cmd" in strings


def test_a_workbook_has_numbers_and_dates(acquit: Callable[..., Ran], report: Report, archive: Path) -> None:
    book = archive.parent / "numbers.xlsx"
    ran = acquit("--format", "xlsx", "--out", str(book), "--language", "fr", "--json")
    assert json.loads(ran.out) == {"format": "xlsx", "files": [str(book)]}
    space = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    with zipfile.ZipFile(book) as parts:
        listed = ElementTree.fromstring(parts.read("xl/workbook.xml")).findall(".//x:sheet", space)
        names = [sheet.attrib["name"] for sheet in listed]
        months = ElementTree.fromstring(
            parts.read(f"xl/worksheets/sheet{names.index('Facturé par mois') + 1}.xml")
        )
    assert len(names) == sum(map(len, SECTIONS.values()))
    assert months.find(".//x:pane", space) is not None
    assert months.find(".//x:autoFilter", space) is not None
    first = months.findall(".//x:row", space)[1]
    values = [(cell.attrib.get("t"), cell.findtext("x:v", namespaces=space)) for cell in first]
    assert values[0] == (None, str((date(2026, 8, 1) - date(1899, 12, 30)).days))
    assert values[3] == (None, "150.00")


def test_sheets_of_comma_separated_values(acquit: Callable[..., Ran], archive: Path) -> None:
    place = archive.parent / "sheets"
    ran = acquit("--format", "csv", "--out", str(place))
    assert ran.code == 0, ran.err
    assert len(list(place.glob("*.csv"))) == sum(map(len, SECTIONS.values()))
    due = (place / "due.csv").read_text(encoding="utf-8").splitlines()
    assert due[:2] == [
        "falls,week_on,currency,due,read,inferred,unknown,pending,debts_count",
        "overdue,,EUR,624.00,180.00,444.00,0.00,0.00,4",
    ]


def test_a_report_does_not_depend_on_its_form(
    acquit: Callable[..., Ran], report: Report, archive: Path
) -> None:
    told = json.loads(acquit("--json").out)
    assert told["complete"] is False
    for name, answer in report.answers.items():
        assert told["answers"][name]["rows"] == json.loads(
            json.dumps(answer.records(answer.rows), default=str)
        ), name


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--since", "2026-12-01"), "No day lies between"),
        (("--month", "2026-13"), "--month is a year and a month"),
        (("--month", "2026-11"), "has not ended by 2026-11-20"),
        (("--account", "nobody"), "no account 'nobody'"),
        (("--rules", "none.toml"), "none.toml cannot be read"),
        (("--format", "html", "--out", "ARCHIVE/manifest.jsonl/x"), "could not be written"),
    ],
)
def test_what_cannot_be_answered_is_told(
    acquit: Callable[..., Ran], archive: Path, words: tuple[str, ...], said: str
) -> None:
    ran = acquit(*(word.replace("ARCHIVE", str(archive)) for word in words))
    assert ran.code == 1
    assert said in " ".join(ran.err.split())
    assert "Traceback" not in ran.err


def test_an_archive_without_anything_is_told(acquit: Callable[..., Ran], tmp_path: Path) -> None:
    ran = acquit(at=tmp_path / "none")
    assert (ran.code, "has no tables yet" in " ".join(ran.err.split())) == (1, True)


def test_both_languages_say_everything(report: Report) -> None:
    for name in ("TITLES", "NOTES", "LABELS", "WORDS", "SAYINGS"):
        english, french = getattr(words_en, name), getattr(words_fr, name)
        assert english.keys() == french.keys()
        for key, text in english.items():
            assert re.findall(r"{\w+}", text) == re.findall(r"{\w+}", french[key]) or key == "bills", key
    for answer in report.answers.values():
        assert answer.name in words_en.TITLES
        assert answer.name in words_en.NOTES
        assert set(answer.columns) <= words_en.LABELS.keys()
        for column in answer.columns:
            if kind_of(column).value == "word":
                assert {answer.value(row, column) for row in answer.rows} <= {*words_en.WORDS, None}
