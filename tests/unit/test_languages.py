"""Texts of papers: complete in every language that comes with the program, and open to others."""

import io
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pypdf
import pytest

from acquit.core.money import Currency
from acquit.documents import languages
from acquit.documents.glyphs import missing_glyphs
from acquit.documents.languages import TEXTS, own_texts, texts_of, use_texts
from acquit.documents.letter import AskedDebt, Asking, Words, write_letter
from acquit.documents.pdf import render
from acquit.documents.sheet import sheet
from acquit.documents.specimen import metered, specimen
from acquit.documents.wording import wording

EUR = Currency("EUR")
ALL = ("de_DE", "en_GB", "es_ES", "fr_FR", "it_IT", "nl_NL", "pl_PL", "pt_PT")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    """A directory of an installation's own texts; afterwards there is none."""
    yield tmp_path
    use_texts(None)


def put(own: Path, language: str, text: str) -> tuple[str, ...]:
    (own / f"{language}.toml").write_text(text, encoding="utf-8")
    return use_texts(own)


@pytest.mark.parametrize("path", sorted(TEXTS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_text_that_comes_with_the_program_is_printable_and_filled_in(path: Path) -> None:
    texts = tomllib.loads(path.read_text(encoding="utf-8"))
    assert missing_glyphs(path.read_text(encoding="utf-8")) == set()
    assert texts.keys() == tomllib.loads((TEXTS / "en.toml").read_text(encoding="utf-8")).keys()
    assert path.stem == "en" or texts["title"] != dict(texts_of("en"))


@pytest.mark.parametrize("language", ALL)
def test_a_paper_is_whole_in_every_language(language: str) -> None:
    text = "".join(
        page.extract_text() for page in pypdf.PdfReader(io.BytesIO(render(metered(language)))).pages
    )
    said = sheet(metered(language))
    assert said.language == language[:2]
    assert said.annex is not None
    for wanted in (
        said.title,
        said.keys[0].value,
        said.gross.value,
        said.annex.title,
        said.labels["subtotal"],
    ):
        assert _flat(wanted) in _flat(text), wanted
    assert not re.search(r"\{\w+\}", text), "everything is filled in"


def _flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("language", "day", "first", "amount"),
    [
        ("de_DE", "31. Januar 2027", "1. Januar 2027", "1.234,56\xa0€"),
        ("es_ES", "31 de enero de 2027", "1 de enero de 2027", "1.234,56\xa0€"),
        ("it_IT", "31 gennaio 2027", "1º gennaio 2027", "1.234,56\xa0€"),
        ("nl_NL", "31 januari 2027", "1 januari 2027", "€\xa01.234,56"),
        ("pl_PL", "31 stycznia 2027", "1 stycznia 2027", "1\xa0234,56\xa0€"),
        ("pt_PT", "31 de janeiro de 2027", "1 de janeiro de 2027", "1\xa0234,56\xa0€"),
    ],
)
def test_days_and_amounts_as_the_language_writes_them(
    language: str, day: str, first: str, amount: str
) -> None:
    says = wording(language, EUR)
    assert (says.day(date(2027, 1, 31)), says.day(date(2027, 1, 1))) == (day, first)
    assert says.amount(123_456) == amount


def test_an_own_text_goes_before_the_packages(own: Path) -> None:
    assert put(own, "fr", '[title]\nbill = "Note d’honoraires"') == ()
    assert own_texts() == own
    assert sheet(specimen()).title == "Note d’honoraires"
    assert sheet(specimen()).gross.label == "Total TTC"
    use_texts(None)
    assert sheet(specimen()).title == "Facture"


def test_a_language_of_ones_own_is_english_where_it_says_nothing(own: Path) -> None:
    (problem,) = put(own, "sv", '[title]\nbill = "Faktura"\n[total]\nnet = "Summa exklusive moms"')
    assert problem.startswith("sv.toml lacks ")
    assert "are said in English: annex.all, " in problem
    said = sheet(specimen(language="sv_SE"))
    assert (said.title, said.totals[0].label) == ("Faktura", "Summa exklusive moms")
    assert said.gross.label == "Total including VAT"
    assert said.keys[0].value == "1 december 2026"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("fr", "[title\n", "cannot be read and is left out"),
        ("fr", '[title]\npoem = "x"', "title.poem is no text of a paper"),
        ("fr", '[foot]\npage = "{page} / {all}"', "foot.page has {all} in it, which is never filled in"),
        ("fr", '[foot]\npage = "{page"', "foot.page has braces that do not go together"),
        ("fr", '[foot]\npage = "{page!r} {pages}"', "foot.page has {page!r} in it"),
        ("fr", '[title]\nbill = "请款"', "which no paper can print"),
        ("fr_FR", '[title]\nbill = "x"', "is named after no language"),
    ],
)
def test_a_text_that_cannot_be_used_is_told_and_left_out(own: Path, name: str, text: str, told: str) -> None:
    before = sheet(specimen())
    (problem,) = put(own, name, text)
    assert told in problem
    assert sheet(specimen()) == before


def test_no_directory_of_own_texts_is_no_problem(tmp_path: Path) -> None:
    assert use_texts(tmp_path / "texts") == ()
    assert languages.languages() == {language[:2] for language in ALL}
    use_texts(None)


def test_a_language_that_nobody_knows_the_days_of_is_dated_in_english(own: Path) -> None:
    put(own, "qqx", '[title]\nbill = "Q"')
    says = wording("qqx", EUR)
    assert says.day(date(2027, 1, 31)) == "31 January 2027"


def test_a_letter_in_english_has_no_german_month() -> None:
    debt = AskedDebt("ab12345-acq", "FR1", date(2026, 12, 31), EUR, 100, 100, "RF18")
    asking = Asking("S", "FR76", "P", "ab12345-acq", "de_DE", date(2027, 1, 2), (debt,), 1215, 4000, EUR)
    words = Words("en", "program-1", "{on}", "{debts} {total}")
    assert write_letter(words, asking).subject == "2 January 2027"
