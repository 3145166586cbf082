"""What the engine itself says on lines of bills, in the language of the account that they are billed to.

A text is written when the line is decided and stays as it was. What is said in none of the eight languages of
papers is said in English.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar

from acquit.core.catalogue import Capacity

Text = TypeVar("Text")

_DAY: Final = {
    "de": "%d.%m.%Y",
    "en": "%Y-%m-%d",
    "es": "%d/%m/%Y",
    "fr": "%d/%m/%Y",
    "it": "%d/%m/%Y",
    "nl": "%d-%m-%Y",
    "pl": "%d.%m.%Y",
    "pt": "%d/%m/%Y",
}
_DAYS: Final = {
    "de": ("Tag", "Tage"),
    "en": ("day", "days"),
    "es": ("día", "días"),
    "fr": ("jour", "jours"),
    "it": ("giorno", "giorni"),
    "nl": ("dag", "dagen"),
    "pl": ("dzień", "dni"),
    "pt": ("dia", "dias"),
}
_FROM: Final = {
    "de": "{days} ab {day}",
    "en": "{days} from {day}",
    "es": "{days} desde el {day}",
    "fr": "{days} à compter du {day}",
    "it": "{days} dal {day}",
    "nl": "{days} vanaf {day}",
    "pl": "{days} od {day}",
    "pt": "{days} a partir de {day}",
}
_UNUSED: Final = {
    "de": "nicht genutzt",
    "en": "unused",
    "es": "no utilizado",
    "fr": "non utilisé",
    "it": "non utilizzato",
    "nl": "niet gebruikt",
    "pl": "niewykorzystane",
    "pt": "não utilizado",
}
_ONCE: Final = {
    Capacity.INSTALLATION: {
        "de": "Einrichtung",
        "en": "installation",
        "es": "instalación",
        "fr": "installation",
        "it": "installazione",
        "nl": "installatie",
        "pl": "instalacja",
        "pt": "instalação",
    },
    Capacity.UPGRADE: {
        "de": "Upgrade",
        "en": "upgrade",
        "es": "ampliación",
        "fr": "montée en gamme",
        "it": "upgrade",
        "nl": "upgrade",
        "pl": "zmiana na wyższy plan",
        "pt": "upgrade",
    },
    Capacity.DOWNGRADE: {
        "de": "Downgrade",
        "en": "downgrade",
        "es": "reducción",
        "fr": "descente en gamme",
        "it": "downgrade",
        "nl": "downgrade",
        "pl": "zmiana na niższy plan",
        "pt": "downgrade",
    },
    Capacity.DETACH: {
        "de": "Abtrennung",
        "en": "detaching",
        "es": "separación",
        "fr": "détachement",
        "it": "separazione",
        "nl": "loskoppeling",
        "pl": "odłączenie",
        "pt": "separação",
    },
}


@dataclass(frozen=True, slots=True)
class UseTexts:
    """What lines of use say in one language; `{low}` and `{high}` bound a tier, `{within}` is one of both."""

    included: str
    commitment: str
    savings_plan: str
    over: str
    up_to: str
    between: str
    price: str
    flat: str
    instead: str
    colon: str = ":"
    decimal_mark: str = ","


_USE: Final = {
    "de": UseTexts(
        "inklusive", "Mindestabnahme", "Sparplan", "über {low}", "bis {high}", "von {low} bis {high}",
        "Preis {within}", "Pauschale {within}, {used} genutzt", "{now} statt {then}",
    ),
    "en": UseTexts(
        "included", "commitment", "savings plan", "over {low}", "up to {high}", "from {low} to {high}",
        "price {within}", "flat price {within}, {used} used", "{now} instead of {then}", decimal_mark=".",
    ),
    "es": UseTexts(
        "incluido", "compromiso", "plan de ahorro", "más de {low}", "hasta {high}", "de {low} a {high}",
        "precio {within}", "tarifa plana {within}, {used} utilizados", "{now} en lugar de {then}",
    ),
    "fr": UseTexts(
        "inclus", "engagement", "plan d'économies", "au-delà de {low}", "jusqu'à {high}",
        "de {low} à {high}", "tarif {within}", "forfait {within}, {used} utilisés",
        "{now} au lieu de {then}", colon=" :",
    ),
    "it": UseTexts(
        "incluso", "impegno", "piano di risparmio", "oltre {low}", "fino a {high}", "da {low} a {high}",
        "prezzo {within}", "forfait {within}, {used} utilizzati", "{now} invece di {then}",
    ),
    "nl": UseTexts(
        "inbegrepen", "afnameverplichting", "besparingsplan", "boven {low}", "tot {high}",
        "van {low} tot {high}", "prijs {within}", "vast bedrag {within}, {used} gebruikt",
        "{now} in plaats van {then}",
    ),
    "pl": UseTexts(
        "w cenie", "zobowiązanie", "plan oszczędności", "powyżej {low}", "do {high}", "od {low} do {high}",
        "cena {within}", "ryczałt {within}, wykorzystano {used}", "{now} zamiast {then}",
    ),
    "pt": UseTexts(
        "incluído", "compromisso", "plano de poupança", "acima de {low}", "até {high}", "de {low} a {high}",
        "preço {within}", "preço fixo {within}, {used} utilizados", "{now} em vez de {then}",
    ),
}  # fmt: skip


def in_language(texts: Mapping[str, Text], language: str) -> Text:
    """Return what stands for a language, such as `fr_FR`; English for one that is not there."""
    return texts.get(language.split("_")[0], texts["en"])


def day_text(language: str, on: date) -> str:
    """Return a day as the language writes it in numbers."""
    return on.strftime(in_language(_DAY, language))


def days_text(language: str, days: int) -> str:
    """Return so many days in words: `1 Tag`, `15 Tage`."""
    return f"{days} {in_language(_DAYS, language)[days != 1]}"


def some_days_text(language: str, name: str, on: date, until_on: date) -> str:
    """Return the line of a part of a period, from the day to the one before `until_on`."""
    return f"{name} - {_days_from(language, on, until_on)}"


def unused_text(language: str, name: str, on: date, until_on: date) -> str:
    """Return the line that gives back what was paid from the day to the one before `until_on`."""
    return f"{name} - {in_language(_UNUSED, language)}, {_days_from(language, on, until_on)}"


def once_text(language: str, name: str, capacity: Capacity) -> str:
    """Return the line of what is charged once: an installation, an upgrade, a downgrade or a detaching."""
    return f"{name} - {in_language(_ONCE[capacity], language)}"


def use_texts(language: str) -> UseTexts:
    """Return what lines of use say in a language."""
    return in_language(_USE, language)


def _days_from(language: str, on: date, until_on: date) -> str:
    days = days_text(language, (until_on - on).days)
    return in_language(_FROM, language).format(days=days, day=day_text(language, on))
