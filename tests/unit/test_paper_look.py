"""Colours that everybody can read, sums carried from page to page, and what the law of a country adds."""

import html
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pypdf
import pytest
from PIL import Image

from acquit.core.snapshot import Seller
from acquit.documents.letterhead import Letterhead
from acquit.documents.page import render_page
from acquit.documents.palette import ACCENT, INK, contrast, is_readable, palette, shown_contrast
from acquit.documents.paper import BillPaper
from acquit.documents.pdf import pictures, render
from acquit.documents.receipt_page import Receipt, render_receipt
from acquit.documents.sheet import sheet
from acquit.documents.specimen import EUR, SELLER, detail, metered, servers, specimen


def sold_by(country: str, language: str, **members: Any) -> BillPaper:
    """A paper of a seller elsewhere to a buyer in France."""
    seller = replace(SELLER, country=country, siren="HRB 12345", siret="", register_city="Köln", **members)
    lines = [detail("a.example", "one", 100_000_000, vat=("AE", 0))]
    return replace(specimen(lines, language=language), seller=seller)


# ------------------------------------------------------------------ colours


@pytest.mark.parametrize(
    ("colour", "ratio"),
    [("#ffffff", "1.0"), ("#000000", "21.0"), ("#767676", "4.5"), ("#777777", "4.4"), ("#ffcc00", "1.5")],
)
def test_contrast_is_that_of_the_guidelines(colour: str, ratio: str) -> None:
    assert shown_contrast(colour) == ratio
    assert is_readable(colour) == (float(ratio) >= 4.5)


@pytest.mark.parametrize("text", ["", "red", "#FFF", "#12345g", "#0B4F8A", "#0b4f8a;}"])
def test_what_is_no_readable_colour_is_never_used(text: str) -> None:
    assert palette(text).accent == ACCENT


def test_text_on_the_pale_ground_is_readable_whatever_the_colour() -> None:
    for colour in ("#0b4f8a", "#767676", "#c2185b", "#00796b", "#000000"):
        made = palette(colour)
        assert made.accent == colour
        assert contrast(made.strong, made.tint) >= 4.5
    assert palette("#767676").strong == INK


def test_the_sellers_colour_is_on_all_its_papers() -> None:
    seller = replace(SELLER, brand_colour="#8a1f5c")
    paper = replace(specimen(), seller=seller)
    assert sheet(paper).palette.accent == "#8a1f5c"
    assert pictures(paper, 40) != pictures(specimen(), 40)
    page = render_page(paper, "/pdf").decode()
    receipt = render_receipt(
        Receipt("D1", Letterhead(seller), "ab12345-acq", "fr_FR", paper.bill.issued_on, EUR, 100)
    ).decode()
    assert "--accent: #8a1f5c" in page
    assert "--accent: #8a1f5c" in receipt


# ------------------------------------------------------------------ on screen

UNSAID = {"logo", "palette", "code", "language", "region", "labels", "order_in_short", "carried"}
"""What is drawn, or said on pages of paper only."""


def texts(said: Any) -> Iterator[str]:
    """Every text of a sheet, as deep as it goes."""
    if isinstance(said, str):
        yield said
    elif isinstance(said, dict):
        for name, value in said.items():
            if name not in UNSAID:
                yield from texts(value)
    elif isinstance(said, list | tuple):
        for value in said:
            yield from texts(value)


@pytest.mark.parametrize("paper", [specimen(), metered("de_DE"), specimen(servers(70))], ids=range(3))
def test_the_page_says_every_word_of_the_paper(paper: BillPaper) -> None:
    page = html.unescape(render_page(paper, "/pdf").decode())
    said = list(texts(msgspec.to_builtins(sheet(paper))))
    assert len(said) > 50
    assert [text for text in said if text not in page] == []


def test_a_page_is_made_for_screen_readers() -> None:
    page = render_page(metered("de_DE"), "/pdf").decode()
    assert '<html lang="de">' in page
    assert page.count("<h1>") == 1
    assert re.findall(r"<th(?:>| (?![^>]*scope=)[^>]*>)", page) == []
    assert re.findall(r"<img(?![^>]*alt=\"[^\"])[^>]*>", page) == []
    assert "<script" not in page


# ------------------------------------------------------------------ pages


def test_what_a_page_carries_forward_the_next_one_brings() -> None:
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(render(specimen(servers(70))))).pages]
    forward = [re.findall(r"À reporter\s+([\d\s,]+\d)\n", text) for text in pages]
    brought = [re.findall(r"\nReport\s+([\d\s,]+\d)\n", text) for text in pages]
    assert [len(each) for each in forward] == [1, 1, 0]
    assert [len(each) for each in brought] == [0, 1, 1]
    assert forward[:2] == brought[1:]


