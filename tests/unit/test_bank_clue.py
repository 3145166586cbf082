"""What an entry names: references and numbers, each read once."""

from dataclasses import replace
from datetime import date

from acquit.core.bank_clue import Clues, Patterns, clues
from acquit.core.bank_entry import BankEntry, Direction
from acquit.core.money import Currency


def test_a_reference_is_not_read_as_a_number_too() -> None:
    """The reference of a claim ends like the number of a bill."""
    patterns = Patterns((("CLFR", 8),), (("FR", 8),), (("FRCL", 8),))
    entry = BankEntry(Direction.CREDIT, 1, Currency("EUR"), date(2026, 12, 1), text="RF12 CLFR 0000 0001")
    assert clues(entry, patterns) == Clues(("RF12CLFR00000001",), (), ())
    entry = replace(entry, text="claim FRCL00000001")
    assert clues(entry, patterns) == Clues((), ("FRCL00000001",), ())
