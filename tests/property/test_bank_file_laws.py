"""What a file for a bank says is what it was given: read(render(x)) == x, by a reader that shares no code."""

from datetime import UTC, date, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acquit.core.mandate import Original
from acquit.documents.pain001 import Transfer, TransferFile
from acquit.documents.pain001 import render as render_transfers
from acquit.documents.pain008 import Debit, DebitBatch, DebitFile
from acquit.documents.pain008 import render as render_debits
from acquit.documents.sepa_text import sepa_text
from acquit.documents.sepa_xml import Address, BankParty
from sepa_reading import debit_file, transfer_file

ANY = st.text("AZaz09 éßŒ&@<>\"'-/(){}…€\u202f漢😀\u0301", min_size=1, max_size=24)
DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))
CENTS = st.integers(1, 99_999_999_999)
INSTANTS = st.integers(1_600_000_000, 2_200_000_000).map(lambda at: datetime.fromtimestamp(at, UTC))
IBANS = st.sampled_from(["FR7630006000011234567890189", "DE89370400440532013000", "BE68539007547034"])
BICS = st.sampled_from(["", "AGRIFRPP", "COBADEFFXXX"])
NAMES = st.from_regex(r"[A-Z]{2}-[A-Z]{3}-[0-9]{8}", fullmatch=True)


def words(length: int) -> st.SearchStrategy[str]:
    """Any text as a bank takes it, not empty."""
    return ANY.map(lambda text: sepa_text(text, length)).filter(bool)


def maybe(length: int) -> st.SearchStrategy[str]:
    """Such a text, or none."""
    return st.just("") | words(length)


ADDRESSES = st.builds(
    Address, words(35), st.sampled_from(["FR", "DE", "BE"]), maybe(70), maybe(16), maybe(16)
)  # fmt: skip
PARTIES = st.builds(BankParty, words(70), IBANS, BICS, ADDRESSES)
REFERRED = st.just(("RF18539007547034", "")) | words(140).map(lambda text: ("", text))
MANDATES = st.from_regex(r"[A-Za-z0-9+?:().,'-]{1,35}", fullmatch=True)
ORIGINALS = st.none() | st.builds(
    Original, st.just("") | MANDATES, st.sampled_from(["", "DE98ZZZ09999999999"]), maybe(70), st.booleans()
).filter(lambda original: original != Original())
DEBITS = st.builds(
    lambda name, debtor, amount, mandate, signed_on, said, original: Debit(
        name, debtor, amount, mandate, signed_on, said[0], said[1], original
    ),
    NAMES, PARTIES, CENTS, MANDATES, DAYS, REFERRED, ORIGINALS,
)  # fmt: skip
BATCHES = st.builds(
    DebitBatch, NAMES, st.sampled_from(["CORE", "B2B"]), st.sampled_from(["FRST", "RCUR", "OOFF"]), DAYS,
    st.lists(DEBITS, min_size=1, max_size=3).map(tuple),
)  # fmt: skip
DEBIT_FILES = st.builds(
    DebitFile, NAMES, INSTANTS, PARTIES, st.just("FR72ZZZ123456"),
    st.lists(BATCHES, min_size=1, max_size=2).map(tuple),
)  # fmt: skip
TRANSFERS = st.builds(
    lambda name, payee, amount, said: Transfer(name, payee, amount, *said), NAMES, PARTIES, CENTS, REFERRED
)
TRANSFER_FILES = st.builds(
    TransferFile, NAMES, INSTANTS, DAYS, PARTIES, st.lists(TRANSFERS, min_size=1, max_size=5).map(tuple)
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DEBIT_FILES)
def test_a_file_of_debits_says_what_it_was_given(order: DebitFile) -> None:
    assert debit_file(render_debits(order)) == order


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TRANSFER_FILES)
def test_a_file_of_transfers_says_what_it_was_given(order: TransferFile) -> None:
    assert transfer_file(render_transfers(order)) == order
