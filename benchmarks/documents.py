"""Bills as Factur-X and UBL against bare typst: the same template on words that are ready, without a paper.

Also against weasyprint on the page of the same bills, and against the factur-x package: its generator of CII,
its way to put XML into a PDF.
Every bill is another one, so nothing is remembered from one to the next but the layout. Rounds alternate;
each figure is the median of its rounds.
"""

import argparse
import copy
import logging
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial

import facturx as reference
from rig import peak_mb, rig, say, tell

from acquit.actions.press import press
from acquit.core.bill import Draft, Sharing
from acquit.core.electronic_rule import buyer_problems, currency_problems, draft_problems
from acquit.core.gate import arithmetic_problems, detail_texts, glyph_problems, printed_texts
from acquit.core.identifiers import BillId
from acquit.core.tax import TaxCase
from acquit.core.terms import Term
from acquit.documents import cii, forms, pdf, ubl
from acquit.documents.electronic import electronic
from acquit.documents.facturx import marked
from acquit.documents.glyphs import missing_glyphs
from acquit.documents.page import render_page
from acquit.documents.paper import BillPaper
from acquit.documents.specimen import BUYER, servers, specimen

ROUNDS = 5
DETAILS = 6
LONG_DETAILS = 1_000
LONG_EVERY = 100
XML_DETAILS = 8
LEVEL = {"flavor": "factur-x", "level": "en16931", "check_xsd": False, "check_schematron": False}


def papers(count: int, first: int, details: int = DETAILS) -> list[BillPaper]:
    """Return different bills of one page."""
    return [_paper(number, details) for number in range(first, first + count)]


def _paper(number: int, details: int) -> BillPaper:
    lines = [
        replace(
            line, domain=f"ns{number}-{index // 4}.acquit.example", description=f"{line.description} {number}"
        )
        for index, line in enumerate(servers(details))
    ]
    paper = specimen(lines, bill_id=BillId(f"FR{number:08d}"), total_minor=100_000 + number)
    return replace(paper, buyer=replace(BUYER, name=f"Établissements Lefèvre n° {number}"))


def rate(work: Callable[[], object], count: int) -> float:
    """Return how many of `count` were done in a second."""
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


def bare(said: Sequence[dict[str, str]]) -> None:
    """Set words that are ready."""
    compiler = pdf._compiler("bill.typ")
    for words in said:
        compiler.compile(
            format="pdf", sys_inputs=words, pdf_standards=["a-3b", "ua-1"], timestamp=1_700_000_000
        )


def whole(some: Sequence[BillPaper]) -> None:
    """Render papers as the worker does: Factur-X and UBL."""
    for paper in some:
        forms.render(paper)


def ratio(bills: int) -> tuple[float, float]:
    """Return bills per second in this process, and their ratio to bare typst."""
    ours, theirs = [], []
    for turn in range(ROUNDS):
        some = papers(bills, first=turn * 2 * bills)
        said = [pdf._said(paper) for paper in papers(bills, first=(turn * 2 + 1) * bills)]
        theirs.append(rate(partial(bare, said), bills))
        ours.append(rate(partial(whole, some), bills))
    return statistics.median(ours), statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def together(bills: int, processes: int) -> float:
    """Return bills per second of a press of so many processes."""
    with press(processes) as pressing:
        list(pressing(papers(16, first=1_000_000)))
        rounds = [papers(bills, first=2_000_000 + turn * bills) for turn in range(ROUNDS)]
        return statistics.median(rate(lambda some=some: list(pressing(some)), bills) for some in rounds)


def long_bill() -> float:
    """Return the seconds of a bill of a thousand lines."""
    forms.render(_paper(3_000_000, DETAILS))
    some = papers(3, first=3_000_001, details=LONG_DETAILS)
    return statistics.median(1 / rate(partial(forms.render, paper), 1) for paper in some)


