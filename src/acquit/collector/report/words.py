"""A report's words and figures in a language: every form asks here how a value is written."""

from datetime import date
from types import ModuleType
from typing import Any, Final, Literal

from acquit.collector.report import words_en, words_fr
from acquit.collector.report.answer import Answer, Kind, Question, Row, kind_of
from acquit.collector.tables import digits_of

Language = Literal["en", "fr"]

BOOKS: Final[dict[str, ModuleType]] = {"en": words_en, "fr": words_fr}
THOUSANDS: Final = {"en": (",", "."), "fr": ("\N{NARROW NO-BREAK SPACE}", ",")}
MINUS: Final = "-"


class Words:
    """How a report about a question is said in a language."""

    def __init__(self, language: Language, question: Question) -> None:
        self.language = language
        self._book: Any = BOOKS[language]
        self._marks = THOUSANDS[language]
        self._named = {
            "as_of": self.day(question.as_of),
            "since": self.day(question.since) if question.since else "",
            "until": self.day(question.until_on),
            "month": self.month(question.month_on),
            "before": self.month(question.before_on),
            "accounts": ", ".join(question.accounts),
        }

    def title(self, name: str) -> str:
        """Return the title of an answer, or of the report."""
        return str(self._book.TITLES[name])

    def note(self, name: str) -> str:
        """Return what is to be known about an answer; empty when nothing is."""
        return str(self._book.NOTES[name]).format(**self._named)

    def label(self, column: str) -> str:
        """Return the heading of a column."""
        return str(self._book.LABELS[column])

    def word(self, word: str) -> str:
        """Return a word of ours; what we do not know stays as the provider wrote it."""
        return str(self._book.WORDS.get(word, word)).format(**self._named)

    def say(self, saying: str, **more: object) -> str:
        """Return a sentence."""
        return str(self._book.SAYINGS[saying]).format(**{**self._named, **more})

    def scope(self, question: Question) -> str:
        """Return which bills the report is about."""
        parts = [self.say("as_of"), self.say("bills" if question.since else "all_bills")]
        return " · ".join(parts + ([self.say("accounts")] if question.accounts else []))

    def day(self, day: date) -> str:
        """Return a day in words."""
        return f"{day.day} {self._book.MONTHS[day.month - 1]} {day.year}"

    def month(self, day: date) -> str:
        """Return a month in words."""
        return f"{self._book.MONTHS[day.month - 1]} {day.year}"

    def money(self, minor: int, currency: str) -> str:
        """Return an amount with marks between thousands, without its currency."""
        thousands, point = self._marks
        digits = digits_of(currency)
        whole, fraction = divmod(abs(minor), 10**digits)
        text = f"{whole:,}".replace(",", thousands) + (f"{point}{fraction:0{digits}d}" if digits else "")
        return f"{MINUS}{text}" if minor < 0 else text

    def count(self, number: int) -> str:
        """Return a number with marks between thousands."""
        return f"{number:,}".replace(",", self._marks[0])

    def cell(self, answer: Answer, row: Row, place: int) -> str:
        """Return how the value at this place of the row is written; empty for none."""
        value = row[place]
        if value is None:
            return ""
        kind = kind_of(answer.columns[place])
        if kind is Kind.MONEY:
            return self.money(int(value), answer.currency(row))
        if kind is Kind.COUNT:
            return self.count(int(value))
        if kind is Kind.MONTH:
            return f"{value:%Y-%m}"
        return self.word(value) if kind is Kind.WORD else str(value)
