"""Messages in all languages: every kind has its words, names what English names, and nothing else."""

import string
import tomllib
from datetime import date

import pytest

from acquit.core.dunning import DEFAULT
from acquit.core.identifiers import AccountId
from acquit.core.message import MessageKind, OpenDebt, due_tellings, kind_of
from acquit.core.money import Currency
from acquit.documents.languages import languages as of_papers
from acquit.documents.message_mail import (
    MESSAGES,
    Announcer,
    as_html,
    language_of,
    languages,
    write_message,
)
from acquit.documents.message_specimen import specimen_of

ENGLISH = tomllib.loads((MESSAGES / "en.toml").read_text(encoding="utf-8"))
PAYER = AccountId("ab12345-acq")


def named(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_messages_are_written_in_every_language_of_papers() -> None:
    assert languages() == of_papers()


@pytest.mark.parametrize("language", sorted(languages()))
def test_a_language_says_what_english_says(language: str) -> None:
    texts = tomllib.loads((MESSAGES / f"{language}.toml").read_text(encoding="utf-8"))
    assert {name: set(part) for name, part in texts.items()} == {
        name: set(part) for name, part in ENGLISH.items()
    }
    for section, part in texts.items():
        for name, text in part.items():
            assert named(text) == named(ENGLISH[section][name]), (language, section, name)


@pytest.mark.parametrize("language", sorted(languages()))
@pytest.mark.parametrize("kind", list(MessageKind))
def test_every_kind_is_written_with_everything_filled_in(kind: MessageKind, language: str) -> None:
    written = write_message(
        kind, language, specimen_of(kind), Announcer("Nuage", "FR7630006000011234567890189")
    )
    assert "{" not in written.subject + written.text
    assert written.subject
    assert "Nuage" in written.text
    assert f'<html lang="{language}">' in written.html


def test_a_language_without_a_file_is_english() -> None:
    assert language_of("lt_LT") == "en"
    assert language_of("pt_BR") == "pt"
    assert kind_of("overdue") is MessageKind.OVERDUE


def test_markup_in_a_text_stays_text() -> None:
    page = as_html("en", "<title>", ["<script>alert(1)</script>\nsecond"])
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;<br>second" in page


def test_debts_of_a_day_are_one_message_and_those_of_a_calendar_none() -> None:
    def debt(bill_id: str, due_on: date, *, on_terms: bool = False, is_chased: bool = False) -> OpenDebt:
        return OpenDebt(PAYER, bill_id, due_on, Currency("EUR"), 500, "RF18", on_terms, is_chased)

    today, soon, gone = date(2026, 12, 1), date(2026, 12, 5), date(2026, 11, 30)
    debts = [
        debt("A", soon),
        debt("B", soon, on_terms=True),
        debt("C", gone),
        debt("D", gone, is_chased=True),
    ]
    first, second = due_tellings(debts, today, {})
    assert (first.kind, first.about, first.said["total_minor"]) == (
        MessageKind.DUE_SOON, "2026-12-05/EUR", 1000,
    )  # fmt: skip
    assert (second.kind, second.said["total_minor"]) == (MessageKind.OVERDUE, 500)
    (left,) = due_tellings(debts, today, {None: DEFAULT})
    assert (left.kind, left.said["total_minor"]) == (MessageKind.DUE_SOON, 500)
