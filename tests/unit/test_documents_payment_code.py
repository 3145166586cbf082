"""The code of a transfer: only what is valid is ever drawn."""

import pytest
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


def test_the_code_is_one_path_and_stays_small() -> None:
    drawn = payment_code("Ü" * 200, IBAN, BIC, REFERENCE, 99_999_999_999)
    assert drawn is not None
    assert drawn.count("<path") == 1
    side = int(drawn.split('viewBox="0 0 ')[1].split()[0])
    assert side <= 69 + 2, "at most version 13"