def xml(bills: int) -> dict[str, float]:
    """Return files of eight lines per second, from bill to bytes, and the ratio to another generator's."""
    some = papers(bills, first=5_000_000, details=XML_DETAILS)
    told = [reference.parse_ubl_cii_xml(cii.render(electronic(paper))) for paper in some[: bills // 20]]
    found: dict[str, list[float]] = {"cii": [], "ubl": [], "theirs": []}
    for _ in range(ROUNDS):
        copies = copy.deepcopy(told)
        found["cii"].append(rate(lambda: [cii.render(electronic(paper)) for paper in some], bills))
        found["ubl"].append(rate(lambda: [ubl.render(electronic(paper)) for paper in some], bills))
        theirs = rate(
            lambda copies=copies: [reference.generate_xml(one, **LEVEL) for one in copies], len(told)
        )
        found["theirs"].append(theirs)
    ratios = [a / b for a, b in zip(found["cii"], found["theirs"], strict=True)]
    return {
        "xml_per_second": round(statistics.median(found["cii"])),
        "ubl_per_second": round(statistics.median(found["ubl"])),
        "xml_times_factur_x": round(statistics.median(ratios), 1),
    }


def _generate(told: Sequence[dict[str, object]]) -> None:
    for one in told:
        reference.generate_xml(one, **LEVEL)


def attaching(bills: int) -> float:
    """Return how many times as fast XML gets into a PDF as by the factur-x package, typst included."""
    ratios = []
    for turn in range(ROUNDS):
        some = papers(bills, first=6_000_000 + turn * bills)
        said = [(paper, cii.render(electronic(paper))) for paper in some]
        ours = rate(lambda said=said: [marked(pdf.render(paper, told)) for paper, told in said], bills)
        theirs = rate(
            lambda said=said: [
                reference.generate_from_binary(pdf.render(paper), told, **LEVEL) for paper, told in said
            ],
            bills,
        )
        ratios.append(ours / theirs)
    return statistics.median(ratios)


def printing(bills: int) -> float | None:
    """Return how many times as fast a bill in all its forms is as weasyprint on its page alone.

    None where weasyprint or the libraries of the system that it needs are not there.
    """
    try:
        import weasyprint
    except (ImportError, OSError) as error:
        say(f"without weasyprint: {error}")
        return None
    ratios = []
    for turn in range(ROUNDS):
        some = papers(bills, first=7_000_000 + turn * bills)
        pages = [render_page(paper, "bill.pdf").decode() for paper in some]
        theirs = rate(lambda pages=pages: [weasyprint.HTML(string=page).write_pdf() for page in pages], bills)
        ratios.append(rate(partial(whole, some), bills) / theirs)
    return round(statistics.median(ratios), 1)


def gate(drafts: int) -> float:
    """Return drafts of six lines per second through all that is asked of their values and their buyer."""
    paper = specimen(servers(DETAILS))
    bill = paper.bill
    sharing = Sharing(
        bill.account_id, bill.payer_id, bill.language, bill.currency, None, Term(45), None, b"\0" * 32
    )
    case = TaxCase("S", 2_000)
    draft = Draft(sharing, bill.category, case, bill.details, bill.taxes, bill.net_minor, bill.tax_minor)
    missing = lru_cache(maxsize=65_536)(lambda text: frozenset(missing_glyphs(text)))

    def check() -> None:
        for _ in range(drafts):
            assert not buyer_problems(paper.buyer, paper.seller, case)
            assert not glyph_problems(printed_texts(paper.buyer), missing)
            assert not arithmetic_problems(draft)
            assert not draft_problems(draft, paper.seller, paper.buyer, bill.issued_on)
            assert not currency_problems(draft, paper.seller, paper.buyer)
            assert not glyph_problems(detail_texts(draft), missing)

    check()
    return statistics.median(rate(check, drafts) for _ in range(ROUNDS))


def mixture(bills: int) -> Iterator[BillPaper]:
    """Yield bills of one page with a long one among them now and then."""
    for number in range(4_000_000, 4_000_000 + bills):
        yield _paper(number, LONG_DETAILS if number % LONG_EVERY == LONG_EVERY - 1 else DETAILS)


def peak(bills: int) -> int:
    """Return the most memory, in MB, that a process took which printed that mixture."""
    command = [sys.executable, __file__, "--peak", str(bills)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bills", type=int, default=150)
    parser.add_argument("--peak", type=int, default=0, help="print so many bills and tell the memory")
    parser.add_argument("--peak-bills", type=int, default=900, help="how many bills the memory is told of")
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    if given.peak:
        for paper in mixture(given.peak):
            forms.render(paper)
        print(peak_mb())
        return
    say("one process, beside bare typst")
    one, typst_ratio = ratio(given.bills)
    say("two processes")
    two = together(given.bills * 2, processes=2)
    say("long bills and memory")
    figures: dict[str, float | None] = {
        "typst_ratio": round(typst_ratio, 3),
        "facturx_per_second_one_process": round(one, 1),
        "facturx_per_second_two_processes": round(two, 1),
        "two_processes_ratio": round(two / one, 2),
        "long_bill_seconds": round(long_bill(), 3),
        "gate_per_second": round(gate(5_000)),
        "times_weasyprint": None
        if (beside := printing(max(1, given.bills // 15))) is None
        else round(beside, 1),
        "pdf_times_factur_x": round(attaching(max(1, given.bills // 10)), 2),
        **xml(max(20, given.bills * 2)),
        "peak_bills": given.peak_bills,
        "peak_rss_mb": peak(given.peak_bills),
    }
    tell("documents", rig(), figures)


if __name__ == "__main__":
    main()
