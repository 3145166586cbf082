"""Every kind of mail filled in with what was never sent: what staff looks at before customers do."""

from datetime import date
from typing import Final

from acquit.core.bill import BillKind
from acquit.core.dunning import StepKind
from acquit.core.identifiers import AccountId, BillId
from acquit.core.message import MessageKind
from acquit.core.money import Currency
from acquit.documents import bill_mail, letter, message_mail
from acquit.documents.bill_mail import Announced, write_mail
from acquit.documents.debit_notice import Debited, notice, returned
from acquit.documents.letter import AskedDebt, Asking, Words, words_of, write_letter
from acquit.documents.message_mail import Announcer, write_message
from acquit.documents.message_specimen import specimen_of

EUR: Final = Currency("EUR")
ISSUED_ON: Final = date(2026, 12, 1)
DUE_ON: Final = date(2026, 12, 31)
REFERENCE: Final = "RF18539007547034"
DEBIT_KINDS: Final = ("debit-notice", "debit-returned")
BILL_KINDS: Final = tuple(kind.value for kind in BillKind)
LETTER_KINDS: Final = tuple(kind.value for kind in StepKind)
MESSAGE_KINDS: Final = tuple(kind.value for kind in MessageKind)


def languages_of(kind: str) -> tuple[str, ...]:
    """Return the languages that a kind of mail can be written in; none for what is no kind of mail."""
    if kind in MESSAGE_KINDS:
        return tuple(sorted(message_mail.languages()))
    if kind in BILL_KINDS:
        return tuple(sorted(bill_mail.languages()))
    if kind in LETTER_KINDS:
        return tuple(sorted(letter.languages()))
    return ("en", "fr") if kind in DEBIT_KINDS else ()


def preview(
    kind: str,
    language: str,
    announcer: Announcer,
    own: tuple[str, str] = ("", ""),
) -> tuple[str, str, str]:
    """Return subject, text and, where there is one, page of a specimen.

    `own` are a seller's words: subject and first words of a message, subject and body of a letter.
    """
    if kind in MESSAGE_KINDS:
        message = MessageKind(kind)
        written = write_message(message, language, specimen_of(message), announcer, own)
        return written.subject, written.text, written.html
    if kind in BILL_KINDS:
        return *write_mail(_announced(BillKind(kind), language, announcer)), ""
    if kind in LETTER_KINDS:
        program = words_of(language, StepKind(kind))
        words = Words(language, "own", *own) if own[1] else program
        found = write_letter(words, _asking(language, announcer))
        return found.subject, found.body, ""
    debited = _debited(announcer)
    told = (
        notice(debited, language)
        if kind == "debit-notice"
        else returned(debited, "AM04", "retried", language)
    )
    return *told, ""


def _announced(kind: BillKind, language: str, announcer: Announcer) -> Announced:
    return Announced(
        kind, "FR00000042", announcer.name, announcer.iban, language, ISSUED_ON, DUE_ON, EUR, 120_000,
        120_000, REFERENCE, "PO-2026-00417", buyer=announcer.name,
    )  # fmt: skip


def _asking(language: str, announcer: Announcer) -> Asking:
    debt = AskedDebt(
        AccountId("ab12345-acq"), BillId("FR00000042"), date(2026, 11, 1), EUR, 120_000, 120_000, REFERENCE
    )
    return Asking(
        announcer.name, announcer.iban, "Établissements Lefèvre & Fils", AccountId("ab12345-acq"), language,
        ISSUED_ON, (debt,), 1_215, 4_000, EUR,
    )  # fmt: skip


def _debited(announcer: Announcer) -> Debited:
    return Debited(
        announcer.name, "FR72ZZZ123456", "MD0000000042", "FR76 …0189", 120_000, EUR, DUE_ON, "E2E00000042",
        [("FR00000042", 120_000)],
    )  # fmt: skip
