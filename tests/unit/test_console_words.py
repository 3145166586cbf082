"""What the console says and reads: every text in French, amounts and dates as people write them."""

import ast
import re
import string
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from acquit.console import formats, forms, texts, typed
from acquit.console.badges import BADGES, DONE
from acquit.console.consent import SUBJECTS, VALIDITIES, VERBS
from acquit.console.manager.contacts import FORMS
from acquit.console.manager.logs import EVENT_WORDS, FORMAT_WORDS, KIND_WORDS, TOPIC_WORDS
from acquit.console.manager.preferences import KINDS
from acquit.console.staff.catalogues import CHANGES
from acquit.console.staff.mails import OTHERS
from acquit.console.staff.stories import CHAPTERS, WHAT
from acquit.console.staff.words import OFFICE_BADGES, OFFICE_DONE
from acquit.console.timeline import OUTCOMES, WORDS
from acquit.console.typed import METHODS, NotADate, NotAnAmount
from acquit.console.visit import Upload
from acquit.core.money import Currency
from acquit.core.sales_request import BadAttachment
from acquit.core.saml_reason import Why
from acquit.core.story import KNOWN

TEMPLATES = Path(texts.__file__).parent / "templates"
SAID = re.compile(r"""\b_\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
EUR = Currency("EUR")
NARROW, BLANK = "\u202f", "\u00a0"


def english() -> set[str]:
    found = {
        ast.literal_eval(said)
        for file in TEMPLATES.rglob("*.html")
        for said in SAID.findall(file.read_text())
    }
    found |= {word for table in (*BADGES.values(), *OFFICE_BADGES.values()) for word, _ in table.values()}
    found |= {
        *DONE.values(),
        *OFFICE_DONE.values(),
        *VERBS.values(),
        *WORDS.values(),
        *FORMS.values(),
        *KINDS.values(),
        *EVENT_WORDS.values(),
        *TOPIC_WORDS.values(),
        *KIND_WORDS.values(),
        *FORMAT_WORDS.values(),
        *CHAPTERS.values(),
        *WHAT.values(),
        *OTHERS.values(),
        *(why.value for why in Why),
        *(word for word, _ in CHANGES.values()),
        "Bill issued",
        "Due",
        "Disputed",
        "everything",
    }
    found |= {words for words, _ in OUTCOMES.values()}
    found |= {words for _, words in (*SUBJECTS, *METHODS)} | {words for words, _ in VALIDITIES.values()}
    return found


def test_every_text_has_its_french() -> None:
    assert english() - set(texts.french()) == set()


def test_every_act_of_a_story_is_told_in_words() -> None:
    assert {f"act:{verb}" for verb in KNOWN} - set(WHAT) == set()


def test_no_french_is_left_over() -> None:
    spoken = {key for key in texts.french() if not key.startswith(("refusal:", "finding:", "mend:"))}
    dynamic = {"all of the account", "a part of the API"}
    sources = {key for key in spoken if key.startswith(("conditions of", "Code de commerce", "rules of"))}
    assert spoken - english() - dynamic - sources == set()


def test_a_text_has_one_french_wherever_it_is_said() -> None:
    """The tables of all parts are one: of two that differ, the later one would be shown on every page."""
    said: dict[str, set[str]] = {}
    for file in Path(texts.__file__).parent.glob("fr*.toml"):
        for table in tomllib.loads(file.read_text(encoding="utf-8")).values():
            for english, french in table.items():
                said.setdefault(english, set()).add(french)
    assert {english: french for english, french in said.items() if len(french) > 1} == {}


def test_french_fills_the_same_places() -> None:
    def places(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text)} - {None}

    wrong = {key for key, said in texts.french().items() if ":" not in key and places(key) != places(said)}
    assert wrong == set()


@pytest.mark.parametrize(
    ("wishes", "language"),
    [
        ("", "fr"),
        ("fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        ("en-US,en;q=0.5", "en"),
        ("de,en;q=0.7,fr;q=0.8", "fr"),
        ("de", "en"),
        ("en;q=x,fr", "fr"),
        (",;;q=,", "en"),
    ],
)
def test_the_browsers_wish_decides_before_a_sign_in(wishes: str, language: str) -> None:
    assert texts.preferred(wishes) == language


def test_the_accounts_language_decides_after_it() -> None:
    assert [texts.language_of(code) for code in ("fr_FR", "fr_CA", "en_GB", "de_DE", "")] == [
        "fr", "fr", "en", "en", "en",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("minor", "currency", "french", "english"),
    [
        (123456789, "EUR", f"1{NARROW}234{NARROW}567,89{BLANK}€", "€1,234,567.89"),
        (-5, "EUR", f"-0,05{BLANK}€", "-€0.05"),
        (0, "EUR", f"0,00{BLANK}€", "€0.00"),
        (1234, "JPY", f"1{NARROW}234{BLANK}JPY", "JP¥1,234"),
    ],
)
def test_amounts(minor: int, currency: str, french: str, english: str) -> None:
    assert formats.money(minor, currency, "fr_FR") == french
    assert formats.money(minor, currency, "en_GB") == english


def test_unit_prices_show_every_decimal_they_have() -> None:
    assert formats.unit_price(8_999_000_000, "EUR", "en_GB") == "€89.99"
    assert formats.unit_price(123, "EUR", "en_GB") == "€0.00000123"
    assert formats.unit_price(123, "EUR", "fr_FR") == f"0,00000123{BLANK}€"


def test_quantities_rates_days_and_sizes() -> None:
    assert (formats.whole(1_234, "fr"), formats.whole(-1_234, "en")) == (f"1{NARROW}234", "-1,234")
    assert formats.quantity(12345, "fr_FR") == "1,2345"
    assert formats.quantity(-10000, "en_GB") == "-1"
    assert formats.percent(550, "fr_FR") == "5,5 %"
    assert formats.day(date(2026, 2, 1), "fr_FR") == "1 févr. 2026"
    assert formats.day(None, "fr_FR") == ""
    assert formats.eve(date(2027, 1, 1)) == date(2026, 12, 31)
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert formats.instant(late, "Europe/Paris", "en_GB") == "1 Jan 2027, 00:30"
    assert formats.grouped("RF18539007547034") == "RF18 5390 0754 7034"


@pytest.mark.parametrize(
    ("text", "minor"),
    [("", None), ("12", 1200), ("12,5", 1250), (f" 1{NARROW}234,50 € ", 123450), ("1234.50", 123450)],
)
def test_amounts_are_read_as_people_write_them(text: str, minor: int | None) -> None:
    assert typed.amount(text, EUR) == minor


@pytest.mark.parametrize("text", ["x", "1,2,3", "1.234,50", "1e5", "12.345", "٣", "--5"])
def test_what_is_no_amount_is_told(text: str) -> None:
    with pytest.raises(NotAnAmount):
        typed.amount(text, EUR)
    assert typed.found_amount(text, EUR) is None


@pytest.mark.parametrize("text", ["2026-02-30", "tomorrow", "23/11/2026"])
def test_what_is_no_date_is_told(text: str) -> None:
    with pytest.raises(NotADate):
        typed.day(text)
    assert typed.found_day(text) is None


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("/manager/bills?q=a%20b&page=2", True),
        ("/office", True),
        ("/auth?credentialToken=x", True),
        ("/createToken?GET=/me", True),
        ("", False),
        ("/", False),
        ("/manager/../1.0", False),
        ("//manager", False),
        ("/manager x", False),
        ("https://example.com/manager", False),
    ],
)
def test_links_stay_here(link: str, kept: bool) -> None:
    assert forms.local_link(link, "/start") == (link if kept else "/start")


def test_what_is_kept_comes_back_without_secrets() -> None:
    text = forms.keep({"a": "é\n1", "password": "x", "csrf": "y", "once": "z"})
    assert forms.kept(text) == {"a": "é\n1"}
    assert [forms.kept(bad) for bad in ("", "x", "é", "W10=", "eyJhIjoxfQ==")] == [{}] * 5


def test_a_file_is_what_its_name_says() -> None:
    file = forms.checked(Upload("dir\\order.PDF", b"%PDF-1"))
    assert file is not None
    assert (file.name, file.type) == ("order.PDF", "application/pdf")
    assert forms.checked(None) is None
    assert forms.checked(Upload("", b"")) is None
    assert forms.checked(Upload("list.csv", "é;1".encode())) is not None
    for name, content in (("a.pdf", b"<p>"), ("a.csv", b"\0"), ("a.xlsx", b"x"), ("a.html", b"<p>")):
        with pytest.raises(BadAttachment):
            forms.checked(Upload(name, content))
