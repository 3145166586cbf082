"""`acquit init`: your own company, from a file or by questions."""

import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from cyclopts import Parameter

from acquit.actions.set_up_company import Company, FirstOperator, set_up_company
from acquit.cli.program import Given, Program
from acquit.cli.screen import Screen, facts
from acquit.core.account import LegalEntity
from acquit.core.errors import Invalid
from acquit.core.journal import Role
from acquit.core.set_up import FRENCH_CHART, LedgerAccount, Patterns

EXAMPLE: Final = """\
# Your company, for `acquit init FILE`. Only what is commented out may be left out.
[company]
id = "FR"                          # 2 capital letters, then up to 6 more: the start of its bill numbers
name = "Exemple Hébergement SAS"
siren = "732829320"
vat_id = "FR44732829320"
street = "1 rue de la Paix"
zip = "59000"
city = "Lille"
country = "FR"
currency = "EUR"
zone = "Europe/Paris"
iban = "FR14 2004 1010 0505 0001 3M02 606"
# bic = "PSSTFRPPLIL"
# bank_name = "La Banque Exemple"
# siret = "73282932000074"
# legal_form = "SAS"
# capital = "100 000 €"
# register_city = "Lille"
# email = "facturation@example.com"
# phone = "+33 3 20 00 00 00"
# website = "https://www.example.com"
# language = "fr_FR"
# logo = "logo.png"                # PNG, JPEG or SVG beside this file
# brand_colour = "#0b4f8a"         # rules and names on papers; dark enough to be read on white
# account_suffix = "acq"           # accounts are named like ab12345-acq

[terms]
# granted_days = [30, 45, 60]      # what sales may grant
# default_days = 30                # without an agreement
# net_days_max = 60                # what the law allows, counted from the bill
# month_end_days_max = 45          # and to the end of a month
# usage_days_max = 45              # and for bills of metered usage
# approval_above_minor = 10000000  # a higher credit limit (cents), or none, needs a second person
# method_type = "ENTERPRISE"       # how the payment method of a term is called
# method_label = "PaymentEnterprisewith{days}daysdelays"
# unpaid_after_days = 8            # days late until a debt counts as unpaid
# late_rate_bp = 1215              # late interest, 1/10,000 per year
# late_fee_minor = 4000            # for each bill paid late, in cents
# vat_on_debits = false            # true: VAT is due when billed, not when paid
# usage_past_days = 400            # usage of an earlier day is refused
# usage_future_days = 0            # and of a day that far ahead
# price_notice_days = 30           # from the announcement of another price to its first day
# refunds_unused = false           # true: a service that is ended at once gives its unused days back
# bills_suspended = false          # true: time that a service was suspended is billed when it is restored
# orders_billed_at_once = false    # true: a paid order has its own bill at once, not with the next run
# pays_reverse_bills = false       # true: reverse bills are asked to be paid on the day they fall due
# below_zero = "carry"             # charges below nothing: set off against the next bill; or "park",
#                                  # "credit-note" (on the bills that they come from), "credit-balance"

[series]
# bill = "FR"                      # how numbers begin: FR00000001
# credit_note = "FRCN"
# deposit = "FRDP"
# digits = 8

[chart]                            # ledger accounts, the French chart by default
# receivable = { number = "411000", name = "Clients" }

[operator]                         # who logs in to the office first; the password is asked
id = "anna"
name = "Anna Martin"
# email = "anna@example.com"
"""

QUESTIONS: Final = (
    ("id", "Id of the legal entity, the start of its bill numbers", "FR"),
    ("name", "Name of the company", ""),
    ("legal_form", "Legal form", "SAS"),
    ("siren", "SIREN (nine digits)", ""),
    ("vat_id", "VAT id", ""),
    ("street", "Street", ""),
    ("zip", "Postcode", ""),
    ("city", "City", ""),
    ("country", "Country", "FR"),
    ("currency", "Currency", "EUR"),
    ("zone", "Time zone", "Europe/Paris"),
    ("iban", "IBAN that customers pay to", ""),
    ("email", "E-mail for questions about bills", ""),
)
MADE: Final = frozenset({"bill_series_id", "credit_series_id", "deposit_series_id"})
TERMS: Final = frozenset({
    "granted_days", "default_days", "net_days_max", "month_end_days_max", "usage_days_max",
    "unpaid_after_days", "late_rate_bp", "late_fee_minor", "vat_on_debits", "approval_above_minor",
    "method_type", "method_label", "usage_past_days", "usage_future_days", "price_notice_days",
    "refunds_unused", "bills_suspended", "below_zero",
    "orders_billed_at_once", "pays_reverse_bills",
})  # fmt: skip
ROOMS: Final = frozenset({"company", "terms", "series", "chart", "operator"})


