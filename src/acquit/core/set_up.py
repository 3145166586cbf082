"""What a new seller starts with: a chart of accounts, VAT rates, three series of numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from acquit.core.account import LegalEntity
from acquit.core.identifiers import LegalEntityId
from acquit.core.journal import Role
from acquit.core.numbering import DocumentKind, Series
from acquit.core.tax import Rates


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """A ledger account: its number in the chart and its name there."""

    number: str
    name: str


FRENCH_CHART: Final[Mapping[Role, LedgerAccount]] = {
    Role.RECEIVABLE: LedgerAccount("411000", "Clients"),
    Role.REVENUE: LedgerAccount("706000", "Prestations de services"),
    Role.VAT_COLLECTED: LedgerAccount("445710", "TVA collectée"),
    Role.VAT_PENDING: LedgerAccount("445740", "TVA collectée en attente d'encaissement"),
    Role.BANK: LedgerAccount("512000", "Banques"),
    Role.UNAPPLIED: LedgerAccount("419100", "Clients - avances et acomptes reçus"),
    Role.WRITE_OFF: LedgerAccount("654000", "Pertes sur créances irrécouvrables"),
    Role.CREDIT_BALANCE: LedgerAccount("419700", "Clients - avoirs à utiliser"),
    Role.CREDIT_GIVEN: LedgerAccount("709600", "Rabais, remises et ristournes accordés"),
    Role.DEFERRED: LedgerAccount("487000", "Produits constatés d'avance"),
    Role.SUSPENSE: LedgerAccount("471000", "Comptes d'attente"),
    Role.LATE_INTEREST: LedgerAccount("763100", "Revenus des créances commerciales"),
    Role.RECOVERY_FEE: LedgerAccount("758800", "Autres produits divers de gestion courante"),
    Role.REFUND_PAYABLE: LedgerAccount("467100", "Clients - remboursements à payer"),
    Role.ACQUIRER: LedgerAccount("511500", "Cartes bancaires à encaisser"),
    Role.ACQUIRER_FEES: LedgerAccount("627800", "Autres frais et commissions sur prestations de services"),
    Role.ACCRUED: LedgerAccount("418100", "Clients - factures à établir"),
    Role.EXCHANGE_GAIN: LedgerAccount("756000", "Gains de change sur créances et dettes commerciales"),
    Role.EXCHANGE_LOSS: LedgerAccount("656000", "Pertes de change sur créances et dettes commerciales"),
    Role.CONVERSION_GAIN: LedgerAccount("477000", "Différences de conversion - passif"),
    Role.CONVERSION_LOSS: LedgerAccount("476000", "Différences de conversion - actif"),
    Role.POINTS: LedgerAccount("487100", "Produits constatés d'avance - points"),
    Role.BOUGHT_SERVICES: LedgerAccount("622200", "Commissions et courtages sur ventes"),
    Role.SUPPLIER: LedgerAccount("401000", "Fournisseurs"),
    Role.VAT_DEDUCTIBLE: LedgerAccount("445660", "TVA déductible sur autres biens et services"),
    Role.VAT_DEDUCTIBLE_PENDING: LedgerAccount("445640", "TVA déductible en attente de paiement"),
    Role.VAT_SELF_ASSESSED: LedgerAccount("445200", "TVA due intracommunautaire"),
    Role.VAT_SELF_DEDUCTED: LedgerAccount("445662", "TVA déductible intracommunautaire"),
    Role.DOWN_PAYMENT: LedgerAccount("419110", "Clients - acomptes facturés sur commandes"),
}
"""Source: plan comptable général (ANC 2014-03, 656 and 756 by ANC 2015-05), classes 4 to 7."""

EUROPEAN_RATES: Final[Rates] = {
    "AT": ((date(1984, 1, 1), 2000),),
    "BE": ((date(1996, 1, 1), 2100),),
    "BG": ((date(2007, 1, 1), 2000),),
    "CY": ((date(2014, 1, 13), 1900),),
    "CZ": ((date(2013, 1, 1), 2100),),
    "DE": ((date(2021, 1, 1), 1900),),
    "DK": ((date(1992, 1, 1), 2500),),
    "EE": ((date(2009, 7, 1), 2000), (date(2024, 1, 1), 2200), (date(2025, 7, 1), 2400)),
    "ES": ((date(2012, 9, 1), 2100),),
    "FI": ((date(2013, 1, 1), 2400), (date(2024, 9, 1), 2550)),
    "FR": ((date(2014, 1, 1), 2000),),
    "GP": ((date(1995, 1, 1), 850),),
    "GR": ((date(2016, 6, 1), 2400),),
    "HR": ((date(2012, 3, 1), 2500),),
    "HU": ((date(2012, 1, 1), 2700),),
    "IE": ((date(2021, 3, 1), 2300),),
    "IT": ((date(2013, 10, 1), 2200),),
    "LT": ((date(2009, 9, 1), 2100),),
    "LU": ((date(2015, 1, 1), 1700), (date(2023, 1, 1), 1600), (date(2024, 1, 1), 1700)),
    "LV": ((date(2012, 7, 1), 2100),),
    "MQ": ((date(1995, 1, 1), 850),),
    "MT": ((date(2004, 1, 1), 1800),),
    "NL": ((date(2012, 10, 1), 2100),),
    "PL": ((date(2011, 1, 1), 2300),),
    "PT": ((date(2011, 1, 1), 2300),),
    "RE": ((date(1995, 1, 1), 850),),
    "RO": ((date(2017, 1, 1), 1900), (date(2025, 8, 1), 2100)),
    "SE": ((date(1990, 7, 1), 2500),),
    "SI": ((date(2013, 7, 1), 2200),),
    "SK": ((date(2011, 1, 1), 2000), (date(2025, 1, 1), 2300)),
}
"""Standard rates. Source: Directive 2006/112/EC article 96 and each member state; CGI 296 (overseas)."""


@dataclass(frozen=True, slots=True)
class Patterns:
    """How numbers begin, and their digits; without prefixes the legal entity's id makes them."""

    bill: str = ""
    credit_note: str = ""
    deposit: str = ""
    digits: int = 8


