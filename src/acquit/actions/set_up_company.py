"""Set up a seller: legal entity, series of numbers, chart of accounts, VAT rates, first operator."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from zoneinfo import ZoneInfo

from stdnum import bic, iban
from stdnum.eu import vat
from stdnum.fr import siren, siret

from acquit.actions.add_operator import add_operator_in
from acquit.actions.context import Context
from acquit.core.account import LegalEntity
from acquit.core.errors import Conflict, Invalid
from acquit.core.identifiers import OperatorId
from acquit.core.journal import Role as LedgerRole
from acquit.core.late_interest import LATE_RATES
from acquit.core.money import EXPONENTS
from acquit.core.operator import Operator, Role
from acquit.core.printed_text import text_faults
from acquit.core.problem import Problem
from acquit.core.set_up import (
    EUROPEAN_RATES,
    FRENCH_CHART,
    LedgerAccount,
    Patterns,
    e_address_of,
    series_of,
)
from acquit.core.tax import UNION, Rates
from acquit.documents.glyphs import missing_glyphs
from acquit.documents.palette import CONTRAST_MIN, is_readable, shown_contrast
from acquit.documents.palette import FORM as COLOUR_FORM
from acquit.documents.pdf import can_draw
from acquit.store import acts, charts, late_rates, legal_entities
from acquit.store import series as stored_series

LOGO_BYTES_MAX: Final = 512 * 1024
LOGO_STARTS: Final = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"<svg", b"<?xml")
USAGE_PAST_DAYS_MAX: Final = 3_660
USAGE_FUTURE_DAYS_MAX: Final = 31
FRENCH_NET_DAYS_MAX: Final = 60
FRENCH_MONTH_END_DAYS_MAX: Final = 45
PLAIN: Final = Patterns()


class CompanyRefused(Invalid):
    """What was said about the seller cannot be true; the message lists every fault."""

    code = "company-refused"


class CompanyExists(Conflict):
    """There is a legal entity of that id already."""

    code = "company-exists"


@dataclass(frozen=True, slots=True)
class FirstOperator:
    """Who may log in to the office first, as administrator."""

    operator_id: str
    name: str
    password: str = field(repr=False)
    email: str = ""


@dataclass(frozen=True, slots=True)
class Company:
    """A seller as its owner describes it; the names of the series in `entity` are made, not read."""

    entity: LegalEntity
    patterns: Patterns = PLAIN
    chart: Mapping[LedgerRole, LedgerAccount] = field(default_factory=lambda: dict(FRENCH_CHART))
    rates: Rates = field(default_factory=lambda: dict(EUROPEAN_RATES))
    operator: FirstOperator | None = None


def set_up_company(context: Context, company: Company, *, by: str) -> LegalEntity:
    """The seller can issue bills: it has series, a chart, VAT rates and, if named, an operator.

    Raises:
        CompanyRefused: an identifier, a date rule or a pattern cannot be true; every fault is told.
        CompanyExists, OperatorExists, WeakPassword, BadSeries: it contradicts what is there.
    """
    problems = company_problems(company)
    if problems:
        raise CompanyRefused(
            "The company cannot be set up:\n"
            + "\n".join(f"- {problem.where}: {problem.message}" for problem in problems),
            **{problem.where: problem.message for problem in problems},
        )
    bills, credit_notes, deposits = series_of(company.entity.legal_entity_id, company.patterns)
    entity = replace(
        company.entity,
        bill_series_id=bills.series_id,
        credit_series_id=credit_notes.series_id,
        deposit_series_id=deposits.series_id,
        e_address=e_address_of(company.entity),
        iban=iban.compact(company.entity.iban),
    )
    with context.database.write() as tx:
        if legal_entities.find(tx, entity.legal_entity_id) is not None:
            raise CompanyExists(
                f"There is a legal entity {entity.legal_entity_id} already: choose another id.",
                legal_entity=entity.legal_entity_id,
            )
        legal_entities.insert(tx, entity)
        for series in (bills, credit_notes, deposits):
            stored_series.insert(tx, series)
        charts.insert_chart(tx, entity.legal_entity_id, company.chart)
        charts.add_rates(tx, company.rates)
        late_rates.add(tx, LATE_RATES)
        acts.record(tx, by, "set_up_company", None, f"legal_entity:{entity.legal_entity_id}")
        if company.operator is not None:
            first = company.operator
            operator = Operator(OperatorId(first.operator_id), first.name, first.email, Role.ADMINISTRATOR)
            add_operator_in(tx, operator, first.password, by)
    return entity


def company_problems(company: Company) -> list[Problem]:
    """Return everything that cannot be true about the seller, in the order of its members."""
    entity = company.entity
    problems = [*_required(entity), *_form_problems(entity), *_bank_problems(entity), *_term_problems(entity)]
    if entity.country == "FR":
        problems += _french_problems(entity)
    if entity.vat_id and entity.country in UNION and not vat.is_valid(entity.vat_id):
        problems.append(_wrong("vat_id", f"{entity.vat_id} is not a VAT id: its check digits differ."))
    problems += _text_problems(entity)
    missing = [role.value for role in LedgerRole if role not in company.chart]
    if missing:
        problems.append(_wrong("chart", f"no ledger account plays {', '.join(missing)}."))
    return problems


def _required(entity: LegalEntity) -> list[Problem]:
    names = ("name", "street", "zip", "city", "country", "currency", "zone", "iban")
    return [_wrong(name, "is missing.") for name in names if not str(getattr(entity, name)).strip()]


def _form_problems(entity: LegalEntity) -> list[Problem]:
    forms: list[tuple[str, str, str, str]] = [
        (
            "legal_entity_id",
            entity.legal_entity_id,
            r"[A-Z]{2}[A-Z0-9]{0,6}",
            "2 capital letters, then up to 6 more",
        ),
        ("country", entity.country, r"[A-Z]{2}|", "2 capital letters, as in FR"),
        ("language", entity.language, r"[a-z]{2}_[A-Z]{2}", "a language and a country, as in fr_FR"),
        ("account_suffix", entity.account_suffix, r"[a-z]{2,8}", "2 to 8 of a-z"),
        ("method_label", entity.method_label, r"[^{}]*\{days\}[^{}]*", "a text with {days} in it"),
    ]
    problems = [
        _wrong(name, f"{value!r} is not {wanted}.")
        for name, value, pattern, wanted in forms
        if not re.fullmatch(pattern, value)
    ]
    if entity.currency and entity.currency not in EXPONENTS:
        problems.append(_wrong("currency", f"{entity.currency} is not one of {', '.join(EXPONENTS)}."))
    if entity.zone and not _is_zone(entity.zone):
        problems.append(_wrong("zone", f"{entity.zone!r} is not a time zone, as in Europe/Paris."))
    logo = entity.logo
    if logo is not None and not (
        logo.startswith(LOGO_STARTS) and len(logo) <= LOGO_BYTES_MAX and can_draw(logo)
    ):
        problems.append(_wrong("logo", f"is a PNG, JPEG or SVG of at most {LOGO_BYTES_MAX // 1024} KiB."))
    return problems + _colour_problems(entity.brand_colour)


def _colour_problems(colour: str) -> list[Problem]:
    """Return why text in this colour cannot be read on white paper, if it cannot."""
    if not colour or is_readable(colour):
        return []
    if not COLOUR_FORM.fullmatch(colour):
        return [_wrong("brand_colour", f"{colour!r} is not #, then 6 of 0-9 a-f, as in #0b4f8a.")]
    return [
        _wrong(
            "brand_colour",
            f"{colour} on white has a contrast of {shown_contrast(colour)}:1; text needs {CONTRAST_MIN}:1 "
            "to be read by everybody. Choose a darker shade.",
        )
    ]


def _is_zone(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _bank_problems(entity: LegalEntity) -> list[Problem]:
    problems = []
    if entity.iban and not iban.is_valid(entity.iban):
        problems.append(_wrong("iban", f"{entity.iban} is not an IBAN: its check digits differ."))
    if entity.bic and not bic.is_valid(entity.bic):
        problems.append(_wrong("bic", f"{entity.bic} is not a BIC."))
    return problems


def _text_problems(entity: LegalEntity) -> list[Problem]:
    names = (
        "name", "legal_form", "capital", "register_city", "e_address", "street", "street_2", "zip", "city",
        "email", "phone", "website", "bank_name",
    )  # fmt: skip
    faults = ((name, text_faults([("", getattr(entity, name))], missing_glyphs)) for name in names)
    return [_wrong(name, fault.strip()) for name, found in faults for fault in found]


def _term_problems(entity: LegalEntity) -> list[Problem]:
    problems = []
    if not entity.granted_days or not all(0 < days <= entity.net_days_max for days in entity.granted_days):
        problems.append(_wrong("granted_days", f"are one or more terms of 1 to {entity.net_days_max} days."))
    if not 0 <= entity.default_days <= entity.net_days_max:
        problems.append(_wrong("default_days", f"is 0 to {entity.net_days_max} days."))
    if not 0 <= entity.price_notice_days <= 366:
        problems.append(_wrong("price_notice_days", "is 0 to 366 days."))
    if entity.usage_days_max > entity.net_days_max:
        problems.append(_wrong("usage_days_max", f"is at most {entity.net_days_max} days."))
    if not 1 <= entity.usage_past_days <= USAGE_PAST_DAYS_MAX:
        problems.append(_wrong("usage_past_days", f"is 1 to {USAGE_PAST_DAYS_MAX} days."))
    if not 0 <= entity.usage_future_days <= USAGE_FUTURE_DAYS_MAX:
        problems.append(_wrong("usage_future_days", f"is 0 to {USAGE_FUTURE_DAYS_MAX} days."))
    return problems


def _french_problems(entity: LegalEntity) -> list[Problem]:
    """Source: Code de commerce L441-10 (terms), R123-237 (SIREN on bills); CGI annexe II 242 nonies A."""
    problems = []
    if not siren.is_valid(entity.siren):
        problems.append(
            _wrong("siren", f"{entity.siren!r} is not a SIREN: nine digits, the last checks the others.")
        )
    if entity.siret and not (siret.is_valid(entity.siret) and entity.siret.startswith(entity.siren)):
        problems.append(_wrong("siret", f"{entity.siret} is not a SIRET of {entity.siren}."))
    if entity.e_address and not entity.e_address.startswith(entity.siren):
        problems.append(
            _wrong(
                "e_address", f"{entity.e_address} does not begin with the SIREN {entity.siren} (scheme 0225)."
            )
        )
    if not entity.vat_id:
        problems.append(_wrong("vat_id", "is missing: a seller's bills show it."))
    elif not entity.vat_id.replace(" ", "").endswith(entity.siren):
        problems.append(_wrong("vat_id", f"{entity.vat_id} does not end with the SIREN {entity.siren}."))
    if entity.net_days_max > FRENCH_NET_DAYS_MAX:
        problems.append(_wrong("net_days_max", "is at most 60 days (Code de commerce, article L441-10, I)."))
    if entity.month_end_days_max > FRENCH_MONTH_END_DAYS_MAX:
        problems.append(
            _wrong("month_end_days_max", "is at most 45 days (Code de commerce, article L441-10, I).")
        )
    return problems


def _wrong(where: str, said: str) -> Problem:
    return Problem("wrong-company", said, where)
