"""Which seller a page of the office is about."""

from dataclasses import dataclass

from acquit.console.listing import is_number
from acquit.console.staff.frame import page as office_page
from acquit.console.visit import Page, Visit
from acquit.core.account import LegalEntity, NoSuchLegalEntity
from acquit.core.errors import NotFound, Refusal
from acquit.store import legal_entities
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Sellers:
    """The seller that is looked at, among all."""

    entity: LegalEntity
    every: tuple[LegalEntity, ...]


class NoSuchThing(NotFound):
    """The address names nothing that there is."""

    code = "no-such-thing"


def sellers_in(visit: Visit, tx: Transaction) -> Sellers:
    """Return the seller that the address or the form names, by default the first.

    Raises NoSuchLegalEntity.
    """
    every = tuple(legal_entities.every(tx))
    wanted = visit.form.text("seller") or visit.query.get("seller", "")
    for entity in every:
        if wanted in ("", entity.legal_entity_id):
            return Sellers(entity, every)
    raise NoSuchLegalEntity(wanted[:40] or "none is set up yet")


def seller_page(template: str, visit: Visit, sellers: Sellers, **values: object) -> Page:
    """Return a page of the office about one seller; it loads our script."""
    entity = sellers.entity
    found = office_page(
        template, visit, zone=entity.zone, entity=entity, sellers=sellers,
        seller_query=f"seller={entity.legal_entity_id}", **values,
    )  # fmt: skip
    return Page(found.template, found.values, found.status, script=True)


def scripted(found: Page) -> Page:
    """Return the page as one that loads our script."""
    return Page(found.template, found.values, found.status, script=True)


def number_in(visit: Visit, name: str, missing: type[Refusal] = NoSuchThing) -> int:
    """Return the number in the address. Raises `missing` when it is none."""
    text = visit.path_values[name]
    if not is_number(text):
        raise missing("There is nothing of this number.")
    return int(text)
