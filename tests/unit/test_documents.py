"""Papers: the same bytes for ever, everything a finance department looks for, and no text that runs."""

import hashlib
import io
import subprocess
import sys
import tomllib
from dataclasses import replace
from datetime import date
from typing import Any

import pypdf
import pytest
from PIL import Image

from acquit.core.bill import BillKind
from acquit.core.identifiers import BillId
from acquit.core.money import Currency
from acquit.documents import forms, glyphs, languages, logo, wording
from acquit.documents.folding import BREAK, folded
from acquit.documents.glyphs import missing_glyphs
from acquit.documents.page import render_page
from acquit.documents.paper import BillPaper
from acquit.documents.pdf import can_draw, pictures
from acquit.documents.sheet import in_fours, sheet
from acquit.documents.specimen import SELLER, detail, servers, specimen
from acquit.documents.wording import MINUS, Wording

EUR = Currency("EUR")
HOSTILE = (
    '#panic("out") $x^2$ *bold* _it_ @ref <b>é</b> \\ "q" `raw` #eval("1+1") // c /* d */ [x] {y} ~ -- # = 1'
)
SCRIPT = "<script>alert(1)</script>"


def reader(paper: BillPaper) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(render(paper)))


def render(paper: BillPaper) -> bytes:
    return forms.render(paper)["pdf"]


def text_of(paper: BillPaper) -> str:
    return "\n".join(page.extract_text() for page in reader(paper).pages)


def flat(text: str) -> str:
    return " ".join(text.split())


# ------------------------------------------------------------------ the bytes


