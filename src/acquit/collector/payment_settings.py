"""Who pays, and whom: the collector's own file `pay.toml`, without a secret in it.

[debtor]                      # or [debtors.holding], chosen with --debtor holding
name = "Lefèvre & Fils SAS"
iban = "FR14 2004 1010 0505 0001 3M02 606"
bic = "PSSTFRPPLIL"
address = { street = "rue de la Paix", building = "1", postcode = "75002", town = "Paris", country = "FR" }

[creditors.FR]                # the provider's selling company; its papers are checked against this
name = "Provider SAS"
iban = ["FR76 3000 6000 0112 3456 7890 189"]
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stdnum import bic as bics
from stdnum import iban as ibans

from acquit.collector.fault import Fault
from acquit.documents.pain001 import Address, BankParty

FILE: Final = "pay.toml"
SEPA: Final = frozenset(
    """AD AL AT BE BG CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MC MD ME MK MT NL NO PL
    PT RO RS SE SI SK SM VA""".split()  # noqa: SIM905 - a list that is read as a list
)
"""Countries of the SEPA schemes, as IBANs begin. Source: EPC409-09."""

EXAMPLE: Final = (
    'write [debtor] with name = "…", iban = "…", bic = "…" and '
    'address = { street = "…", postcode = "…", town = "…", country = "FR" }'
)


@dataclass(frozen=True, slots=True)
class Creditor:
    """What the collector's owner knows of a provider; the first IBAN is used where a paper has none."""

    name: str
    ibans: tuple[str, ...]
    bic: str = ""
    address: Address | None = None


@dataclass(frozen=True, slots=True)
class PaymentSettings:
    """Who pays, and the providers by selling company."""

    debtor: BankParty
    creditors: Mapping[str, Creditor]


def read_settings(config: Path, given: str) -> PaymentSettings:
    """Return the settings of a file given, or of `pay.toml`; `given` may name a debtor of it.

    Raises Fault (configuration) that says what to write where.
    """
    path, name = _place(config, given)
    told = _toml(path)
    if name:
        row = told.get("debtors", {}).get(name)
        where = f"{path}, [debtors.{name}]"
    else:
        row, where = told.get("debtor"), f"{path}, [debtor]"
    if not isinstance(row, dict):
        raise Fault("configuration", f"{where} is missing; {EXAMPLE}.")
    creditors = told.get("creditors", {})
    if not isinstance(creditors, dict) or not all(isinstance(one, dict) for one in creditors.values()):
        raise Fault("configuration", f"{path}: [creditors.NAME] tables are expected.")
    return PaymentSettings(
        _debtor(row, where),
        {key: _creditor(one, f"{path}, [creditors.{key}]") for key, one in creditors.items()},
    )


def wrong_iban(iban: str) -> str:
    """Return what is wrong with an IBAN to pay to or from by SEPA; an empty text when nothing is."""
    if not ibans.is_valid(iban):
        return f"{iban} is no IBAN (its check digits or its length are wrong)"
    if iban[:2] not in SEPA:
        return f"{iban} is of a country outside SEPA"
    return ""


def compact(text: object) -> str:
    """Return an IBAN, BIC or reference without blanks, in capitals."""
    return "".join(str(text).split()).upper()


def _place(config: Path, given: str) -> tuple[Path, str]:
    file, _, name = given.partition("#")
    if not file or (not name and not Path(file).exists() and "." not in file and "/" not in file):
        return config / FILE, name or file
    return Path(file), name


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Fault(
            "configuration", f"{path} cannot be read ({error.strerror}): it says who pays; {EXAMPLE}."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Fault("configuration", f"{path} is not TOML: {error}") from None


def _debtor(row: Mapping[str, Any], where: str) -> BankParty:
    iban, bic = _iban(row.get("iban", ""), where), _bic(row, where)
    return BankParty(_text(row, "name", where), iban, bic, _address(row, where))


def _creditor(row: Mapping[str, Any], where: str) -> Creditor:
    told = row.get("iban", [])
    listed = told if isinstance(told, list) else [told]
    return Creditor(
        _text(row, "name", where), tuple(_iban(one, where) for one in listed), _bic(row, where),
        _address(row, where),
    )  # fmt: skip


def _text(row: Mapping[str, Any], name: str, where: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Fault("configuration", f"{where} needs {name}, a text.")
    return value.strip()


def _iban(told: object, where: str) -> str:
    iban = compact(told)
    if problem := wrong_iban(iban):
        raise Fault("configuration", f"{where}: {problem}.")
    return iban


def _bic(row: Mapping[str, Any], where: str) -> str:
    bic = compact(row.get("bic", ""))
    if bic and not bics.is_valid(bic):
        raise Fault("configuration", f"{where}: {bic} is no BIC (8 or 11 letters and figures).")
    return bic


def _address(row: Mapping[str, Any], where: str) -> Address | None:
    told = row.get("address")
    if told is None:
        return None
    if not isinstance(told, dict):
        raise Fault(
            "configuration",
            f"{where}: an address in one text is refused by banks since 15 November 2026; "
            'write address = { street = "…", postcode = "…", town = "…", country = "FR" }.',
        )
    parts = {name: str(told.get(name, "")).strip() for name in ("street", "building", "postcode", "town")}
    country = compact(told.get("country", ""))
    unknown = sorted(set(told) - {*parts, "country"})
    if unknown or not parts["town"] or len(country) != 2 or not country.isalpha():
        raise Fault(
            "configuration",
            f"{where}: an address has town and country (two letters), street, building and postcode"
            + (f"; {unknown[0]} is not known." if unknown else "."),
        )
    return Address(country=country, **parts)
