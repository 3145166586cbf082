"""What the bank tells of a file that it was given: pain.002, of any version, read as group, batches, lines.

Source: ISO 20022 pain.002.001.03 to .14, ExternalPaymentGroupStatus1Code; EPC130-08 chapter 3 (rejects).
"""

from dataclasses import dataclass
from typing import Final

from acquit.documents.xml_tree import Node, NoTree, tree

NAMESPACE: Final = "pain.002."
REJECTED: Final = "RJCT"
ACCEPTED: Final = frozenset({"ACTC", "ACCP", "ACSP", "ACSC", "ACCC", "ACWC", "ACWP", "PART", "ACFC"})
FILE_MAX: Final = 64 * 1024 * 1024


class NoReport(ValueError):
    """The bytes are no pain.002 that can be applied; the text names the element."""


@dataclass(frozen=True, slots=True)
class LineStatus:
    """What became of one line: its reference, its status, and why, where the bank says so."""

    end_to_end: str
    status: str
    reason_code: str
    told: str


@dataclass(frozen=True, slots=True)
class BatchStatus:
    """What became of one batch; its status may be empty when only its lines have one."""

    batch_id: str
    status: str
    reason_code: str
    told: str
    lines: tuple[LineStatus, ...]


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What the bank says of the file `message_id`."""

    report_id: str
    message_id: str
    message_kind: str
    status: str
    reason_code: str
    told: str
    batches: tuple[BatchStatus, ...]

    @property
    def is_accepted(self) -> bool:
        """Whether the bank took the file, whole or in part."""
        told = {self.status, *(batch.status for batch in self.batches)}
        told |= {line.status for batch in self.batches for line in batch.lines}
        return self.status != REJECTED and bool(told & ACCEPTED)


def read(content: bytes) -> StatusReport:
    """Return the report. Raises NoReport, naming the element that is missing or wrong."""
    if len(content) > FILE_MAX:
        raise NoReport(f"a status report has at most {FILE_MAX} bytes, this file has {len(content)}")
    try:
        root = tree(content)
    except NoTree as error:
        raise NoReport(f"it is no XML that can be read: {error}") from None
    body = root.find("CstmrPmtStsRpt")
    if root.name != "Document" or body is None:
        raise NoReport(f"Document/CstmrPmtStsRpt is missing; the file begins with {root.name}")
    group = body.find("OrgnlGrpInfAndSts")
    if group is None:
        raise NoReport("CstmrPmtStsRpt/OrgnlGrpInfAndSts is missing")
    message_id = group.said("OrgnlMsgId")
    if not message_id:
        raise NoReport("OrgnlGrpInfAndSts/OrgnlMsgId is missing: which file is meant?")
    code, told = _why(group)
    return StatusReport(
        report_id=body.said("GrpHdr/MsgId"),
        message_id=message_id,
        message_kind=group.said("OrgnlMsgNmId"),
        status=group.said("GrpSts"),
        reason_code=code,
        told=told,
        batches=tuple(_batch(node) for node in body.all("OrgnlPmtInfAndSts")),
    )


def _batch(node: Node) -> BatchStatus:
    code, told = _why(node)
    lines = tuple(_line(each) for each in node.all("TxInfAndSts"))
    return BatchStatus(node.said("OrgnlPmtInfId"), node.said("PmtInfSts"), code, told, lines)


def _line(node: Node) -> LineStatus:
    end_to_end = node.said("OrgnlEndToEndId") or node.said("OrgnlInstrId")
    if not end_to_end:
        raise NoReport("TxInfAndSts/OrgnlEndToEndId is missing: which line is meant?")
    code, told = _why(node)
    return LineStatus(end_to_end, node.said("TxSts"), code, told)


def _why(node: Node) -> tuple[str, str]:
    """Return the first reason's code and all that is said beside."""
    reasons = list(node.all("StsRsnInf"))
    codes = [code for each in reasons if (code := each.said("Rsn/Cd") or each.said("Rsn/Prtry"))]
    words = [word.text for each in reasons for word in each.all("AddtlInf") if word.text]
    return (codes[0] if codes else ""), " ".join(words)[:500]
