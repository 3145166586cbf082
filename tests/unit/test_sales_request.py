"""Requests to sales: what may be asked and attached, and that a person decides once."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from acquit.core import sales_request as law
from acquit.core.identifiers import AccountId, RequestId
from acquit.core.order_change import OrderTerms
from acquit.core.sales_request import (
    AlreadyDecided,
    AskedOrder,
    AskedTerm,
    BadAttachment,
    MessageTooLong,
    NoSuchRequest,
    ReasonMissing,
    RequestKind,
    RequestState,
    SalesRequest,
)
from acquit.core.terms import Term

ASKED = SalesRequest(
    AccountId("ab12345-acq"),
    RequestId(4),
    AskedTerm(Term(45)),
    "account:ab12345-acq",
    datetime(2026, 1, 1, tzinfo=UTC),
)


def test_kinds() -> None:
    assert ASKED.kind is RequestKind.TERM
    order = AskedOrder(OrderTerms("PO-1", date(2026, 1, 1)))
    assert replace(ASKED, asked=order).kind is RequestKind.PURCHASE_ORDER


def test_a_file_keeps_its_name_without_a_path() -> None:
    for name in ("order.PDF", "../../order.PDF", "C:\\orders\\order.PDF"):
        assert law.attachment(name, b"%PDF") == law.Attachment("order.PDF", "application/pdf", b"%PDF")
    assert len(law.attachment("x" * 500 + ".pdf", b"x").name) == 120


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("run.exe", b"MZ", "Attach one of"),
        ("page.html", b"<", "Attach one of"),
        ("order", b"x", "Attach one of"),
        ("or\nder.pdf", b"x", "Attach one of"),
        ("order.pdf", b"", "empty"),
        ("order.pdf", b"x" * (law.FILE_BYTES_MAX + 1), "larger than 5 MB"),
    ],
)
def test_other_files_are_refused(name: str, content: bytes, says: str) -> None:
    with pytest.raises(BadAttachment, match=says):
        law.attachment(name, content)


def test_messages_have_a_length() -> None:
    assert law.checked_message("please") == "please"
    with pytest.raises(MessageTooLong):
        law.checked_message("x" * (law.MESSAGE_CHARS_MAX + 1))


def test_a_request_is_decided_once() -> None:
    law.refuse_decided(ASKED)
    for state in (RequestState.APPROVED, RequestState.REFUSED):
        with pytest.raises(AlreadyDecided, match=f"was {state.value} by operator:bob"):
            law.refuse_decided(replace(ASKED, state=state, decided_by="operator:bob"))


def test_a_refusal_has_a_reason() -> None:
    assert law.checked_reason(" too early ") == "too early"
    with pytest.raises(ReasonMissing):
        law.checked_reason("  ")


def test_what_is_not_there_is_named() -> None:
    assert NoSuchRequest(9).details == {"request": "9"}