def series_of(legal_entity_id: LegalEntityId, patterns: Patterns) -> tuple[Series, Series, Series]:
    """Return the series of bills, credit notes and deposits.

    The reference code, which begins the number in a transfer's reference, is the prefix without what
    ISO 11649 does not take.
    """
    prefixes = {
        DocumentKind.BILL: patterns.bill or legal_entity_id,
        DocumentKind.CREDIT_NOTE: patterns.credit_note or f"{legal_entity_id}CN",
        DocumentKind.DEPOSIT: patterns.deposit or f"{legal_entity_id}DP",
    }
    bill, credit_note, deposit = (
        Series(
            series_id=series_id(legal_entity_id, kind),
            legal_entity_id=legal_entity_id,
            document=kind,
            prefix=prefix,
            digits=patterns.digits,
            reference_code=_reference_code(prefix),
        )
        for kind, prefix in prefixes.items()
    )
    return bill, credit_note, deposit


def claim_series_of(entity: LegalEntity) -> Series:
    """Return the series of claims of a legal entity; it is set up when the first one is numbered."""
    entity_id = entity.legal_entity_id
    is_test = entity.sandbox_of is not None
    return Series(
        series_id=series_id(entity_id, DocumentKind.CLAIM),
        legal_entity_id=entity_id,
        document=DocumentKind.CLAIM,
        prefix=f"TEST-{entity_id[3:]}-CL-" if is_test else f"{entity_id}CL",
        digits=8,
        reference_code=f"TL{entity_id[3:]}" if is_test else f"CL{entity_id[:4]}",
    )


def down_payment_series_of(entity: LegalEntity) -> Series:
    """Return the series of down payments of a legal entity; it is set up when the first one is numbered."""
    entity_id = entity.legal_entity_id
    is_test = entity.sandbox_of is not None
    return Series(
        series_id=series_id(entity_id, DocumentKind.DOWN_PAYMENT),
        legal_entity_id=entity_id,
        document=DocumentKind.DOWN_PAYMENT,
        prefix=f"TEST-{entity_id[3:]}-AC-" if is_test else f"{entity_id}AC",
        digits=8,
        reference_code=f"TA{entity_id[3:]}" if is_test else f"AC{entity_id[:4]}",
    )


def series_id(legal_entity_id: LegalEntityId, kind: DocumentKind) -> str:
    """Return the name of a legal entity's series of one kind of document."""
    return f"{legal_entity_id}-{kind.value}"


def e_address_of(entity: LegalEntity) -> str:
    """Return the address for e-invoices: given, or in France the SIREN (scheme 0225)."""
    return entity.e_address or (entity.siren if entity.country == "FR" else "")


def _reference_code(prefix: str) -> str:
    return "".join(sign for sign in prefix.upper() if sign.isascii() and sign.isalnum())[:6]