def test_what_is_carried_is_the_sum_of_the_lines_so_far() -> None:
    paper = specimen(servers(30))
    rows = [row for group in sheet(paper).groups for row in group.rows]
    so_far = 0
    for row, line in zip(rows[:-1], paper.bill.details, strict=False):
        so_far += line.net_minor
        assert row.carried.replace("\N{NARROW NO-BREAK SPACE}", "").replace(",", "") == str(so_far)
    assert rows[-1].carried == ""
    assert all(not row.carried for group in sheet(specimen(servers(12))).groups for row in group.rows)


def test_an_annex_begins_on_a_page_of_its_own_and_carries_nothing() -> None:
    first, last = pypdf.PdfReader(io.BytesIO(render(metered()))).pages
    assert "IBAN" in first.extract_text()
    assert "Détail des consommations" in last.extract_text()
    assert "Report" not in last.extract_text().replace("reporter", "")


def test_words_of_three_hundred_letters_stay_on_the_page() -> None:
    word = "Ø" * 300
    paper = specimen([detail(word, word, 100_000_000)], note=word)
    party = replace(paper.buyer, name=word, street=word)
    text = "".join(
        page.extract_text() for page in pypdf.PdfReader(io.BytesIO(render(replace(paper, buyer=party)))).pages
    )
    assert text.count("Ø") == 1500
    for page in pictures(replace(paper, buyer=party), 50):
        picture = Image.open(io.BytesIO(page)).convert("L")
        margin = picture.crop((picture.width - 38, 0, picture.width, picture.height))
        assert margin.getextrema() == (255, 255), "nothing is printed in the margin"


def test_names_that_run_from_right_to_left_or_have_no_glyph_are_squares() -> None:
    said = sheet(specimen([detail("שלום", "中文 عربي", 100_000_000)]))
    assert set(said.groups[0].heading) == {"□"}
    assert set(said.groups[0].rows[0].description) == {"□", " "}


# ------------------------------------------------------------------ law


def test_a_french_bill_says_what_the_french_codes_ask_for() -> None:
    said = sheet(specimen())
    assert said.mentions == (
        "Tout retard de paiement entraîne, dès le lendemain de l’échéance et sans rappel, des pénalités au "
        "taux annuel de 12,15\N{NARROW NO-BREAK SPACE}% et une indemnité forfaitaire pour frais de "
        "recouvrement de 40,00\N{NARROW NO-BREAK SPACE}€ (articles L441-10 et D441-5 du Code de commerce).",
        "Pas d’escompte pour paiement anticipé.",
        "TVA sur les services exigible à l’encaissement.",
    )
    assert said.foot[0] == (
        "Acquit Démo SAS au capital de 100 000 € · RCS Lille Métropole\N{NO-BREAK SPACE}732829320"
    )
    debits = replace(specimen(), seller=replace(SELLER, vat_on_debits=True))
    assert sheet(debits).mentions[-1] == "Option pour le paiement de la taxe d’après les débits."


@pytest.mark.parametrize(
    ("country", "language", "law", "register"),
    [
        ("DE", "de_DE", "§ 288 BGB", "Amtsgericht Köln, HRB 12345"),
        ("DE", "fr_FR", "§ 288 BGB", "Amtsgericht Köln, HRB 12345"),
        ("BE", "fr_BE", "loi du 2 août 2002", "RPM Köln HRB 12345"),
        ("BE", "nl_BE", "wet van 2 augustus 2002", "RPR Köln HRB 12345"),
        ("ES", "es_ES", "Ley 3/2004, de 29 de diciembre", "Registro Mercantil de Köln, HRB 12345"),
        ("US", "en_US", "", "Company no. HRB 12345"),
    ],
)
def test_laws_and_registers_are_named_as_in_the_sellers_country(
    country: str, language: str, law: str, register: str
) -> None:
    said = sheet(sold_by(country, language))
    assert law in said.mentions[0]
    assert register in said.foot[0].replace("\N{NO-BREAK SPACE}", " ")
    assert ("(" in said.mentions[0]) == bool(law)


def test_why_there_is_no_vat_names_the_law_of_the_seller_and_of_the_union() -> None:
    (reason,) = sheet(sold_by("DE", "en_GB")).vat_reasons
    assert reason == (
        "Reverse charge: VAT to be accounted for by the recipient "
        "(§ 3a Abs. 2 UStG, Article 196 of Directive 2006/112/EC)."
    )


def test_a_number_in_a_foreign_register_is_not_called_siren() -> None:
    lines = sheet(sold_by("DE", "de_DE")).seller.lines
    assert "Registernummer HRB 12345" in [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]


def test_a_seller_without_a_register_says_its_number_alone() -> None:
    foot = sheet(replace(specimen(), seller=Seller("N", "IE", siren="123", late_rate_bp=1))).foot
    assert foot[0] == "N · Registered in Ireland No. 123"