def test_the_same_paper_is_the_same_bytes_in_every_process() -> None:
    program = (
        "import hashlib\n"
        "from acquit.documents.forms import render\n"
        "from acquit.documents.specimen import specimen\n"
        "print(hashlib.sha256(render(specimen())['pdf']).hexdigest())"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == hashlib.sha256(render(specimen())).hexdigest()


def test_bytes_do_not_depend_on_what_was_rendered_before() -> None:
    before = render(specimen())
    render(specimen(servers(250)))
    assert render(specimen()) == before


def test_a_bill_is_an_archivable_accessible_pdf() -> None:
    made = reader(specimen())
    root: Any = made.trailer["/Root"]
    xmp = root["/Metadata"].get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part>" in xmp
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in xmp
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp
    assert root["/Lang"] == "fr-FR"
    assert made.metadata is not None
    assert made.metadata.title == "Facture FR00000042"
    assert made.metadata.creation_date == specimen().bill.issued_at


def test_only_fonts_of_the_package_are_used() -> None:
    names = set()
    for page in reader(specimen(servers(40))).pages:
        resources: Any = page["/Resources"]
        names |= {font["/BaseFont"].split("+")[1] for font in resources["/Font"].values()}
    assert {name.split("-")[0] for name in names} == {"Inter"}


# ------------------------------------------------------------------ what it says


def test_what_a_finance_department_looks_for_is_there() -> None:
    said = flat(text_of(specimen()))
    for wanted in (
        "Facture",
        "FR00000042",
        "Votre bon de commande PO-2026-00417",
        "1er décembre 2026",
        "31 janvier 2027",
        "45 jours, puis fin de mois",
        "Filiale Nord · cd67890-acq",
        "Établissements Lefèvre & Fils",
        "SIREN 552100554",
        "FR27552100554",
        "RCS Lille Métropole 732829320",
        "SIRET 73282932000074",
        "FR44732829320",
        "RF18 5390 0754 7034",
        "FR76 3000 6000 0112 3456 7890 189",
        "AGRIFRPP",
        "12,15 %",
        "40,00 €",
        "Pas d’escompte",
        "Page 1 sur 1",
    ):
        assert flat(wanted) in said, wanted


@pytest.mark.parametrize(
    ("language", "kind", "label"),
    [
        ("fr_FR", "PURCHASE_ORDER", "Votre bon de commande"),
        ("fr_FR", "REFERENCE_ORDER", "Votre référence interne"),
        ("en_GB", "PURCHASE_ORDER", "Your purchase order"),
        ("en_GB", "REFERENCE_ORDER", "Your internal reference"),
    ],
)
def test_the_type_of_an_order_decides_how_it_is_called(language: str, kind: str, label: str) -> None:
    order = sheet(specimen(language=language, purchase_order_type=kind)).order
    assert order is not None
    assert (order.label, order.value) == (label, "PO-2026-00417")


def test_details_are_grouped_by_service_with_subtotals() -> None:
    lines = [
        detail("a.example", "one", 100_000_000),
        detail("b.example", "two", 200_000_000),
        detail("a.example", "three", 300_000_000),
    ]
    first, second = sheet(specimen(lines)).groups
    assert (first.heading, [row.description for row in first.rows]) == ("a.example", ["one", "three"])
    assert (first.period, first.subtotal) == ("1–31 déc. 2026", "4,00")
    assert (second.heading, second.subtotal) == ("b.example", "")


def test_lines_of_several_periods_tell_each_their_own() -> None:
    january = (date(2027, 1, 1), date(2027, 1, 31))
    lines = [
        detail("a.example", "one", 100_000_000),
        detail("a.example", "two", 100_000_000, period=january),
    ]
    (group,) = sheet(specimen(lines)).groups
    assert group.period == ""
    assert [row.period for row in group.rows] == ["1–31 déc. 2026", "1–31 janv. 2027"]


def test_reverse_charge_is_told_in_the_language_and_as_issued() -> None:
    lines = [detail("a.example", "one", 100_000_000, vat=("AE", 0))]
    paper = specimen(lines, language="en_GB")
    taxes = tuple(replace(tax, exemption_text="Autoliquidation") for tax in paper.bill.taxes)
    (reason,) = sheet(replace(paper, bill=replace(paper.bill, taxes=taxes))).vat_reasons
    assert reason.startswith("Reverse charge: ")
    assert reason.endswith(" Autoliquidation.")
    french = replace(paper, bill=replace(paper.bill, taxes=taxes, language="fr_FR"))
    assert sheet(french).vat_reasons[0].startswith("Autoliquidation\N{NO-BREAK SPACE}: ")


def test_an_exemption_is_told_as_it_was_recorded() -> None:
    paper = specimen([detail("a.example", "one", 100_000_000, vat=("E", 0))])
    taxes = tuple(
        replace(tax, exemption_text="Article 151 of Directive 2006/112/EC") for tax in paper.bill.taxes
    )
    exempt = replace(paper, bill=replace(paper.bill, taxes=taxes))
    assert sheet(exempt).vat_reasons == ("Article 151 of Directive 2006/112/EC",)


def test_a_credit_note_names_the_bill_and_asks_for_nothing() -> None:
    paper = specimen(kind=BillKind.CREDIT_NOTE, bill_id=BillId("FRA1"), corrects_bill_id=BillId("FR00000041"))
    said = sheet(replace(paper, corrected_on=date(2026, 11, 1)))
    assert said.title == "Avoir"
    assert said.facts[0].value == "FR00000041 du 1er novembre 2026"
    assert [key.label for key in said.keys] == ["Date d’émission", "Montant de l’avoir"]
    assert (said.payment.coordinates, said.payment.code) == ((), "")
    assert "FR00000041" in said.payment.heading


def test_a_bill_that_is_collected_shows_no_bank_account() -> None:
    said = sheet(specimen(payment_means="card", language="en_GB"))
    assert said.payment.heading.endswith("will be collected by card on the due date.")
    assert said.payment.coordinates == ()


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"term_days": 45, "term_method": "net"}, "45 days net"),
        ({"term_days": 45, "term_method": "days-first"}, "45 days, then end of month"),
        ({"term_days": 45, "term_method": "month-first"}, "end of month, then 45 days"),
        ({"term_days": 0, "term_method": "net", "due_on": date(2026, 12, 1)}, "on receipt"),
    ],
)
def test_terms_in_words(members: dict[str, Any], words: str) -> None:
    facts = {fact.label: fact.value for fact in sheet(specimen(language="en_GB", **members)).facts}
    assert facts["Payment terms"] == words


# ------------------------------------------------------------------ how much of it


@pytest.mark.parametrize(("details", "pages"), [(1, 1), (6, 1), (70, 3), (2_000, 64)])
def test_from_one_to_two_thousand_lines(details: int, pages: int) -> None:
    made = reader(specimen(servers(details)))
    assert len(made.pages) == pages
    last = made.pages[-1].extract_text()
    assert f"Page {pages} sur {pages}" in last
    assert "IBAN" in last


def test_later_pages_repeat_the_head_of_the_table_and_the_order() -> None:
    second = reader(specimen(servers(70))).pages[1].extract_text()
    assert "Prix unitaire HT" in second
    assert "Facture FR00000042" in second
    assert "PO-2026-00417" in second


def test_a_long_order_does_not_burst_the_page() -> None:
    reference = "PO" * 127
    said = sheet(specimen(purchase_order_reference=reference))
    assert said.order is not None
    assert said.order_is_long
    assert said.order.value.replace(BREAK, "") == reference
    assert len(said.order_in_short) == 48
    assert reference[:50] in text_of(specimen(purchase_order_reference=reference)).replace("\n", "")
    assert len(pictures(specimen(purchase_order_reference=reference), 40)) == 2


