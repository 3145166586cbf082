"""What the engine says on lines is there in every language of papers, and can be printed."""

import string
from dataclasses import fields, replace
from datetime import date
from itertools import product

import pytest

from acquit.core.catalogue import Capacity
from acquit.core.line_text import day_text, once_text, some_days_text, unused_text, use_texts
from acquit.core.meter import UNITS, Aggregation, Meter, Per
from acquit.documents.glyphs import missing_glyphs
from acquit.documents.languages import languages

ONCE = (Capacity.INSTALLATION, Capacity.UPGRADE, Capacity.DOWNGRADE, Capacity.DETACH)
FIRST, NEXT, LATER = date(2026, 11, 16), date(2026, 11, 17), date(2026, 12, 1)


@pytest.mark.parametrize(
    ("language", "rest", "day", "back", "upgrade"),
    [
        (
            "de_DE", "S - 15 Tage ab 16.11.2026", "S - 1 Tag ab 16.11.2026",
            "S - nicht genutzt, 15 Tage ab 16.11.2026", "S - Upgrade",
        ),
        (
            "fr_CA", "S - 15 jours à compter du 16/11/2026", "S - 1 jour à compter du 16/11/2026",
            "S - non utilisé, 15 jours à compter du 16/11/2026", "S - montée en gamme",
        ),
        (
            "pl_PL", "S - 15 dni od 16.11.2026", "S - 1 dzień od 16.11.2026",
            "S - niewykorzystane, 15 dni od 16.11.2026", "S - zmiana na wyższy plan",
        ),
        (
            "fi_FI", "S - 15 days from 2026-11-16", "S - 1 day from 2026-11-16",
            "S - unused, 15 days from 2026-11-16", "S - upgrade",
        ),
    ],
)  # fmt: skip
def test_a_line_is_said_in_the_language_of_its_account(
    language: str, rest: str, day: str, back: str, upgrade: str
) -> None:
    assert some_days_text(language, "S", FIRST, LATER) == rest
    assert some_days_text(language, "S", FIRST, NEXT) == day
    assert unused_text(language, "S", FIRST, LATER) == back
    assert once_text(language, "S", Capacity.UPGRADE) == upgrade


@pytest.mark.parametrize("language", sorted(languages()))
def test_every_language_of_papers_says_every_line(language: str) -> None:
    said = [some_days_text(language, "", FIRST, LATER), unused_text(language, "", FIRST, LATER)]
    said += [once_text(language, "", each) for each in ONCE]
    said += [getattr(use_texts(language), field.name) for field in fields(use_texts(language))]
    assert not missing_glyphs("".join(said))
    assert language == "en" or use_texts(language) != use_texts("en"), "it would be said in English"
    assert day_text(language, FIRST).count("16") == 1


def test_a_unit_is_said_in_every_language_of_papers() -> None:
    days = Meter("m", FIRST, "DAY", Aggregation.SUM, Per.PERIOD, "Trafic", "Traffic")
    assert {each: days.symbol(each) for each in ("de_DE", "pl_PL", "fr_FR", "fi_FI")} == {
        "de_DE": "Tag", "pl_PL": "dzień", "fr_FR": "jour", "fi_FI": "day",
    }  # fmt: skip
    gigabytes = replace(days, unit="E34")
    assert [gigabytes.symbol(each) for each in ("fr_FR", "de_DE", "en_GB")] == ["Go", "GB", "GB"]
    assert all(UNITS[unit].keys() == set(languages()) for unit in ("DAY", "MON"))
    assert not missing_glyphs("".join(text for texts in UNITS.values() for text in texts.values()))


def test_each_language_fills_in_the_same_numbers() -> None:
    for language, field in product(languages(), fields(use_texts("en"))):
        there, wanted = (
            {name for _, name, _, _ in string.Formatter().parse(getattr(texts, field.name)) if name}
            for texts in (use_texts(language), use_texts("en"))
        )
        assert there == wanted, (language, field.name)
