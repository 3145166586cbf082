"""Where parties take electronic bills, and the codes of countries and schemes that those know.

Source: EN 16931 BT-34, BT-49; ISO 6523 and EAS code lists; ISO 3166-1; XP Z12-012 (BR-FR-12, 13, 21, 23).
"""

import re
from typing import Final

from acquit.core.snapshot import Buyer, Seller
from acquit.core.tax import OWN_RATES

SIREN, SIRET, FRENCH_ADDRESS, BELGIAN_NUMBER, MAIL = "0002", "0009", "0225", "0208", "EM"
VAT_ADDRESSES: Final = {
    "AT": "9914", "BG": "9926", "CY": "9928", "CZ": "9929", "DE": "9930", "EE": "9931",
    "ES": "9920", "FI": "0213", "GR": "9933", "HR": "9934", "HU": "9910", "IE": "9935", "IT": "0211",
    "LT": "9937", "LU": "9938", "LV": "9939", "MT": "9943", "NL": "9944", "PL": "9945", "PT": "9946",
    "RO": "9947", "SI": "9949", "SK": "9950", "GB": "9932", "CH": "9927", "FR": "9957",
}  # fmt: skip
"""EAS codes under which a VAT id is an electronic address, by country."""

AT_HOME: Final = frozenset({"FR"}) | OWN_RATES["FR"]
"""France, and where its VAT is charged at other rates: all of it knows businesses by their SIREN."""

REGISTERS: Final = dict.fromkeys(AT_HOME, SIREN) | {"BE": BELGIAN_NUMBER}
"""ISO 6523 codes of the registers whose numbers parties are known by."""

SCHEMED: Final = re.compile(r"([0-9]{4}|EM):(.+)", re.DOTALL)
COUNTRIES: Final = frozenset({
    "1A", "AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AQ", "AR", "AS", "AT", "AU", "AW", "AX", "AZ",
    "BA", "BB", "BD", "BE", "BF", "BG", "BH", "BI", "BJ", "BL", "BM", "BN", "BO", "BQ", "BR", "BS", "BT",
    "BV", "BW", "BY", "BZ", "CA", "CC", "CD", "CF", "CG", "CH", "CI", "CK", "CL", "CM", "CN", "CO", "CR",
    "CU", "CV", "CW", "CX", "CY", "CZ", "DE", "DJ", "DK", "DM", "DO", "DZ", "EC", "EE", "EG", "EH", "ER",
    "ES", "ET", "FI", "FJ", "FK", "FM", "FO", "FR", "GA", "GB", "GD", "GE", "GF", "GG", "GH", "GI", "GL",
    "GM", "GN", "GP", "GQ", "GR", "GS", "GT", "GU", "GW", "GY", "HK", "HM", "HN", "HR", "HT", "HU", "ID",
    "IE", "IL", "IM", "IN", "IO", "IQ", "IR", "IS", "IT", "JE", "JM", "JO", "JP", "KE", "KG", "KH", "KI",
    "KM", "KN", "KP", "KR", "KW", "KY", "KZ", "LA", "LB", "LC", "LI", "LK", "LR", "LS", "LT", "LU", "LV",
    "LY", "MA", "MC", "MD", "ME", "MF", "MG", "MH", "MK", "ML", "MM", "MN", "MO", "MP", "MQ", "MR", "MS",
    "MT", "MU", "MV", "MW", "MX", "MY", "MZ", "NA", "NC", "NE", "NF", "NG", "NI", "NL", "NO", "NP", "NR",
    "NU", "NZ", "OM", "PA", "PE", "PF", "PG", "PH", "PK", "PL", "PM", "PN", "PR", "PS", "PT", "PW", "PY",
    "QA", "RE", "RO", "RS", "RU", "RW", "SA", "SB", "SC", "SD", "SE", "SG", "SH", "SI", "SJ", "SK", "SL",
    "SM", "SN", "SO", "SR", "SS", "ST", "SV", "SX", "SY", "SZ", "TC", "TD", "TF", "TG", "TH", "TJ", "TK",
    "TL", "TM", "TN", "TO", "TR", "TT", "TV", "TW", "TZ", "UA", "UG", "UM", "US", "UY", "UZ", "VA", "VC",
    "VE", "VG", "VI", "VN", "VU", "WF", "WS", "XI", "YE", "YT", "ZA", "ZM", "ZW",
})  # fmt: skip
"""Countries that an electronic bill may name; Greek VAT ids begin with EL besides (BR-CL-14, BR-CO-09)."""

SCHEMES: Final = frozenset({
    "0002", "0007", "0009", "0037", "0060", "0088", "0096", "0097", "0106", "0130", "0135", "0142", "0147",
    "0151", "0154", "0158", "0170", "0177", "0183", "0184", "0188", "0190", "0191", "0192", "0193", "0194",
    "0195", "0196", "0198", "0199", "0200", "0201", "0202", "0203", "0204", "0205", "0208", "0209", "0210",
    "0211", "0212", "0213", "0215", "0216", "0217", "0218", "0221", "0225", "0230", "0235", "0240", "0244",
    "0242", "0245", "0246", "0248", "9910", "9913", "9914", "9915", "9918", "9919", "9920", "9922", "9923",
    "9924", "9925", "9926", "9927", "9928", "9929", "9930", "9931", "9932", "9933", "9934", "9935", "9936",
    "9937", "9938", "9939", "9940", "9941", "9942", "9943", "9944", "9945", "9946", "9947", "9948", "9949",
    "9950", "9951", "9952", "9953", "9957", "9959", "AN", "AQ", "AS", "AU", "EM",
})  # fmt: skip
"""Schemes of electronic addresses that CII and UBL both take (BR-CL-25)."""


def e_address_of(told: str, party: Seller | Buyer) -> tuple[str, str]:
    """Return where the party takes electronic bills, and the scheme of that address (BT-34, BT-49).

    `0225:…` and the like name their scheme. Without an address, a French business is reached by its SIREN, a
    Belgian one by the number that its VAT id is made of, one elsewhere by its VAT id; nobody else is.
    """
    told = "".join(told.split())
    if found := SCHEMED.fullmatch(told):
        return found[2], found[1]
    if "@" in told:
        return told, MAIL
    if party.country in AT_HOME and (told or party.siren):
        return told or party.siren, FRENCH_ADDRESS
    scheme, vat_id = VAT_ADDRESSES.get(party.country, ""), told or party.vat_id
    if party.country == "BE" and vat_id:
        return vat_id.removeprefix("BE"), BELGIAN_NUMBER
    return (vat_id, scheme) if scheme and vat_id else ("", "")
