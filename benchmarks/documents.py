"""Bills on paper against bare typst: the same template on words that are ready, no paper, no sheet.

Every bill is another one, so nothing is remembered from one to the next but the layout. Rounds alternate;
each figure is the median of its rounds.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from rig import rig, say, tell

from acquit.actions.press import press
from acquit.core.bill import Draft, Sharing, arithmetic_problems, detail_texts, glyph_problems
from acquit.core.identifiers import BillId
from acquit.core.tax import TaxCase
from acquit.core.terms import Term
from acquit.documents import pdf
from acquit.documents.glyphs import missing_glyphs
from acquit.documents.paper import BillPaper
from acquit.documents.specimen import BUYER, servers, specimen

ROUNDS = 5
DETAILS = 6
LONG_DETAILS = 1_000
LONG_EVERY = 100


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
    """Print papers as the worker does."""
    for paper in some:
        pdf.render(paper)


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
    pdf.render(_paper(3_000_000, DETAILS))
    some = papers(3, first=3_000_001, details=LONG_DETAILS)
    return statistics.median(1 / rate(partial(pdf.render, paper), 1) for paper in some)


def gate(drafts: int) -> float:
    """Return drafts of six lines per second through the checks over values."""
    paper = specimen(servers(DETAILS))
    bill = paper.bill
    sharing = Sharing(
        bill.account_id, bill.payer_id, bill.language, bill.currency, None, Term(45), None, b"\0" * 32
    )
    case = TaxCase("S", 2_000)
    draft = Draft(sharing, bill.category, case, bill.details, bill.taxes, bill.net_minor, bill.tax_minor)

    def check() -> None:
        for _ in range(drafts):
            assert not arithmetic_problems(draft)
            assert not glyph_problems(detail_texts(draft), missing_glyphs)

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
    parser.add_argument("--peak", type=int, default=0)
    given = parser.parse_args()
    if given.peak:
        for paper in mixture(given.peak):
            pdf.render(paper)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        return
    say("one process, beside bare typst")
    one, typst_ratio = ratio(given.bills)
    say("two processes")
    two = together(given.bills * 2, processes=2)
    say("long bills and memory")
    figures = {
        "typst_ratio": round(typst_ratio, 3),
        "pdf_per_second_one_process": round(one, 1),
        "pdf_per_second_two_processes": round(two, 1),
        "two_processes_ratio": round(two / one, 2),
        "long_bill_seconds": round(long_bill(), 3),
        "gate_per_second": round(gate(5_000)),
        "peak_rss_mb": peak(given.bills * 6),
    }
    tell("documents", rig(), figures)


if __name__ == "__main__":
    main()