class DescriptionRefused(Invalid):
    """The file does not describe a company; the message names the place."""

    code = "description-refused"


def init(
    file: Path | None = None,
    /,
    *,
    example: Annotated[bool, Parameter(name="--example")] = False,
    program: Given,
) -> None:
    """Set up your own company: asks, or reads a file.

    Parameters
    ----------
    file
        A TOML file that describes the company.
    example
        Print such a file and do nothing else.
    """
    screen = program.screen
    if example:
        screen.answer({"example": EXAMPLE}, EXAMPLE)
        return
    described = _read(file) if file is not None else _asked(screen)
    company = _company(described, file.parent if file is not None else Path())
    if "operator" in described:
        company = _with_operator(company, described["operator"], screen)
    _set_up(program, company)


def _set_up(program: Program, company: Company) -> None:
    with program.open() as context:
        entity = set_up_company(context, company, by="cli")
    number = f"{company.patterns.bill or entity.legal_entity_id}{1:0{company.patterns.digits}d}"
    program.screen.answer(
        {"legal_entity": entity.legal_entity_id, "name": entity.name, "first_number": number},
        facts(legal_entity=entity.legal_entity_id, name=entity.name, first_number=number),
        "Next: acquit catalog import FILE, acquit account open, acquit serve.",
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        described = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise DescriptionRefused(
            f"{file} is not TOML: {error}. `acquit init --example` prints one."
        ) from None
    except UnicodeDecodeError:
        raise DescriptionRefused(f"{file} is not UTF-8 text.") from None
    for room in described:
        if room not in ROOMS or not isinstance(described[room], dict):
            raise DescriptionRefused(
                f"{file}: [{room}] is not one of {', '.join(sorted(ROOMS))}.", place=room
            )
    return described


def _asked(screen: Screen) -> dict[str, Any]:
    if not screen.is_attended:
        raise DescriptionRefused(
            "Nobody is here to answer: name a file. `acquit init --example > company.toml` begins one."
        )
    screen.say("Your company. An empty answer takes what stands in brackets.")
    company = {name: screen.ask(question, default) for name, question, default in QUESTIONS}
    operator = {"id": screen.ask("Login of the first operator", "admin"), "name": screen.ask("Their name")}
    return {"company": company, "operator": operator}


def _company(described: Mapping[str, Any], beside: Path) -> Company:
    given = dict(described.get("company", {}))
    members: dict[str, Any] = dict.fromkeys(MADE, "") | {
        "legal_entity_id": given.pop("id", ""),
        **dict.fromkeys(("name", "street", "zip", "city", "country", "currency", "zone"), ""),
    }
    logo = given.pop("logo", None)
    known = {field.name for field in fields(LegalEntity)} - MADE - {"legal_entity_id"}
    _refuse_unknown("company", given, known - TERMS)
    _refuse_unknown("terms", described.get("terms", {}), TERMS)
    entity = _converted("company", members | given | described.get("terms", {}), LegalEntity)
    chart = {**FRENCH_CHART, **_converted("chart", described.get("chart", {}), dict[Role, LedgerAccount])}
    return Company(
        entity=entity if logo is None else replace(entity, logo=(beside / str(logo)).read_bytes()),
        patterns=_converted("series", described.get("series", {}), Patterns),
        chart=chart,
    )


def _with_operator(company: Company, given: Mapping[str, Any], screen: Screen) -> Company:
    _refuse_unknown("operator", given, {"id", "name", "email"})
    password = screen.ask_secret("Password of the first operator")
    first = {
        "operator_id": given.get("id", ""),
        "name": given.get("name", ""),
        "email": given.get("email", ""),
    }
    operator = _converted("operator", first | {"password": password}, FirstOperator)
    return Company(company.entity, company.patterns, company.chart, company.rates, operator)


def _refuse_unknown(room: str, given: Mapping[str, Any], known: frozenset[str] | set[str]) -> None:
    for name in given:
        if name not in known:
            raise DescriptionRefused(
                f"[{room}] {name} is not known; there are: {', '.join(sorted(known))}.",
                place=f"{room}.{name}",
            )


def _converted(room: str, given: object, kind: Any) -> Any:
    try:
        return msgspec.convert(given, type=kind)
    except msgspec.ValidationError as error:
        raise DescriptionRefused(f"[{room}] {error}.", place=room) from None
