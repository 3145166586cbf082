"""Import a published price catalogue."""

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from datetime import date
from typing import Final

from acquit.actions.context import Context
from acquit.actions.loading import date_of
from acquit.core.account import NoSuchLegalEntity
from acquit.core.identifiers import LegalEntityId
from acquit.core.printed_text import refuse_texts
from acquit.core.published_catalogue import CatalogueRefused, read
from acquit.documents.glyphs import missing_glyphs
from acquit.store import acts, catalogues, legal_entities
from acquit.store.catalogues import Version

SIZE_MAX: Final = 256 * 1024 * 1024
GZIP_START: Final = b"\x1f\x8b"
NAME: Final = "main"


@dataclass(frozen=True, slots=True)
class Imported:
    """A version and what is in it; `is_new` is False when the same file was imported before."""

    version: Version
    is_new: bool
    plans: int
    prices: int
    promotions: int
    subsidiary: str


def import_catalogue(
    context: Context,
    content: bytes,
    *,
    by: str,
    legal_entity_id: LegalEntityId,
    name: str = NAME,
    from_on: date | None = None,
) -> Imported:
    """The seller's plans have the prices of this file (gzip or plain) from `from_on` (today) on.

    A seller may sell in several currencies: a version replaces those of its name and currency. Services keep
    the price at which they were subscribed. The same file again changes nothing.

    Raises:
        CatalogueRefused: the file is no catalogue or has wrong places; nothing was written.
        BadText: the name of a plan cannot be printed on a bill.
        NoSuchLegalEntity: there is no such seller.
    """
    text = unpacked(content)
    catalogue = read(text)
    refuse_texts(
        ((f"The name of plan {plan.plan_code}", plan.invoice_name) for plan in catalogue.plans),
        missing_glyphs,
    )
    sha256 = hashlib.sha256(text).hexdigest()
    with context.database.write() as tx:
        entity = legal_entities.find(tx, legal_entity_id)
        if entity is None:
            raise NoSuchLegalEntity(legal_entity_id)
        before = catalogues.same(tx, legal_entity_id, name, sha256)
        version = before or catalogues.insert(
            tx,
            legal_entity_id,
            name,
            catalogue,
            from_on=from_on or date_of(context, entity),
            sha256=sha256,
            content=gzip.compress(text, mtime=0),
            by=by,
        )
        if before is None:
            acts.record(tx, by, "import_catalogue", None, f"catalogue:{version.catalogue_id}", sha256=sha256)
    prices = sum(len(plan.pricings) for plan in catalogue.plans)
    return Imported(
        version, before is None, len(catalogue.plans), prices, catalogue.promotions, catalogue.subsidiary
    )


def unpacked(content: bytes) -> bytes:
    """Return the bytes, unpacked if they are gzip. Raises CatalogueRefused when too large or torn."""
    if not content.startswith(GZIP_START):
        return _bounded(content)
    unpacker = zlib.decompressobj(wbits=31)
    try:
        text = unpacker.decompress(content, SIZE_MAX + 1)
    except zlib.error as error:
        raise CatalogueRefused(f"The file is no whole gzip file ({error}).", place="the file") from None
    if not unpacker.eof and len(text) <= SIZE_MAX:
        raise CatalogueRefused("The gzip file ends too early. Nothing was imported.", place="the file")
    return _bounded(text)


def _bounded(text: bytes) -> bytes:
    if len(text) > SIZE_MAX:
        raise CatalogueRefused(f"The file is longer than {SIZE_MAX // 2**20} MiB.", place="the file")
    return text