# ------------------------------------------------------------------ hostile and strange text


def test_markup_in_every_text_is_printed_as_it_is() -> None:
    paper = specimen([detail(HOSTILE, HOSTILE, 100_000_000)], purchase_order_reference=HOSTILE, note=HOSTILE)
    party = replace(paper.buyer, name=HOSTILE, street=HOSTILE, sub_account=HOSTILE)
    said = flat(text_of(replace(paper, buyer=party, seller=replace(SELLER, bank_name=HOSTILE))))
    assert said.count('#panic("out") $x^2$ *bold* _it_ @ref <b>é</b>') >= 6


def test_scripts_in_every_text_are_words_on_the_page() -> None:
    paper = specimen([detail(SCRIPT, SCRIPT, 100_000_000)], purchase_order_reference=SCRIPT, note=SCRIPT)
    party = replace(paper.buyer, name=SCRIPT, street=SCRIPT, sub_account=SCRIPT)
    page = render_page(replace(paper, buyer=party), '/x?"><script>').decode()
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 6


def test_the_page_says_what_the_pdf_says() -> None:
    said = sheet(specimen())
    page = render_page(specimen(), "/pdf").decode()
    for row in said.groups[0].rows:
        assert row.description in page
    assert all(fact.value in page for fact in (*said.keys, *said.totals, said.gross))
    assert 'href="/pdf"' in page


@pytest.mark.parametrize("sign", ["😀", "中", "\x00", "\x1b", "\u2060", "\ufeff", "\ue000"])
def test_what_has_no_glyph_is_told(sign: str) -> None:
    assert missing_glyphs(f"a{sign}b") == {sign}
    assert folded(f"a{sign}b") == "a□b"


@pytest.mark.parametrize(
    "text", ["Ÿvan Œuvre € ßñçžłőășț Ğİ Ελλάδα Київ \u202f\xa0–—…", "line\tand\nline", "e\u0301"]
)
def test_what_europe_writes_has_glyphs(text: str) -> None:
    assert missing_glyphs(text) == set()


def test_typst_sets_every_character_that_passes_the_gate() -> None:
    signs = sorted(glyphs.printable() - set(glyphs.BLANK))
    lines = [detail("all", "".join(signs[start : start + 30]), 1) for start in range(0, len(signs), 30)]
    assert render(specimen(lines)).startswith(b"%PDF")


def test_a_paper_with_an_impossible_sign_is_still_a_paper() -> None:
    assert "□" in text_of(specimen([detail("a", "smile 😀", 100_000_000)]))


def test_what_is_copied_from_a_paper_bears_no_invisible_sign() -> None:
    address, reference = "comptabilite-fournisseurs@exemple-hebergement.example", "PO-" + "2026-" * 11
    seller, lines = replace(SELLER, email=address), [detail("a-long-name." * 5, "sous-total", 100)]
    said = text_of(replace(specimen(lines, purchase_order_reference=reference), seller=seller))
    assert BREAK not in said
    assert address in said.replace("\n", "")
    assert reference in said.replace("\n", "")


def test_long_words_may_break_and_nothing_is_lost() -> None:
    word = "x" * 40 + ".example-" + "y" * 40
    assert folded(word).replace(BREAK, "") == word
    assert max(map(len, folded(word).split(BREAK))) <= 17
    assert folded("a.example") == "a.example"


# ------------------------------------------------------------------ words and figures


def says(language: str, currency: str = "EUR") -> Wording:
    return wording.wording(language, Currency(currency))


@pytest.mark.parametrize(
    ("language", "currency", "minor", "text"),
    [
        ("fr_FR", "EUR", 123456789, "1\u202f234\u202f567,89\u202f€"),
        ("fr_FR", "EUR", -5, f"{MINUS}0,05\u202f€"),
        ("en_GB", "EUR", 123456789, "€1,234,567.89"),
        ("en_GB", "CHF", 1250, "CHF\xa012.50"),
        ("fr_FR", "CHF", 1250, "12,50\xa0CHF"),
        ("en_US", "JPY", 1250, "¥1,250"),
        ("fr_FR", "TND", 1250, "1,250\xa0TND"),
        ("de_DE", "EUR", 123456789, "1.234.567,89\xa0€"),
        ("nl_BE", "EUR", -5, f"€\xa0{MINUS}0,05"),
        ("sv_SE", "EUR", 123456789, "€1,234,567.89"),
        ("xx", "EUR", 0, "€0.00"),
    ],
)
def test_amounts(language: str, currency: str, minor: int, text: str) -> None:
    assert says(language, currency).amount(minor) == text


