"""`acquit verify`: proves one paper, or a whole legal archive, offline."""

from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from acquit.actions.verify_paper import verify_file
from acquit.cli.program import Given
from acquit.cli.screen import facts, table

NOT_PROVED: Final = 1
MARKS: Final = {"proved": "holds", "differs": "DIFFERS", "open": "not shown"}
VERDICTS: Final = {
    "proved": "Proved: every byte is as the seller archived, booked and signed it.",
    "intact": "Intact: every byte is as the receipt says. Whose the key is, you compare: --key.",
    "unproved": "Not proved: a receipt is needed (--receipt FILE); the seller gives one for every bill.",
    "differs": "Not proved: something is not as it says, see above.",
}
LIMITS: Final = (
    "Not shown by any of it: that the bill is owed or paid, that no credit note took it back later, or the "
    "exact time of the stamp."
)


def verify(
    file: Path,
    /,
    *,
    receipt: Annotated[
        Path | None, Parameter(help="Its receipt; without it FILE.receipt.json, if it is there.")
    ] = None,
    key: Annotated[
        Path | None, Parameter(help="The seller's public key, or several, as it publishes them.")
    ] = None,
    program: Given,
) -> int:
    """Prove that a PDF is the bill that was issued, with nothing but files; exit 1 when it is not.

    Parameters
    ----------
    file
        The PDF of a bill, or a legal archive (zip).
    """
    with program.screen.progress("Papers") as advance:
        made = verify_file(file, receipt, key, advance)
    document = {
        "file": str(file),
        "verdict": made.verdict,
        "sha256": made.sha256,
        "papers": made.papers,
        "checks": [{"check": each.check, "state": each.state, "told": each.told} for each in made.findings],
    }
    rows = [(each.check, MARKS[each.state], each.told) for each in made.findings]
    shown = table("check", "", "", rows=rows) if rows else facts(papers=made.papers, sha256=made.sha256)
    program.screen.answer(document, shown, "", VERDICTS[made.verdict], LIMITS)
    return 0 if made.verdict in ("proved", "intact") else NOT_PROVED
