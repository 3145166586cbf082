"""What is handed over for Peppol: a UBL document inside the header that names sender, receiver and type.

Source: Peppol Business Message Envelope (SBDH) 2.0; UN/CEFACT Standard Business Document Header 1.3.
"""

from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape

from acquit.documents.xml_tree import NoTree, tree

ENVELOPE: Final = """\
<?xml version="1.0" encoding="UTF-8"?>
<StandardBusinessDocument xmlns="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader">
<StandardBusinessDocumentHeader>
<HeaderVersion>1.0</HeaderVersion>
<Sender><Identifier Authority="iso6523-actorid-upis">{sender}</Identifier></Sender>
<Receiver><Identifier Authority="iso6523-actorid-upis">{receiver}</Identifier></Receiver>
<DocumentIdentification><Standard>{namespace}</Standard><TypeVersion>2.1</TypeVersion>\
<InstanceIdentifier>{key}</InstanceIdentifier><Type>{name}</Type>\
<CreationDateAndTime>{at}</CreationDateAndTime></DocumentIdentification>
<BusinessScope>
<Scope><Type>DOCUMENTID</Type><InstanceIdentifier>{document_type}</InstanceIdentifier>\
<Identifier>busdox-docid-qns</Identifier></Scope>
<Scope><Type>PROCESSID</Type><InstanceIdentifier>{profile}</InstanceIdentifier>\
<Identifier>cenbii-procid-ubl</Identifier></Scope>
<Scope><Type>COUNTRY_C1</Type><InstanceIdentifier>{country}</InstanceIdentifier></Scope>
</BusinessScope>
</StandardBusinessDocumentHeader>
{body}
</StandardBusinessDocument>
"""

NAMESPACE: Final = "urn:oasis:names:specification:ubl:schema:xsd:{name}-2"


class NoUbl(ValueError):
    """The bytes are no UBL document that says what it is."""


def enveloped(
    ubl: bytes, sender: tuple[str, str], receiver: tuple[str, str], key: str, at: datetime, country: str
) -> bytes:
    """Return the document inside its envelope; the document's own bytes are in it unchanged.

    Document type and process are what the document says of itself. Raises NoUbl.
    """
    try:
        root = tree(ubl)
    except NoTree as error:
        raise NoUbl(str(error)) from None
    customization, profile = root.said("CustomizationID"), root.said("ProfileID")
    if root.name not in ("Invoice", "CreditNote") or not customization:
        raise NoUbl("the document is no UBL bill or credit note that names its rules (CustomizationID)")
    namespace = NAMESPACE.format(name=root.name)
    texts = {
        "sender": ":".join(sender),
        "receiver": ":".join(receiver),
        "namespace": namespace,
        "key": key,
        "name": root.name,
        "at": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "document_type": f"{namespace}::{root.name}##{customization}::2.1",
        "profile": profile,
        "country": country,
    }
    body = ubl.decode().removeprefix("\ufeff")
    if body.startswith("<?xml"):
        body = body.partition("?>")[2].lstrip()
    return ENVELOPE.format(**{name: escape(text) for name, text in texts.items()}, body=body).encode()