@pytest.mark.parametrize(
    ("ucents", "text"),
    [
        (11_080, "0,0001108"),
        (11_080_000, "0,1108"),
        (1, "0,00000001"),
        (100_000_000, "1,00"),
        (0, "0,00"),
        (12_345_678_900_000_000, "123\u202f456\u202f789,00"),
    ],
)
def test_unit_prices_keep_their_decimals(ucents: int, text: str) -> None:
    assert says("fr_FR").price(ucents) == text


@pytest.mark.parametrize(
    ("e4", "text"), [(10_000, "1"), (15_000, "1.5"), (1, "0.0001"), (-20_000, f"{MINUS}2"), (0, "0")]
)
def test_quantities(e4: int, text: str) -> None:
    assert says("en_GB").quantity(e4) == text


def test_figures_are_exact_beyond_what_a_float_holds() -> None:
    assert says("en_GB").figure(2**63 - 1) == "92,233,720,368,547,758.07"


def test_dates_and_periods() -> None:
    assert says("fr_FR").day(date(2027, 1, 1)) == "1er janvier 2027"
    assert says("en_GB").day(date(2027, 1, 31)) == "31 January 2027"
    assert says("fr_FR").period(date(2026, 12, 1), date(2026, 12, 1)) == "1 déc. 2026"
    assert (
        says("en_GB").period(date(2026, 12, 15), date(2027, 1, 14)) == "15 Dec 2026\u2009–\u200914 Jan 2027"
    )


def test_every_language_has_every_text() -> None:
    def keys(texts: dict[str, Any], before: str = "") -> set[str]:
        return {
            key
            for name, text in texts.items()
            for key in (
                keys(text, f"{before}{name}.")
                if isinstance(text, dict)
                else {f"{before}{name}:{_fields(text)}"}
            )
        }

    every = {path.stem: keys(tomllib.loads(path.read_text())) for path in languages.TEXTS.glob("*.toml")}
    assert every.keys() >= {"en", "fr"}
    for language, found in every.items():
        assert found == every["en"], language


def _fields(text: str) -> list[str]:
    return sorted({part.split("}")[0] for part in text.split("{")[1:]})


def test_a_text_that_is_not_there_is_our_bug() -> None:
    with pytest.raises(KeyError):
        says("fr_FR").say("title.poem")


@pytest.mark.parametrize(
    ("text", "spaced"), [("RF18539007547034", "RF18 5390 0754 7034"), ("FR76 300", "FR76 300"), ("", "")]
)
def test_references_in_groups_of_four(text: str, spaced: str) -> None:
    assert in_fours(text) == spaced


# ------------------------------------------------------------------ fonts and logos


def test_the_fonts_are_the_ones_that_were_checked() -> None:
    checked = {tuple(line.split()) for line in (glyphs.FONTS / "SHA256SUMS").read_text().splitlines()}
    fonts = glyphs.FONTS.glob("*.otf")
    assert {(hashlib.sha256(font.read_bytes()).hexdigest(), font.name) for font in fonts} == checked
    assert "SIL OPEN FONT LICENSE" in (glyphs.FONTS / "OFL.txt").read_text()


def picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (120, 40), (10, 80, 140)).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_logos_travel_inside_the_paper(kind: str) -> None:
    content = picture(kind)
    drawn = logo.drawing(content)
    assert drawn is not None
    assert 'width="120" height="40"' in drawn
    assert can_draw(content)
    assert reader(replace(specimen(), logo=content)).pages[0].images


def test_an_svg_logo_is_drawn() -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="3"><rect width="9" height="3"/></svg>'
    assert can_draw(svg)
    assert render(replace(specimen(), logo=svg)) != render(specimen())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xc0\0\0",
        picture("png")[:60],
        b"<svg oops",
        b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="/etc/passwd"/></svg>'[
            :-6
        ],
    ],
    ids=range(8),
)
def test_what_is_no_logo_is_left_out(content: bytes) -> None:
    assert not can_draw(content)
    assert render(replace(specimen(), logo=content)) == render(specimen())


def test_a_logo_reads_no_file_of_the_machine() -> None:
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
        '<image width="9" height="9" href="{}"/></svg>'
    )
    for target in ("/etc/passwd", "../../../etc/passwd", "file:///etc/passwd"):
        content = svg.format(target).encode()
        assert render(replace(specimen(), logo=content)) == render(specimen())
