"""Letters to payers about direct debits: what is debited and when, what came back, what happens next.

Source: EPC016-06 section 4.3 (pre-notification: amount, due date, creditor identifier, mandate reference).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from acquit.core.money import Currency, plain


@dataclass(frozen=True, slots=True)
class Debited:
    """What a letter about a debit says; `bills` are numbers and amounts in the smallest unit."""

    seller: str
    creditor_id: str
    mandate_reference: str
    masked_iban: str
    amount_minor: int
    currency: Currency
    requested_on: date
    end_to_end: str
    bills: Sequence[tuple[str, int]]


NOTICE: Final = {
    "fr": (
        "Prélèvement de {amount} {currency} le {on}",
        "{seller} prélèvera {amount} {currency} sur votre compte {iban} le {on}.\n\n{bills}\n\n"
        "Référence unique du mandat : {mandate}\nIdentifiant créancier SEPA : {creditor}\n"
        "Référence du prélèvement : {reference}\n\n"
        "Si ce montant n'est pas dû, écrivez-nous avant cette date.\n",
    ),
    "en": (
        "Direct debit of {amount} {currency} on {on}",
        "{seller} will debit {amount} {currency} from your account {iban} on {on}.\n\n{bills}\n\n"
        "Mandate reference: {mandate}\nSEPA creditor identifier: {creditor}\n"
        "Reference of the debit: {reference}\n\n"
        "If this is not owed, write to us before that day.\n",
    ),
}

RETURNED: Final = {
    "fr": (
        "Prélèvement de {amount} {currency} non abouti",
        "Le prélèvement de {amount} {currency} du {on} sur votre compte {iban} nous est revenu "
        "(motif {code}).\n\n{bills}\n\nCes montants restent dus.{next}\n",
    ),
    "en": (
        "Direct debit of {amount} {currency} came back",
        "The debit of {amount} {currency} of {on} from your account {iban} came back to us "
        "(reason {code}).\n\n{bills}\n\nThese amounts are still owed.{next}\n",
    ),
}

NEXT: Final = {
    "fr": {
        "retried": " Ils seront prélevés une fois encore ; un nouvel avis vous donnera la date.",
        "mandate": " Nous ne prélevons plus sous ce mandat : payez par virement ou signez un autre mandat.",
        "other": "",
    },
    "en": {
        "retried": " They will be collected once more; another notice will tell you the day.",
        "mandate": " We no longer collect under this mandate: pay by transfer, or sign a new mandate.",
        "other": "",
    },
}


def notice(debited: Debited, language: str) -> tuple[str, str]:
    """Return subject and text of the notice before a debit, in French or English."""
    return _filled(NOTICE[_known(language)], debited, language)


def returned(debited: Debited, reason_code: str, what_next: str, language: str) -> tuple[str, str]:
    """Return subject and text of the letter after a debit came back; next is retried, mandate or other."""
    follows = NEXT[_known(language)][what_next]
    return _filled(RETURNED[_known(language)], debited, language, code=reason_code, next=follows)


def _filled(letter: tuple[str, str], of: Debited, language: str, **more: str) -> tuple[str, str]:
    on = of.requested_on.strftime("%d/%m/%Y") if _known(language) == "fr" else of.requested_on.isoformat()
    said = {
        "seller": of.seller, "amount": _amount(of.amount_minor, of.currency, language),
        "currency": of.currency, "iban": of.masked_iban, "on": on, "mandate": of.mandate_reference,
        "creditor": of.creditor_id, "reference": of.end_to_end,
        "bills": "\n".join(
            f"{number}  {_amount(minor, of.currency, language)} {of.currency}" for number, minor in of.bills
        ),
    } | more  # fmt: skip
    subject, text = letter
    return subject.format(**said), text.format(**said)


def _amount(minor: int, currency: Currency, language: str) -> str:
    text = plain(minor, currency)
    return text.replace(".", ",") if _known(language) == "fr" else text


def _known(language: str) -> str:
    return "fr" if language.lower().startswith("fr") else "en"
