"""The code of a transfer: only what is valid is ever drawn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iso11649

from acquit.documents.payment_code import payment_code, transfer_text

IBAN, BIC, REFERENCE = "FR7630006000011234567890189", "AGRIFRPP", "RF18539007547034"


def test_the_code_says_who_where_how_much_and_why() -> None:
    assert iso11649.is_valid(REFERENCE)
    said = transfer_text("Acquit Démo SAS", "FR76 3000 6000 0112 3456 7890 189", BIC, REFERENCE, 123456)
    assert said is not None
    assert said.split("\n") == [
        *("BCD", "002", "1", "SCT", "AGRIFRPP", "Acquit Démo SAS"),
        *("FR7630006000011234567890189", "EUR1234.56", "", "RF18539007547034"),
    ]


@pytest.mark.parametrize(
    ("holder", "iban", "reference", "amount_minor"),
    [
        ("", IBAN, REFERENCE, 1),
        ("A", "FR7630006000011234567890188", REFERENCE, 1),
        ("A", "", REFERENCE, 1),
        ("A", IBAN, "RF19539007547034", 1),
        ("A", IBAN, "", 1),
        ("A", IBAN, REFERENCE, 0),
        ("A", IBAN, REFERENCE, -1),
        ("A", IBAN, REFERENCE, 100_000_000_000),
    ],
)
def test_no_code_when_anything_is_wrong(holder: str, iban: str, reference: str, amount_minor: int) -> None:
    assert payment_code(holder, iban, BIC, reference, amount_minor) is None


@pytest.mark.parametrize(
    ("holder", "iban", "bic", "reference"),
    [
        ("Nuage\nFR7612345987650123456789014", IBAN, BIC, REFERENCE),
        ("  Nuage  SA ", "fr76-3000-6000-0112-3456-7890-189", "agri fr pp", "rf18 5390 0754 7034"),
        ("N" * 69 + " A", IBAN, "", REFERENCE),
    ],
)
def test_every_member_keeps_its_line(holder: str, iban: str, bic: str, reference: str) -> None:
    said = transfer_text(holder, iban, bic, reference, 1)
    assert said is not None
    lines = said.split("\n")
    assert (len(lines), lines[6], lines[7], lines[9]) == (10, IBAN, "EUR0.01", REFERENCE)
    assert lines[4] in (BIC, "")
    assert lines[5] == lines[5].strip()
    assert len(lines[5]) <= 70


def test_a_wrong_bic_gives_no_code() -> None:
    assert transfer_text("A", IBAN, "AGRI", REFERENCE, 1) is None


@given(where=st.integers(4, 26), sign=st.sampled_from("0123456789"))
def test_one_wrong_digit_of_an_iban_gives_no_code(where: int, sign: str) -> None:
    iban = IBAN[:where] + sign + IBAN[where + 1 :]
    assert (transfer_text("A", iban, BIC, REFERENCE, 1) is None) == (iban != IBAN)


@given(where=st.integers(2, 15), sign=st.sampled_from("0123456789"))
def test_one_wrong_digit_of_a_reference_gives_no_code(where: int, sign: str) -> None:
    reference = REFERENCE[:where] + sign + REFERENCE[where + 1 :]
    assert (transfer_text("A", IBAN, BIC, reference, 1) is None) == (reference != REFERENCE)


def test_the_code_is_one_path_and_stays_small() -> None:
    drawn = payment_code("Ü" * 200, IBAN, BIC, REFERENCE, 99_999_999_999)
    assert drawn is not None
    assert drawn.count("<path") == 1
    side = int(drawn.split('viewBox="0 0 ')[1].split()[0])
    assert side <= 69 + 2, "at most version 13"
