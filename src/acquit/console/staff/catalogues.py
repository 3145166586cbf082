"""Catalogues in the office: versions of a seller, what changed between two, and which services it touches."""

from collections.abc import Mapping
from typing import Final

from acquit.console.listing import LAST, ROWS, key_in, link_with
from acquit.console.staff.seller import NoSuchThing, seller_page, sellers_in
from acquit.console.visit import Page, Visit
from acquit.core.catalogue_difference import Change, differences
from acquit.core.identifiers import CatalogueId, LegalEntityId
from acquit.store import catalogues, planned_changes
from acquit.store.catalogues import Version
from acquit.store.transaction import Transaction

CHANGES: Final[Mapping[Change, tuple[str, str]]] = {
    Change.PLAN_ADDED: ("Plan added", "good"),
    Change.PLAN_REMOVED: ("Plan removed", "bad"),
    Change.NAME: ("Other name", ""),
    Change.OPTIONS: ("Other options", ""),
    Change.PRICE: ("Other price", "warn"),
    Change.PRICE_ADDED: ("Price added", "good"),
    Change.PRICE_REMOVED: ("Price removed", "bad"),
    Change.ENGAGEMENT: ("Other engagement", "warn"),
    Change.PROMOTIONS: ("Other promotions", ""),
}
"""What each change is called, and how it is shown."""

SHOWN_MAX: Final = 500


def show_catalogues(visit: Visit) -> Page:
    """GET /office/catalogues: versions, the latest first; with two named, what changed between them."""
    with visit.snapshot() as tx:
        sellers = sellers_in(visit, tx)
        key = sellers.entity.legal_entity_id
        versions = [each for each in reversed(catalogues.every(tx)) if each.legal_entity_id == key]
        old, new = (_chosen(visit, name, versions) for name in ("from", "to"))
        found, touched = [], {}
        if old is not None and new is not None:
            found = differences(
                catalogues.plans(tx, old.catalogue_id), catalogues.plans(tx, new.catalogue_id)
            )
            touched = _touched(tx, key, [each.plan_code for each in found[:SHOWN_MAX]])
    start = min(key_in(visit, "skip", 0), LAST)
    return seller_page(
        "catalogues.html", visit, sellers,
        versions=versions[start : start + ROWS], choices=versions, old=old, new=new,
        found=found[:SHOWN_MAX], count=len(found), touched=touched, changes=CHANGES,
        more=link_with(visit, skip=start + ROWS) if len(versions) > start + ROWS else "", is_first=start == 0,
    )  # fmt: skip


def _chosen(visit: Visit, name: str, versions: list[Version]) -> Version | None:
    """Return the version of the seller that the address names, None when it names none."""
    wanted = key_in(visit, name, 0)
    if not wanted:
        return None
    for each in versions:
        if each.catalogue_id == CatalogueId(wanted):
            return each
    raise NoSuchThing("There is no such version.")


def _touched(tx: Transaction, key: LegalEntityId, codes: list[str]) -> dict[str, int]:
    """Return how many services that go on have each plan."""
    return planned_changes.count_of_plans(tx, key, sorted(set(codes)))
