"""Factur-X: the PDF/A-3b that people read, with the CII that machines read inside.

Typst attaches the XML; what the file says about itself is added to its XMP, within the one bag of extension
schemas that is there: a second one would break PDF/A. The same paper gives the same bytes on every machine.

Source: Factur-X 1.09, part 6.2 (PDF/A-3, XMP); ISO 19005-3.
"""

from io import BytesIO
from typing import Final

SPACE: Final = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
FILE_NAME: Final = "factur-x.xml"
PROPERTIES: Final = (
    ("DocumentType", "INVOICE", "kind of document, always INVOICE"),
    ("DocumentFileName", FILE_NAME, "name of the embedded XML file"),
    ("Version", "1.0", "version of the Factur-X schema"),
    ("ConformanceLevel", "EN 16931", "profile of the embedded XML file"),
)
END_OF_BAG: Final = b"</rdf:Bag></pdfaExtension:schemas>"
END_OF_TOLD: Final = b"</rdf:Description></rdf:RDF>"


def marked(content: bytes) -> bytes:
    """Return a PDF that carries factur-x.xml, now also saying so in its XMP. Raises AssertionError."""
    import pikepdf  # large, and wanted where papers are made

    with pikepdf.open(BytesIO(content)) as document:
        metadata = document.Root.Metadata
        told = metadata.read_bytes()
        assert told.count(END_OF_BAG) == 1, "the XMP has one bag of extension schemas"
        assert told.count(END_OF_TOLD) == 1, "the XMP has one description"
        told = told.replace(END_OF_BAG, _schema() + END_OF_BAG)
        metadata.write(told.replace(END_OF_TOLD, _properties() + END_OF_TOLD))
        written = BytesIO()
        document.save(
            written,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            fix_metadata_version=False,
            deterministic_id=True,
        )
    return written.getvalue()


def attached(content: bytes) -> bytes | None:
    """Return the factur-x.xml that a PDF carries, None when it carries none or is no PDF."""
    import pikepdf  # large, and rarely wanted

    try:
        with pikepdf.open(BytesIO(content)) as document:
            found = document.attachments.get(FILE_NAME)
            return None if found is None else found.get_file().read_bytes()
    except pikepdf.PdfError:
        return None


def _properties() -> bytes:
    told = "".join(f"<fx:{name}>{value}</fx:{name}>" for name, value, _ in PROPERTIES)
    return f'</rdf:Description><rdf:Description rdf:about="" xmlns:fx="{SPACE}">{told}'.encode()


def _schema() -> bytes:
    told = "".join(
        '<rdf:li rdf:parseType="Resource"><pdfaProperty:category>external</pdfaProperty:category>'
        f"<pdfaProperty:description>{described}</pdfaProperty:description>"
        f"<pdfaProperty:name>{name}</pdfaProperty:name>"
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType></rdf:li>"
        for name, _, described in PROPERTIES
    )
    return (
        '<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X schema</pdfaSchema:schema>'
        f"<pdfaSchema:namespaceURI>{SPACE}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{told}</rdf:Seq></pdfaSchema:property></rdf:li>"
    ).encode()
