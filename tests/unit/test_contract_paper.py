"""A contract text becomes a paper; versions overtake one another."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from acquit.core.contract_text import (
    AcceptanceState,
    BadContractText,
    ContractText,
    Presented,
    checked_text,
)
from acquit.core.identifiers import LegalEntityId
from acquit.documents.contract_paper import _paragraphs

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
TEXT = ContractText(1, LegalEntityId("FR"), None, "Terms", date(2026, 11, 23), "Words.", "0" * 64, AT)


def test_blank_lines_part_paragraphs_and_a_sign_makes_a_heading() -> None:
    said = "Before.\n# One\nA line\nand another.\n\n\nLast.\n# Two"
    assert list(_paragraphs(said)) == [
        ("text", ("Before.",)),
        ("heading", ("One",)),
        ("text", ("A line", "and another.")),
        ("text", ("Last.",)),
        ("heading", ("Two",)),
    ]


def test_a_state_follows_from_what_was_said_and_what_came_after() -> None:
    asked = Presented(TEXT, None, None, None)
    accepted = replace(asked, accepted_at=AT, accepted_by="account:ab12345-acq")
    overtaken = replace(accepted, until_on=date(2027, 1, 1))
    assert [each.state for each in (asked, accepted, overtaken)] == [
        AcceptanceState.ASKED, AcceptanceState.OK, AcceptanceState.OBSOLETE,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "said"), [("", "x"), ("a\nb", "x"), ("n" * 101, "x"), ("a", " "), ("a", "\x07")]
)
def test_what_is_no_contract_text(name: str, said: str) -> None:
    with pytest.raises(BadContractText):
        checked_text(name, said)


def test_lines_end_one_way() -> None:
    assert checked_text(" Terms ", "a\r\n\tb\n") == ("Terms", "a\n b")
