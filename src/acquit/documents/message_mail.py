"""The mail that carries a message: the words of its kind in the account's language, filled in."""

import html
import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from acquit.core.message import INTRO_MAX, SUBJECT_MAX, BadMessage, MessageKind
from acquit.core.money import Currency
from acquit.documents.sheet import in_fours
from acquit.documents.wording import Wording, wording

MESSAGES: Final = Path(__file__).parent / "messages"
FALLBACK: Final = "en"
DEFAULT_CURRENCY: Final = Currency("EUR")
PAID_BY_HAND: Final = frozenset({MessageKind.DUE_SOON, MessageKind.OVERDUE})
_DAY: Final = "_on"
_AMOUNT: Final = "_minor"


@dataclass(frozen=True, slots=True)
class Announcer:
    """Who tells: the name that mails are signed with, and where transfers go."""

    name: str
    iban: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """A mail as it leaves: one line, plain text, and the same as a small page."""

    subject: str
    text: str
    html: str


def languages() -> frozenset[str]:
    """Return the languages that messages can be written in."""
    return frozenset(path.stem for path in MESSAGES.glob("*.toml"))


def language_of(locale: str) -> str:
    """Return the language of a message to somebody of that locale (`fr_FR`); English where there is none."""
    short = locale.split("_")[0].lower()
    return short if short in languages() else FALLBACK


def program_words(kind: MessageKind, language: str) -> tuple[str, str]:
    """Return the program's own subject and first words of a kind of message."""
    texts = _texts(language)[kind]
    return texts["subject"], texts["intro"]


def names_of(kind: MessageKind) -> frozenset[str]:
    """Return what a seller's own words of a kind may have filled in."""
    texts = _texts(FALLBACK)[kind]
    found = {"seller"} | {name for part in ("subject", "intro", "facts") for name in _named(texts[part])}
    return frozenset(found - {"lines"})


def refuse_words(kind: MessageKind, subject: str, intro: str) -> None:
    """Pass when a seller's own words can be filled in; empty ones are the program's. Raises BadMessage."""
    if "\n" in subject.strip() or len(subject) > SUBJECT_MAX:
        raise BadMessage(f"A subject is one line of at most {SUBJECT_MAX} characters.", parameter="subject")
    if len(intro) > INTRO_MAX:
        raise BadMessage(f"The first words have at most {INTRO_MAX} characters.", parameter="intro")
    for parameter, text in (("subject", subject), ("intro", intro)):
        if not all(each.isprintable() or each == "\n" for each in text.replace("\r\n", "\n")):
            raise BadMessage("The text has a character that cannot be shown.", parameter=parameter)
        wrong = sorted(_named(text, parameter) - names_of(kind))
        if wrong:
            known = ", ".join(f"{{{name}}}" for name in sorted(names_of(kind)))
            raise BadMessage(
                f"{{{wrong[0]}}} is never filled in here; this text may name {known}.", parameter=parameter
            )


def write_message(
    kind: MessageKind,
    locale: str,
    said: Mapping[str, Any],
    announcer: Announcer,
    own: tuple[str, str] = ("", ""),
) -> Written:
    """Return the mail; `own` are the seller's subject and first words, empty: the program's."""
    language = language_of(locale)
    texts = _texts(language)
    words, parts = texts[kind], texts["parts"]
    says = wording(locale if locale.startswith(language) else language, _currency(said))
    values = _filled(said, says, texts)
    values |= {"seller": announcer.name, "iban": in_fours(announcer.iban)}
    values["lines"] = "\n".join(
        words["line"].format_map(_filled({"currency": says.currency} | line, says, texts))
        for line in said.get("lines", ())
    )
    facts = "\n".join(each for each in words["facts"].split("\n") if _named(each) <= values.keys())
    said_parts = [parts["greeting"], own[1].strip() or words["intro"], facts]
    said_parts += [parts["pay"]] if kind in PAID_BY_HAND and announcer.iban else []
    paragraphs = [each.format_map(values) for each in (*said_parts, parts["closing"]) if each]
    subject = " ".join((own[0].strip() or words["subject"]).format_map(values).split())
    return Written(subject, "\n\n".join(paragraphs) + "\n", as_html(language, subject, paragraphs))


def as_html(language: str, subject: str, paragraphs: list[str]) -> str:
    """Return paragraphs of plain text as a page: nothing in them is taken for markup."""
    body = "\n".join(
        f"<p>{html.escape(part).replace(chr(10), '<br>')}</p>"
        for text in paragraphs
        for part in text.split("\n\n")
    )
    return (
        f'<!doctype html>\n<html lang="{html.escape(language)}"><head><meta charset="utf-8">'
        f"<title>{html.escape(subject)}</title></head>\n"
        f'<body style="font: 16px/1.5 sans-serif; max-width: 40em">\n{body}\n</body></html>\n'
    )


def _currency(said: Mapping[str, Any]) -> Currency:
    return Currency(said.get("currency", DEFAULT_CURRENCY))


def _filled(said: Mapping[str, Any], says: Wording, texts: Mapping[str, Any]) -> dict[str, str]:
    """Return what is filled in as the language writes it, each under its name without the unit."""
    found: dict[str, str] = {}
    for name, value in said.items():
        if name.endswith(_DAY):
            found[name] = says.day(date.fromisoformat(value))
        elif name.endswith(_AMOUNT):
            found[name.removesuffix(_AMOUNT)] = says.amount(value)
        elif name == "method":
            found[name] = texts["method"][value]
        elif name != "lines":
            found[name] = str(value)
    return found


def _named(text: str, parameter: str = "") -> set[str]:
    try:
        parts = [(name, form, turn) for _, name, form, turn in string.Formatter().parse(text)]
    except ValueError as error:
        raise BadMessage(
            f"The braces of the text do not go together: {error}.", parameter=parameter
        ) from None
    for name, form, turn in parts:
        if name is not None and (not name.isidentifier() or form or turn):
            raise BadMessage(
                f"Write a name alone in braces, as in {{seller}}, not {{{name}}}.", parameter=parameter
            )
    return {name for name, _, _ in parts if name is not None}


@cache
def _texts(language: str) -> dict[str, Any]:
    return tomllib.loads((MESSAGES / f"{language}.toml").read_text(encoding="utf-8"))
